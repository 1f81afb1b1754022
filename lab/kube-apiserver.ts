/** kube-apiserver on loopback: RBAC, a blocking audit log, and an administrator by certificate and by token. */
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createAuthority, type Certificate } from './certificates.ts';
import { httpsGet } from './https.ts';
import { onFreePort, startProcess, waitUntil, type RunningProcess } from './process.ts';

export interface ApiServerOptions {
  readonly program: string;
  readonly dir: string;
  readonly etcdUrl: string;
  /** An AuthenticationConfiguration, as YAML. */
  readonly authenticationConfig?: string;
  readonly extraArgs?: readonly string[];
}

export interface ApiServer extends ApiServerAccess {
  readonly process: RunningProcess;
}

/** How to reach the API server, and what it tells about itself. */
export interface ApiServerAccess {
  /** Base URL. */
  readonly server: string;
  readonly caFile: string;
  readonly caPem: string;
  /** Client certificate of a member of system:masters. */
  readonly adminCertificate: Certificate;
  /** Bearer token of a member of system:masters. */
  readonly adminToken: string;
  /** One event a request, at level Metadata, written before the request is answered. */
  readonly auditLog: string;
  /** `iss` of service account tokens; its discovery documents are served by the API server itself. */
  readonly serviceAccountIssuer: string;
}

const auditPolicy = `apiVersion: audit.k8s.io/v1
kind: Policy
omitStages: [RequestReceived, ResponseStarted, Panic]
rules:
- level: Metadata
`;

/** Starts the API server and waits until it is ready. */
export async function startApiServer(options: ApiServerOptions): Promise<ApiServer> {
  const files = await writeFiles(options);
  return onFreePort(
    (port) => launch(options, files, port),
    (server) =>
      waitUntil('kube-apiserver to be ready', () => isReady(server), {
        timeoutMs: 120_000,
        process: server.process,
      }),
  );
}

interface ApiServerFiles {
  readonly folder: string;
  readonly caPem: string;
  readonly adminCertificate: Certificate;
  readonly adminToken: string;
}

async function writeFiles({
  dir,
  authenticationConfig,
}: ApiServerOptions): Promise<ApiServerFiles> {
  const folder = join(dir, 'kube-apiserver');
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const put = (name: string, text: string): void =>
    writeFileSync(join(folder, name), text, { mode: 0o600 });
  const serving = await createAuthority('lab kube-apiserver CA');
  const clients = await createAuthority('lab kube-apiserver client CA');
  const hosts = ['127.0.0.1', 'localhost', 'kubernetes.default.svc'];
  const certificate = await serving.issue({ commonName: 'kube-apiserver', hosts });
  const serviceAccountKey = generateKeyPairSync('rsa', {
    modulusLength: 2048,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  });
  const adminToken = randomBytes(24).toString('base64url');
  put('ca.crt', serving.certPem);
  put('tls.crt', certificate.certPem);
  put('tls.key', certificate.keyPem);
  put('client-ca.crt', clients.certPem);
  put('service-account.key', serviceAccountKey.privateKey);
  put('service-account.pub', serviceAccountKey.publicKey);
  put('tokens.csv', `${adminToken},admin,admin,"system:masters"\n`);
  put('audit-policy.yaml', auditPolicy);
  if (authenticationConfig !== undefined) put('authentication.yaml', authenticationConfig);
  return {
    folder,
    caPem: serving.certPem,
    adminCertificate: await clients.issue({
      commonName: 'admin',
      organizations: ['system:masters'],
    }),
    adminToken,
  };
}

function launch(options: ApiServerOptions, files: ApiServerFiles, port: number): ApiServer {
  const { program, dir, etcdUrl, authenticationConfig, extraArgs = [] } = options;
  const { folder, caPem, adminCertificate, adminToken } = files;
  const server = `https://127.0.0.1:${port}`;
  const auditLog = join(dir, 'apiserver-audit.log');
  rmSync(auditLog, { force: true });
  const process = startProcess({
    name: 'kube-apiserver',
    command: program,
    args: [
      `--etcd-servers=${etcdUrl}`,
      '--bind-address=127.0.0.1',
      '--advertise-address=127.0.0.1',
      `--secure-port=${port}`,
      `--tls-cert-file=${join(folder, 'tls.crt')}`,
      `--tls-private-key-file=${join(folder, 'tls.key')}`,
      `--client-ca-file=${join(folder, 'client-ca.crt')}`,
      `--token-auth-file=${join(folder, 'tokens.csv')}`,
      '--authorization-mode=Node,RBAC',
      `--service-account-issuer=${server}`,
      `--service-account-key-file=${join(folder, 'service-account.pub')}`,
      `--service-account-signing-key-file=${join(folder, 'service-account.key')}`,
      '--service-cluster-ip-range=10.0.0.0/24',
      '--endpoint-reconciler-type=none', // it refuses to publish a loopback address, every ten seconds
      '--kubelet-preferred-address-types=InternalIP',
      `--audit-policy-file=${join(folder, 'audit-policy.yaml')}`,
      `--audit-log-path=${auditLog}`,
      '--audit-log-mode=blocking',
      ...(authenticationConfig === undefined
        ? []
        : [`--authentication-config=${join(folder, 'authentication.yaml')}`]),
      ...extraArgs,
    ],
    logFile: join(dir, 'kube-apiserver.log'),
    graceMs: 2_000, // an open watch would keep it for a minute
  });
  return {
    server,
    caFile: join(folder, 'ca.crt'),
    caPem,
    adminCertificate,
    adminToken,
    auditLog,
    serviceAccountIssuer: server,
    process,
  };
}

async function isReady({ server, caPem, adminToken }: ApiServer): Promise<boolean> {
  const { status, body } = await httpsGet({
    url: `${server}/readyz`,
    ca: caPem,
    token: adminToken,
  });
  if (status !== 200) throw new Error(`/readyz says ${status}: ${body}`);
  return true;
}
