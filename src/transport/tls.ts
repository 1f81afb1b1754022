// Server credentials that follow their files: a renewed certificate is used for the next
// connection, one that doesn't fit its key is refused and the old one stays.
import { experimental, type ServerCredentials } from '@grpc/grpc-js';
import { createSecureContext } from 'node:tls';
import { errorMessage } from '../lib/error-message.ts';
import type { Logger } from '../lib/logger.ts';
import { watchFiles, type FilesContent, type WatchOptions } from '../lib/watched-file.ts';

export interface TlsOptions extends WatchOptions {
  readonly certFile: string;
  readonly keyFile: string;
  /** When set, a client must present a certificate that this CA signed. */
  readonly clientCAFile?: string | undefined;
  readonly log: Logger;
}

export interface ReloadingCredentials {
  readonly credentials: ServerCredentials;
  stop(): void;
}

interface Update {
  readonly certificate: Buffer;
  readonly privateKey: Buffer;
  readonly caCertificate: Buffer;
}

/** Reads the files and follows them; rejects with a sentence when they can't be used at first. */
export async function createTlsCredentials(options: TlsOptions): Promise<ReloadingCredentials> {
  const { certFile, keyFile, clientCAFile, log } = options;
  const files = [certFile, keyFile, ...(clientCAFile === undefined ? [] : [clientCAFile])];
  let latest: Update | undefined;
  let fault = '';
  const provider = createProvider(() => latest);
  const watched = await watchFiles(files, take, options);
  function take(content: FilesContent): void {
    try {
      latest = toUpdate(content);
      provider.publish(latest);
      log.info({ certFile }, 'TLS certificate read');
    } catch (error) {
      fault = errorMessage(error);
      log.error({ certFile, fault }, 'the TLS files were refused, the old ones stay in use');
    }
  }
  if (!latest) {
    watched.stop();
    throw new Error(`grpc.tls: ${files.join(', ')}: ${fault}`);
  }
  const ca = clientCAFile === undefined ? null : provider;
  return {
    // The first parameter is the certificate's provider, the second the CA's, whatever their names.
    credentials: experimental.createCertificateProviderServerCredentials(provider, ca, ca !== null),
    stop: () => watched.stop(),
  };
}

/** Throws when certificate, key and CA can't be used together. */
function toUpdate(content: FilesContent): Update {
  if (content instanceof Error) throw content;
  const [cert = '', key = '', ca = ''] = content;
  createSecureContext({ cert, key, ...(ca !== '' && { ca }) });
  return {
    certificate: Buffer.from(cert),
    privateKey: Buffer.from(key),
    caCertificate: Buffer.from(ca),
  };
}

interface PublishingProvider extends experimental.CertificateProvider {
  publish(update: Update): void;
}

function createProvider(latest: () => Update | undefined): PublishingProvider {
  const listeners = new Set<(update: Update) => void>();
  const add = (listener: (update: Update) => void): void => {
    listeners.add(listener);
    const update = latest();
    if (update) process.nextTick(listener, update);
  };
  return {
    publish: (update) => {
      for (const listener of listeners) listener(update);
    },
    addCaCertificateListener: add,
    addIdentityCertificateListener: add,
    removeCaCertificateListener: (listener) => void listeners.delete(listener),
    removeIdentityCertificateListener: (listener) => void listeners.delete(listener),
  };
}
