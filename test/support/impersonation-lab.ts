/** A cluster with many grants, and every request sent twice: straight to its API server, and through Envoy and us. */
import { readFileSync } from 'node:fs';
import { Agent, request as httpsRequest } from 'node:https';
import { apply, createServiceAccountToken } from '../../lab/kube.ts';
import type { Quickstart } from '../../lab/quickstart.ts';
import { waitUntil } from '../../lab/process.ts';
import { createPod, createPodToken } from './cluster-pods.ts';
import type { Answer } from './impersonation-answer.ts';
import type { Case, Requester } from './impersonation-case.ts';
import {
  accounts,
  ownAccountManifests,
  worldManifests,
  type Account,
} from './impersonation-manifests.ts';
import { team } from './impersonation-world.ts';
import { startTemporaryQuickstart } from './temporary-quickstart.ts';

export interface Exchange {
  readonly straight: Answer;
  readonly through: Answer;
}

export interface ImpersonationLab {
  readonly quickstart: Quickstart;
  readonly tokenOf: (requester: Requester) => Promise<string>;
  /** Sends it both ways; `mark` tells it from all others in the audit logs. */
  readonly ask: (one: Case, mark: string) => Promise<Exchange>;
  readonly stop: () => Promise<void>;
}

export interface LabOptions {
  /** The feature gate ConstrainedImpersonation, and our own setting. */
  readonly constrained: boolean;
  readonly atOnce: number;
}

/** Starts both, and waits until the API server knows of every grant. */
export async function startImpersonationLab(options: LabOptions): Promise<ImpersonationLab> {
  const { constrained, atOnce } = options;
  await using started = new AsyncDisposableStack();
  const settings = { impersonation: { constrained }, tokenReview: { audiences: [] } };
  const apiServerArgs = [`--feature-gates=ConstrainedImpersonation=${constrained}`];
  const quickstart = started.adopt(
    await startTemporaryQuickstart({ nativeTokens: true, apiServerArgs, settings }),
    (one) => one.stop(),
  );
  const { cluster, files, issuer, envoy } = quickstart;
  await apply(cluster, [...worldManifests(), ...ownAccountManifests()]);
  const accountTokens = new Map([
    ['ourselves', readFileSync(files.serverToken, 'utf8').trim()],
    ...(await makeAccountTokens(quickstart)),
  ]);
  const ca = readFileSync(files.ca, 'utf8');
  const agent = started.adopt(new Agent({ ca, keepAlive: true, maxSockets: 2 * atOnce }), (one) =>
    one.destroy(),
  );
  const tokenOf = async (requester: Requester): Promise<string> => {
    if ('account' in requester) return accountTokens.get(requester.account) ?? 'nobody-knows-it';
    const { name: sub, may, uid = '', team: teams = [] } = requester;
    return issuer.mint({ sub, uid, team: teams, groups: [...may] });
  };
  const ask: ImpersonationLab['ask'] = async (one, mark) => {
    const token = await tokenOf(one.requester);
    const sent = { agent, token, one, mark };
    const [straight, through] = await Promise.all([
      send('straight', cluster.server, sent),
      send('through', envoy.url, sent),
    ]);
    return { straight, through };
  };
  await seeGrants(ask);
  const everything = started.move();
  return {
    quickstart,
    tokenOf,
    ask,
    stop: () => everything.disposeAsync(),
  };
}

/** RBAC learns of the objects in no certain order: one by one, every grant that was applied must count. */
async function seeGrants(ask: ImpersonationLab['ask']): Promise<void> {
  let attempt = 0;
  const worksAs = async (lines: Case['lines'], requester: Requester): Promise<boolean> => {
    attempt += 1;
    const request = { method: 'GET', path: '/livez' };
    const { straight, through } = await ask({ requester, lines, request }, `start-${attempt}`);
    return straight.status === 200 && through.status === 200;
  };
  const name = 'first';
  const lines = [
    ['Impersonate-User', 'bob'],
    ['Impersonate-Group', 'dev'],
    ['Impersonate-Uid', '1'],
    ['Impersonate-Extra-example.com%2fteam', 'blue'],
  ] as const;
  const may = ['users', 'groups', 'uids', 'all of authentication'] as const;
  await waitUntil('the grants to count', () => worksAs(lines, { name, may }));
  for (const last of ['public', `system:serviceaccount:${team}:public`]) {
    await waitUntil('the last ones to count', () =>
      worksAs([['Impersonate-User', last]], { name, may: [] }),
    );
  }
  await waitUntil('tokens of accounts to be taken', () =>
    worksAs([['Impersonate-User', 'bob']], { account: 'deputy' }),
  );
}

async function makeAccountTokens({
  cluster,
}: Quickstart): Promise<readonly (readonly [string, string])[]> {
  const made = Object.entries<Account>(accounts).map(async ([account, { namespace, node }]) => {
    if (node === undefined) {
      return [account, await createServiceAccountToken(cluster, namespace, account)] as const;
    }
    const pod = { name: `${account}-pod`, account, node };
    await createPod(cluster, pod);
    return [account, await createPodToken(cluster, pod)] as const;
  });
  return Promise.all(made);
}

interface Sent {
  readonly agent: Agent;
  readonly token: string;
  readonly one: Case;
  readonly mark: string;
}

/** Every header line as it is given, text as UTF-8; the audit log tells the ways apart by the user agent. */
function send(way: keyof Exchange, server: string, sent: Sent): Promise<Answer> {
  const { agent, token, one, mark } = sent;
  const { lines, request } = one;
  const body = request.body === undefined ? '' : JSON.stringify(request.body);
  const query = request.path.includes('?') ? '&' : '?';
  const url = new URL(`${server}${request.path}${query}${marker}=${mark}`);
  const headers = [
    ['Host', url.host],
    ['Authorization', `Bearer ${token}`],
    ['Accept', 'application/json'],
    ['User-Agent', way],
    ...(body === '' ? [] : [['Content-Type', 'application/json']]),
    ...(body === '' ? [] : [['Content-Length', String(Buffer.byteLength(body))]]),
    ...lines,
  ].flat();
  const asBytes = headers.map((text) => Buffer.from(text, 'utf8').toString('latin1'));
  return new Promise((resolve, reject) => {
    const options = { method: request.method, agent, headers: asBytes, timeout: 30_000 };
    const outgoing = httpsRequest(url, options, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
      response.on('error', reject).on('end', () => {
        const { statusCode: status = 0, headers: answered } = response;
        const reason = String(answered['x-kube-ext-authz-reason'] ?? '');
        resolve({ status, reason, body: text });
      });
    });
    outgoing.on('timeout', () => outgoing.destroy(new Error(`no answer to ${mark}`)));
    // Text would be sent together with the head, whose bytes would then be encoded once more.
    outgoing.on('error', reject).end(Buffer.from(body));
  });
}

const marker = 'impersonation-case';

/** Of the request target; '' when it is none of these requests. */
export function markOf(target: string): string {
  return new URLSearchParams(target.replace(/^[^?]*/, '')).get(marker) ?? '';
}
