// As whom the request goes upstream, with which credential and by which header lines.
import { refuseImpersonation } from '../decision/refusals.ts';
import { toMutations } from '../decision/mutations.ts';
import { accountIdentity } from '../identity/service-account.ts';
import type { Identity } from '../identity/identity.ts';
import { withConfiguredExtra } from '../impersonation/own-extra.ts';
import type { KubeRequest } from '../request/request.ts';
import type { Proof } from '../token/verifier.ts';
import type { Recorder } from './recorder.ts';
import type { Upstream } from './trace.ts';
import type { World } from './world.ts';

/** In the place of the address that Envoy sees. */
const clientAddress = "<the client's address>";

/** `asWhom` is who was found for a request that impersonates. Rejects as the server would. */
export async function traceUpstream(
  proof: Proof,
  asWhom: Identity,
  world: World,
  recorder: Recorder,
): Promise<Upstream> {
  const { actAs } = proof;
  const identity =
    actAs === 'impersonate'
      ? withConfiguredExtra(asWhom, world.ownExtra, clientAddress)
      : proof.account && accountIdentity(proof.account.account);
  const own = await traceCredential(proof, world, recorder);
  const outbound = identity ?? own;
  return recorder.take({
    step: 'headers',
    work: () => ({ actAs, identity: outbound, headers: linesOf(proof, outbound) }),
    says: ({ headers }) => `${headers.length} lines take the place of the client's own`,
  });
}

/** A request of a service account can't ask to be somebody else. */
export function traceAccountRequest(request: KubeRequest, recorder: Recorder): Promise<void> {
  return recorder.take({
    step: 'requestedUser',
    work: () => refuseImpersonation(request.headers),
    says: () => 'the request asks to be nobody else',
  });
}

async function traceCredential(
  { account }: Proof,
  { own }: World,
  recorder: Recorder,
): Promise<Identity> {
  if (account) {
    const { namespace, name } = account.account;
    recorder.leaveOut(
      'token',
      `a token of ${namespace}/${name} is asked for (TokenRequest) when it is needed, and not for an explanation`,
    );
    return accountIdentity(account.account);
  }
  if (own.isMinted) {
    recorder.leaveOut(
      'token',
      `our own token is asked for (TokenRequest, ${own.source}) when it is needed, and not for an explanation`,
    );
    return own.identity();
  }
  return recorder.take({
    step: 'token',
    work: own.identity,
    says: () => `our own token is in ${own.source}`,
  });
}

/** As the finisher writes them; the token's text is not among them. */
function linesOf({ issuer, actAs }: Proof, outbound: Identity): Upstream['headers'] {
  const { set, metadata } = toMutations({
    kind: 'allow',
    auditID: '<a new UUID>',
    issuer,
    actAs,
    outbound,
    token: '<our token>',
    isUpgrade: false,
    remove: [],
  });
  const lists = Object.entries(metadata.headers).flatMap(([name, values]) =>
    values.map((value) => [name, value] as const),
  );
  return [...set.filter(([name]) => name !== 'impersonate-user'), ...lists];
}
