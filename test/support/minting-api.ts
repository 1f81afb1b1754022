/** TokenRequests as a fake API server answers them: each token tells whose it is. */
import { answerJson, type Answerer } from './fake-api-server.ts';
import { refusal } from './minted-accounts.ts';

const tokenPath = /^\/api\/v1\/namespaces\/([^/]+)\/serviceaccounts\/([^/]+)\/token$/;

let minted = 0;

/** Gives out another token for each question, good for so long; anything else is an error. */
export function mint(seconds: number): Answerer {
  return ({ url }, response) => {
    const account = accountIn(url);
    if (account === '') return answerJson(response, 500, {});
    const [begin, end] = [0, seconds].map((at) => new Date(Date.now() + at * 1000).toISOString());
    const token = `eyJ.minted-for/${account}/${(minted += 1)}`;
    return answerJson(response, 201, {
      kind: 'TokenRequest',
      apiVersion: 'authentication.k8s.io/v1',
      metadata: { creationTimestamp: begin },
      status: { token, expirationTimestamp: end },
    });
  };
}

/** Refuses as kube-apiserver does for lack of a permission. */
export const mintNothing: Answerer = (_, response) =>
  answerJson(
    response,
    403,
    refusal(403, 'User "proxy" cannot create resource "serviceaccounts/token" in API group ""'),
  );

/** `NAMESPACE/NAME` of a TokenRequest's path; empty for any other path. */
export function accountIn(url: string): string {
  const [, namespace, name] = tokenPath.exec(url) ?? [];
  return namespace === undefined ? '' : `${namespace}/${name}`;
}

/** Whose minted token an Authorization header holds; empty when it holds none. */
export function accountOfBearer(authorization = ''): string {
  return /^Bearer eyJ\.minted-for\/([^/]+\/[^/]+)\/\d+$/.exec(authorization)?.[1] ?? '';
}
