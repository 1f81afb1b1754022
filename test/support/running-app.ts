/** The server inside the test's own process, configured by a real file, with an issuer over TLS. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stringify } from 'yaml';
import type { Issuer } from '../../lab/issuer.ts';
import { waitUntil } from '../../lab/wait.ts';
import { startApp, type App, type ReloadTiming } from '../../src/app.ts';
import { loadConfig } from '../../src/config/load.ts';
import type { Logger } from '../../src/lib/logger.ts';
import type { KeyTiming } from '../../src/token/issuer-keys.ts';
import { connectCheckClient, type CheckClient } from './check-client.ts';

export const ownToken = 'own-token-of-the-proxy';

export interface AppOptions {
  readonly issuers: readonly Issuer[];
  /** Set over a whole jwt entry. */
  readonly entry?: Readonly<Record<string, unknown>>;
  /** Set over the configuration file. */
  readonly config?: Readonly<Record<string, unknown>>;
  /** What the token file holds; undefined: it is not there. */
  readonly token?: string | undefined;
  /** Of issuers' keys, set over what makes tests quick. */
  readonly timing?: KeyTiming;
  /** Default: the server's own. */
  readonly reloadTiming?: ReloadTiming;
}

export interface RunningApp {
  readonly app: App;
  readonly client: CheckClient;
  readonly tokenFile: string;
  readonly configFile: string;
  /** The audit events so far. */
  events(): readonly Readonly<Record<string, unknown>>[];
  /** Everything logged so far, as text. */
  readonly logged: () => string;
  readyz(): Promise<{ readonly status: number; readonly text: string }>;
  readonly stop: () => Promise<void>;
}

/** Starts the server on free ports and returns once every first discovery has ended. */
export async function startRunningApp({
  issuers,
  entry = {},
  config = {},
  ...rest
}: AppOptions): Promise<RunningApp> {
  const dir = mkdtempSync(join(tmpdir(), 'running-app-'));
  const tokenFile = join(dir, 'token');
  const token = 'token' in rest ? rest.token : ownToken;
  if (token !== undefined) writeFileSync(tokenFile, token);
  const configFile = join(dir, 'config.yaml');
  writeFileSync(
    configFile,
    stringify({
      apiVersion: 'kube-ext-authz.dev/v1alpha1',
      kind: 'Configuration',
      grpc: { address: '127.0.0.1:0', drainPeriod: '0s' },
      admin: { address: '127.0.0.1:0' },
      kubernetes: { token: { file: 'token' } },
      jwt: issuers.map((issuer, index) => ({ ...jwtEntry(issuer, `issuer-${index}`), ...entry })),
      audit: [{ format: 'json', path: 'audit.log' }],
      ...config,
    }),
  );
  const lines: string[] = [];
  const log = (fields: object, message: string): void =>
    void lines.push(JSON.stringify({ ...fields, message }));
  const logger: Logger = { debug: log, info: log, warn: log, error: log };
  const app = await startApp(loadConfig(configFile), logger, {
    timing: { retryMs: 50, cooldownMs: 50, ...rest.timing },
    ...(rest.reloadTiming && { reloadTiming: rest.reloadTiming }),
    reread: () => loadConfig(configFile),
  });
  const client = connectCheckClient(app.grpcAddress);
  const readyz = (): ReturnType<RunningApp['readyz']> => fetchText(`${app.adminURL}/readyz`);
  await waitUntil('every first discovery to end', async () => {
    const { text } = await readyz();
    return !text.includes('the first attempt has not ended');
  });
  const stop = async (): Promise<void> => {
    client.close();
    await app.stop();
    rmSync(dir, { recursive: true });
  };
  return {
    app,
    client,
    tokenFile,
    configFile,
    events: () => readEvents(join(dir, 'audit.log')),
    logged: () => lines.join('\n'),
    readyz,
    stop,
  };
}

/** A jwt entry for an issuer of the lab, with every kind of mapping. */
export function jwtEntry({ url, caPem }: Pick<Issuer, 'url' | 'caPem'>, name: string): object {
  return {
    name,
    issuer: { url, audiences: ['kubernetes'], certificateAuthority: caPem },
    claimMappings: {
      username: { claim: 'sub', prefix: '' },
      groups: { claim: 'groups', prefix: '' },
      uid: { claim: 'uid' },
      extra: [{ key: 'example.com/team', valueExpression: 'claims.team' }],
    },
  };
}

export async function fetchText(url: string): Promise<{ status: number; text: string }> {
  const answer = await fetch(url);
  return { status: answer.status, text: await answer.text() };
}

function readEvents(file: string): readonly Readonly<Record<string, unknown>>[] {
  const lines = readFileSync(file, 'utf8').split('\n').slice(0, -1);
  return lines.map((line) => {
    const event: unknown = JSON.parse(line);
    return typeof event === 'object' && event !== null ? { ...event } : {};
  });
}
