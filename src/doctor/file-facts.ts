// What the files are like that a configuration names: who may read them, how long certificates last.
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import type { Config, JwtConfig } from '../config/config.ts';
import { errorMessage } from '../lib/error-message.ts';
import { parsePublicKeys } from '../lib/public-keys.ts';
import type { Path } from './field.ts';
import { configField, entryPath, type CertificateFact, type FileFact } from './installation.ts';

interface Named {
  readonly path: Path;
  readonly file: string;
  readonly holds: FileFact['holds'];
}

/** The kubelet's own volumes are only in the Pod, with modes of its choice. */
const podFiles = '/var/run/secrets/';

/** Files that aren't there are left out: whoever reads them says so. */
export async function fileFacts(config: Config, ownEntries: number): Promise<readonly FileFact[]> {
  const named = namedFiles(config, ownEntries).filter(({ file }) => !file.startsWith(podFiles));
  const facts = await Promise.all(
    named.map(async ({ path, file, holds }) => {
      const found = await stat(file).catch(() => undefined);
      if (!found) return [];
      const field = configField(...path);
      return [{ field, file, holds, mode: found.mode & 0o777, changedAt: found.mtimeMs }];
    }),
  );
  return facts.flat();
}

function namedFiles(config: Config, ownEntries: number): readonly Named[] {
  const { kubernetes, grpc, jwt, files } = config;
  const { tls } = grpc;
  return [
    ...files.map((file) => ({ path: [], file, holds: 'other' as const })),
    ...secret(['kubernetes', 'kubeconfig'], kubernetes.kubeconfig),
    ...secret(
      ['kubernetes', 'token', 'file'],
      'file' in kubernetes.token ? kubernetes.token.file : undefined,
    ),
    ...secret(['grpc', 'tls', 'keyFile'], tls?.keyFile),
    ...jwt.flatMap((entry) => {
      const issuer = [...entryPath(config, entry, ownEntries), 'issuer'];
      return [
        ...secret([...issuer, 'discoveryTokenFile'], entry.issuer.discoveryTokenFile),
        ...keyFiles(entry, issuer),
      ];
    }),
  ];
}

function secret(path: Path, file: string | undefined): readonly Named[] {
  return file === undefined ? [] : [{ path, file, holds: 'secret' }];
}

function keyFiles({ issuer }: JwtConfig, path: Path): readonly Named[] {
  return (issuer.keys ?? []).flatMap((source, index) =>
    'file' in source
      ? [{ path: [...path, 'keys', index], file: source.file, holds: 'key' as const }]
      : [],
  );
}

/** Certificates of issuers and of the gRPC door. */
export async function certificateFacts(
  config: Config,
  ownEntries: number,
): Promise<readonly CertificateFact[]> {
  const issuers = config.jwt.map((entry) =>
    issuerCertificates(entry, [...entryPath(config, entry, ownEntries), 'issuer']),
  );
  return (await Promise.all([...issuers, serverCertificate(config)])).flat();
}

async function issuerCertificates(
  { issuer }: JwtConfig,
  path: Path,
): Promise<readonly CertificateFact[]> {
  const facts = (issuer.keys ?? []).map(
    async (source, index): Promise<readonly CertificateFact[]> => {
      if ('jwks' in source) return [];
      const field = configField(...path, 'keys', index);
      try {
        const keys = parsePublicKeys(
          'pem' in source ? source.pem : await readFile(source.file, 'utf8'),
        );
        return keys.flatMap(({ validTo }) =>
          validTo === undefined
            ? []
            : [{ field, of: 'issuer' as const, validTo, fault: undefined }],
        );
      } catch {
        return []; // the configuration was refused for it, or the file has just gone
      }
    },
  );
  return (await Promise.all(facts)).flat();
}

async function serverCertificate({ grpc: { tls } }: Config): Promise<readonly CertificateFact[]> {
  if (!tls) return [];
  const field = configField('grpc', 'tls', 'certFile');
  try {
    const certificate = new X509Certificate(await readFile(tls.certFile));
    const key = createPrivateKey(await readFile(tls.keyFile));
    const fault = certificate.checkPrivateKey(key) ? undefined : 'the private key is not its own';
    return [{ field, of: 'server', validTo: certificate.validToDate.getTime(), fault }];
  } catch (error) {
    const fault = `it can't be used: ${errorMessage(error)}`;
    return [{ field, of: 'server', validTo: Infinity, fault }];
  }
}
