/** Envoy with its real bootstrap and finisher, between a stub of kube-ext-authz and an upstream that remembers. */
import { ServerCredentials } from '@grpc/grpc-js';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseDocument } from 'yaml';
import { createAuthority, type Certificate } from '../../lab/certificates.ts';
import { renderBootstrap, type BootstrapValues } from '../../lab/bootstrap.ts';
import { runEnvoy, type RunningEnvoy } from '../../lab/envoy.ts';
import { provideParts } from '../../lab/parts/provide.ts';
import { startAuthzStub, type AuthzStub, type StubAnswer } from './authz-stub.ts';
import { sendHttp1, sendHttp2, type RawAnswer, type RawRequest } from './raw-client.ts';
import {
  startRecordingUpstream,
  type RecordingUpstream,
  type SeenRequest,
} from './recording-upstream.ts';

type Path = readonly (string | number)[];

/** A setting of the bootstrap and the value it gets instead; undefined: it goes. */
export type Change = readonly [path: Path, value: unknown];

export interface Exchange {
  readonly answer: RawAnswer;
  /** What reached the upstream of this request. */
  readonly upstream: readonly SeenRequest[];
}

export interface ExchangeOptions extends Partial<Pick<RawRequest, 'method' | 'path' | 'lines'>> {
  /** What the stub says; default: what it said to the case of that name before, or a denial. */
  readonly reply?: StubAnswer;
  readonly http2?: boolean;
}

export interface Certificates {
  /** PEM of the authority. */
  readonly ca: string;
  readonly leaf: Certificate;
}

export interface RigOptions {
  readonly changes?: readonly Change[];
  /** How Envoy reaches the stub; tls: with certificates on both sides. */
  readonly link?: AuthzLink;
}

export type AuthzLink = 'tcp' | 'unix' | 'tls';

export interface Rig {
  readonly envoy: RunningEnvoy;
  readonly stub: AuthzStub;
  readonly upstream: RecordingUpstream;
  readonly accessLog: string;
  /** Sends one request; the name must be its own, it tells the requests of a rig apart. */
  exchange(name: string, options: ExchangeOptions): Promise<Exchange>;
  stop(): Promise<void>;
}

const manager: Path = 'static_resources listeners 0 filter_chains 0 filters 0 typed_config'.split(
  ' ',
);

/** Path of a setting of the ext_authz filter. */
export function extAuthz(...setting: Path): Path {
  return [...manager, 'http_filters', 0, 'typed_config', ...setting];
}

/** Path of a setting of the connection manager. */
export function connectionManager(...setting: Path): Path {
  return [...manager, ...setting];
}

/** The finisher with its source edited. */
export function editedFinisher(edit: (source: string) => string): Change {
  const source = readFileSync(new URL('../../envoy/finisher.lua', import.meta.url), 'utf8');
  const code = edit(source);
  if (code === source) throw new Error('the edit of the finisher changes nothing');
  const path = connectionManager('http_filters', 1, 'typed_config', 'default_source_code');
  return [path, { inline_string: code }];
}

/** Path of Envoy, got if need be. */
export async function envoyProgram(): Promise<string> {
  return (await provideParts(['envoy'], () => undefined)).envoy;
}

/** Starts all three; the bootstrap is the real one but for the changes. */
export async function startRig({ changes = [], link = 'tcp' }: RigOptions = {}): Promise<Rig> {
  const dir = mkdtempSync(join(tmpdir(), 'envoy-rig-'));
  const { ca, leaf } = await writeCertificates(dir);
  const upstream = await startRecordingUpstream(leaf);
  const { stub, authz } = await startLinkedStub(link, dir, ca, leaf);
  const file = (name: string): string => join(dir, name);
  const bootstrap = renderBootstrap({
    certFile: file('tls.crt'),
    keyFile: file('tls.key'),
    accessLog: file('access.log'),
    apiServer: { address: '127.0.0.1', port: upstream.port, caFile: file('ca.crt') },
    authz,
  });
  writeFileSync(file('envoy.yaml'), applyChanges(bootstrap, changes));
  const clear = (): void => {
    stub.stop();
    upstream.stop();
    rmSync(dir, { recursive: true });
  };
  try {
    const envoyBin = await envoyProgram();
    const envoy = await runEnvoy({ dir, envoyBin, configFile: file('envoy.yaml') });
    const exchange = createExchange({ envoy, stub, upstream, ca });
    const stop = (): Promise<void> => envoy.stop().then(clear);
    return { envoy, stub, upstream, accessLog: file('access.log'), exchange, stop };
  } catch (error) {
    clear(); // a server that listens would keep the test run from ending
    throw error;
  }
}

/** Writes ca.crt, tls.crt and tls.key: one certificate for everybody, on both ends of every connection. */
export async function writeCertificates(dir: string): Promise<Certificates> {
  const authority = await createAuthority('rig CA');
  const leaf = await authority.issue({ commonName: 'rig', hosts: ['127.0.0.1', 'localhost'] });
  writeFileSync(join(dir, 'ca.crt'), authority.certPem);
  writeFileSync(join(dir, 'tls.crt'), leaf.certPem);
  writeFileSync(join(dir, 'tls.key'), leaf.keyPem);
  return { ca: authority.certPem, leaf };
}

async function startLinkedStub(
  link: AuthzLink,
  dir: string,
  ca: string,
  leaf: Certificate,
): Promise<{ readonly stub: AuthzStub; readonly authz: BootstrapValues['authz'] }> {
  if (link === 'unix') {
    const pipe = join(dir, 'authz.sock');
    return {
      stub: await startAuthzStub({ address: `unix:${pipe}` }),
      authz: { endpoints: [{ pipe }] },
    };
  }
  const certificates = [
    { cert_chain: Buffer.from(leaf.certPem), private_key: Buffer.from(leaf.keyPem) },
  ];
  const credentials = ServerCredentials.createSsl(Buffer.from(ca), certificates, true);
  const stub = await startAuthzStub(link === 'tls' ? { credentials } : {});
  const endpoints = [{ address: '127.0.0.1', port: stub.port }];
  const [certFile, keyFile] = [join(dir, 'tls.crt'), join(dir, 'tls.key')];
  const tls = { caFile: join(dir, 'ca.crt'), serverName: 'localhost', certFile, keyFile };
  return { stub, authz: { endpoints, ...(link === 'tls' && { tls }) } };
}

function createExchange({
  envoy,
  stub,
  upstream,
  ca,
}: Pick<Rig, 'envoy' | 'stub' | 'upstream'> & Pick<Certificates, 'ca'>): Rig['exchange'] {
  return async (name, { reply, http2 = false, lines = [], ...request }) => {
    if (reply !== undefined) stub.answer(name, reply);
    const send = http2 ? sendHttp2 : sendHttp1;
    const answer = await send({
      ...request,
      url: envoy.url,
      ca,
      lines: [['x-case', name], ...lines],
    });
    return { answer, upstream: upstream.seen(name) };
  };
}

/** Sets or deletes settings of a YAML text. */
export function applyChanges(yaml: string, changes: readonly Change[]): string {
  const document = parseDocument(yaml);
  for (const [path, value] of changes) {
    if (value === undefined) document.deleteIn(path);
    else document.setIn(path, value);
  }
  return document.toString();
}
