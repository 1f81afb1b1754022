/** Writes kubeconfig files for one cluster and one user. */
import { stringify } from 'yaml';
import type { Certificate } from './certificates.ts';
import { replaceFile } from './replace-file.ts';

export interface KubeconfigOptions {
  readonly file: string;
  /** Base URL. */
  readonly server: string;
  readonly caFile: string;
  readonly token?: string;
  readonly tokenFile?: string;
  readonly clientCertificate?: Certificate;
  readonly user?: string;
}

/** Writes the file, readable by its owner only; it may be rewritten while others read it. */
export function writeKubeconfig(options: KubeconfigOptions): void {
  const { file, server, caFile, user = 'user' } = options;
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'lab', cluster: { server, 'certificate-authority': caFile } }],
    users: [{ name: user, user: credentials(options) }],
    contexts: [{ name: 'lab', context: { cluster: 'lab', user } }],
    'current-context': 'lab',
  };
  replaceFile(file, stringify(config));
}

function credentials({ token, tokenFile, clientCertificate }: KubeconfigOptions): object {
  return {
    ...(token !== undefined && { token }),
    ...(tokenFile !== undefined && { tokenFile }),
    ...(clientCertificate && {
      'client-certificate-data': base64(clientCertificate.certPem),
      'client-key-data': base64(clientCertificate.keyPem),
    }),
  };
}

function base64(text: string): string {
  return Buffer.from(text).toString('base64');
}
