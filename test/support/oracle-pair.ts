/** One real kube-apiserver and our server in this process, given the very same file, each asked whom a token proves. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { Agent, request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { startEtcd } from '../../lab/etcd.ts';
import { startApiServer, type ApiServer } from '../../lab/kube-apiserver.ts';
import { provideParts } from '../../lab/parts/provide.ts';
import { waitUntil } from '../../lab/wait.ts';
import { startRunningApp, type RunningApp } from './running-app.ts';

export interface UserInfo {
  readonly username: string;
  readonly uid: string;
  readonly groups: readonly string[];
  readonly extra: Readonly<Record<string, readonly string[]>>;
}

/** Who a token proves, or why it proves nobody. */
export type Answer = { readonly user: UserInfo } | { readonly refused: string };

export interface OraclePair {
  /** kube-apiserver's answer to a SelfSubjectReview. */
  askKube(token: string): Promise<Answer>;
  /** Ours to a Check; a 503 is a refusal only for whom it `mayFail`. */
  askOurs(token: string, mayFail?: boolean): Promise<Answer>;
  readonly stop: () => Promise<void>;
}

/** Starts both with an AuthenticationConfiguration; resolves when `ready` says so. */
export async function startOraclePair(
  authenticationConfig: string,
  ready: () => boolean,
): Promise<OraclePair> {
  const dir = mkdtempSync(join(tmpdir(), 'oracle-'));
  const stops: (() => Promise<void> | void)[] = [() => rmSync(dir, { recursive: true })];
  const stop = async (): Promise<void> => {
    for (const one of stops.toReversed()) await one();
  };
  try {
    const parts = await provideParts(['etcd', 'kube-apiserver'], () => undefined);
    const etcd = await startEtcd(parts.etcd, dir);
    stops.push(() => etcd.process.stop());
    const program = parts['kube-apiserver'];
    // Whoever a token proves may ask who that is.
    const extraArgs = ['--authorization-mode=AlwaysAllow'];
    const options = { program, dir, etcdUrl: etcd.url, authenticationConfig, extraArgs };
    const kube = await startApiServer(options);
    stops.push(() => kube.process.stop());
    const configFile = join(dir, 'kube-apiserver', 'authentication.yaml');
    const authentication = { configFile, allowReservedNames: true };
    const ours = await startRunningApp({ issuers: [], config: { authentication } });
    stops.push(ours.stop);
    await waitUntil('both to know the issuers', ready);
    const agent = new Agent({ ca: kube.caPem, keepAlive: true, maxSockets: 8 });
    stops.push(() => agent.destroy());
    return {
      askKube: (token) => askKube(kube, agent, token),
      askOurs: (token, mayFail = false) => askOurs(ours, token, mayFail),
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

const review = z.object({
  status: z.object({
    userInfo: z.object({
      username: z.string().default(''),
      uid: z.string().default(''),
      groups: z.array(z.string()).default([]),
      extra: z.record(z.string(), z.array(z.string())).default({}),
    }),
  }),
});

function askKube({ server }: ApiServer, agent: Agent, token: string): Promise<Answer> {
  const url = `${server}/apis/authentication.k8s.io/v1/selfsubjectreviews`;
  const body = { apiVersion: 'authentication.k8s.io/v1', kind: 'SelfSubjectReview' };
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
  return new Promise((resolve, reject) => {
    const outgoing = request(
      url,
      { method: 'POST', agent, headers, timeout: 30_000 },
      (response) => {
        let text = '';
        response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
        response.on('error', reject).on('end', () => {
          const { statusCode } = response;
          if (statusCode === 401) return resolve({ refused: '401' });
          if (statusCode !== 201)
            return reject(new Error(`kube-apiserver says ${statusCode}: ${text}`));
          return resolve({ user: review.parse(JSON.parse(text)).status.userInfo });
        });
      },
    );
    outgoing.on('timeout', () => outgoing.destroy(new Error('kube-apiserver did not answer')));
    outgoing.on('error', reject).end(JSON.stringify(body));
  });
}

const metadata = z.object({ headers: z.record(z.string(), z.array(z.string())) });

async function askOurs({ client }: RunningApp, token: string, mayFail: boolean): Promise<Answer> {
  const lines = [['authorization', `Bearer ${token}`]] as const;
  const reply = await client.check({ lines, timeoutMs: 30_000 });
  if (reply.status !== 200) {
    // A 503 would be a fault of ours, not a verdict on the token.
    const verdicts = mayFail ? [401, 403, 503] : [401, 403];
    assert.ok(verdicts.includes(reply.status), `${reply.status}: ${reply.body}`);
    return { refused: `${reply.reason}: ${reply.body}` };
  }
  const { headers } = metadata.parse(reply.metadata);
  const prefix = 'impersonate-extra-';
  const extra = Object.entries(headers).flatMap(([name, values]) =>
    name.startsWith(prefix)
      ? [[decodeURIComponent(name.slice(prefix.length)), values] as const]
      : [],
  );
  const user = {
    username: headers['impersonate-user']?.[0] ?? '',
    uid: headers['impersonate-uid']?.[0] ?? '',
    groups: headers['impersonate-group'] ?? [],
    extra: Object.fromEntries(extra),
  };
  return { user };
}
