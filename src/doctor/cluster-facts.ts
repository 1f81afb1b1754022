// What the API server says of our own account: whether it can be asked, its clock, and what the
// account may do. Two credentials count: that of reviews, and the token that goes upstream.
import { request } from 'undici';
import { readFile } from 'node:fs/promises';
import type { Config } from '../config/config.ts';
import { createKubeClient, type KubeClient } from '../kube/client.ts';
import { createClusterAccess, type ClusterAccess } from '../kube/cluster-access.ts';
import { createConnections } from '../kube/connections.ts';
import { requestToken } from '../kube/token-request.ts';
import { errorMessage } from '../lib/error-message.ts';
import { refusals } from './permission-facts.ts';
import { configField, type ApiServerFact, type OwnTokenFact } from './installation.ts';
import { claimsOf, numberClaim } from './token-facts.ts';

export interface ClusterFacts {
  readonly ownToken: OwnTokenFact;
  readonly apiServer: ApiServerFact;
}

const patienceMs = 10_000;

/** Asks the API server; what it doesn't answer is a fault among the facts. */
export async function clusterFacts(config: Config): Promise<ClusterFacts> {
  const access = createClusterAccess(config.kubernetes.kubeconfig);
  const client = createKubeClient(access);
  const field = configField('kubernetes', 'kubeconfig');
  try {
    const clock = await readClock(access);
    const own = await ownToken(config, client);
    const apiServer = {
      field,
      ...clock,
      refused:
        clock.fault === undefined
          ? await refusals(config, { client, access, token: own.token })
          : [],
    };
    return { ownToken: factOf(config, own), apiServer };
  } finally {
    client.stop();
  }
}

interface OwnToken {
  readonly token: string | undefined;
  readonly fault: string | undefined;
}

async function ownToken({ kubernetes }: Config, client: KubeClient): Promise<OwnToken> {
  try {
    if ('file' in kubernetes.token)
      return readOwnToken(await readFile(kubernetes.token.file, 'utf8'));
    const { account, ...terms } = kubernetes.token.tokenRequest;
    const asked = { ...account, ...terms };
    const { token } = await requestToken(client, asked, AbortSignal.timeout(patienceMs));
    return { token, fault: undefined };
  } catch (error) {
    return { token: undefined, fault: errorMessage(error) };
  }
}

function readOwnToken(text: string): OwnToken {
  const token = text.trim();
  const isToken = /^[A-Za-z0-9._~+/-]+=*$/.test(token);
  return isToken
    ? { token, fault: undefined }
    : { token: undefined, fault: 'the file holds no bearer token' };
}

function factOf({ kubernetes }: Config, { token, fault }: OwnToken): OwnTokenFact {
  const [name] = Object.keys(kubernetes.token);
  const claims = claimsOf(token ?? '');
  return {
    field: configField('kubernetes', 'token', name ?? 'file'),
    fault,
    issuedAt: numberClaim(claims, 'iat'),
    expiry: numberClaim(claims, 'exp'),
  };
}

/** Any answer has a Date, a refusal too. */
async function readClock(access: ClusterAccess): Promise<Pick<ApiServerFact, 'fault' | 'skewMs'>> {
  const connections = createConnections({
    maxBytes: 1024 * 1024,
    maxConnections: 1,
    pingIntervalMs: 2_000,
  });
  try {
    const { server, options, headers } = await access.connection();
    const dispatcher = connections.forOptions(options);
    const before = Date.now();
    const signal = AbortSignal.timeout(patienceMs);
    const answer = await request(`${server}/version`, { dispatcher, headers, signal });
    await answer.body.dump();
    const date = Date.parse(String(answer.headers['date']));
    if (answer.statusCode === 401) return { fault: 'it does not take the credential (401)' };
    // The header has whole seconds: half of one is the likeliest rest.
    const skewMs = date + 500 - (before + Date.now()) / 2;
    return { fault: undefined, ...(Number.isFinite(skewMs) && { skewMs }) };
  } catch (error) {
    return { fault: errorMessage(error) || 'there is no answer' };
  } finally {
    connections.stop();
  }
}
