// Asks the API server for tokens of service accounts (TokenRequest, authentication.k8s.io/v1): they
// live as short as one likes, and are stored nowhere.
import { isDNSLabel, isDNSSubdomain } from '../lib/domain-prefixed-path.ts';
import { errorMessage } from '../lib/error-message.ts';
import type { KubeAnswer, KubeClient } from './client.ts';
import type { MintedToken, TokenAccount } from './token-account.ts';
import { readTokenAnswer, tokenTerms } from './token-answer.ts';
import { noToken } from './token-faults.ts';

export type { MintedToken, TokenAccount } from './token-account.ts';

/**
 * A new token. Rejects with Denial `credential_unavailable` when there is none: its message says what
 * to do, its cause what the API server said; neither holds a token. `now`: milliseconds since 1970.
 */
export async function requestToken(
  client: KubeClient,
  account: TokenAccount,
  signal: AbortSignal,
  now: () => number = Date.now,
): Promise<MintedToken> {
  const path = pathOf(account);
  const askedAt = now(); // no later than its life begins
  const answer = await post(client, path, account, signal);
  return readTokenAnswer(answer, account, askedAt);
}

/** A name that is none could lead elsewhere: `..` is taken out of a URL, and a segment with it. */
function pathOf(account: TokenAccount): string {
  const { namespace, name } = account;
  if (!isDNSLabel(namespace) || !isDNSSubdomain(name)) {
    throw noToken(account, 'that is no name of a service account');
  }
  return `/api/v1/namespaces/${namespace}/serviceaccounts/${name}/token`;
}

async function post(
  client: KubeClient,
  path: string,
  account: TokenAccount,
  signal: AbortSignal,
): Promise<KubeAnswer> {
  try {
    return await client.post(path, { ...tokenTerms, spec: specOf(account) }, signal);
  } catch (error) {
    const why = signal.aborted
      ? 'the API server did not answer in time; try again later'
      : "the API server can't be asked at the moment; try again later";
    throw noToken(account, why, errorMessage(error));
  }
}

function specOf({ audiences, expirationSeconds, boundPod }: TokenAccount): object {
  const pod = { kind: 'Pod', apiVersion: 'v1', name: boundPod?.name, uid: boundPod?.uid };
  return { audiences, expirationSeconds, ...(boundPod && { boundObjectRef: pod }) };
}
