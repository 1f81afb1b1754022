// The walk of a request: who sent it, who do they ask to be, as whom does it go upstream?
import { Denial } from '../denial/denial.ts';
import type { Identity } from '../identity/identity.ts';
import type { Limits } from '../impersonation/impersonator.ts';
import type { FindOutbound } from '../impersonation/outbound-identity.ts';
import { readBearerToken } from '../token/bearer.ts';
import type { AccountTerms } from '../token/account-of-token.ts';
import type { Proof } from '../token/verifier.ts';
import type { ActAs, Allow, Decision } from './decision.ts';
import { runPhase, type PhaseLimits } from './phases.ts';
import { refuseImpersonation, refuseTricks } from './refusals.ts';
import type { ClientHeaders, KubeRequest } from '../request/request.ts';

/** The parts that know the outside world. Each throws or rejects with Denial when it can't vouch. */
export interface Deciders {
  readonly authenticate: (token: string, deadline: number) => Proof | Promise<Proof>;
  readonly findOutbound: FindOutbound;
  /** Our own token. */
  readonly upstreamToken: (limits: Limits) => string | Promise<string>;
  /** What a request goes upstream with that acts as a service account; undefined: as our own. */
  readonly accountCredential: (
    account: AccountTerms | undefined,
    limits: Limits,
  ) => AccountCredential | Promise<AccountCredential>;
}

export interface CheckContext extends PhaseLimits {
  readonly auditID: string;
  /** Aborted when nobody waits for the answer any more. */
  readonly signal: AbortSignal;
}

/** A service account's token, and who the API server takes its bearer for. */
export interface AccountCredential {
  readonly token: string;
  readonly outbound: Identity;
}

/** A decision, and what was known when it was made. */
export interface Verdict {
  readonly decision: Decision;
  readonly issuer?: string;
  readonly inbound?: Identity;
  readonly actAs?: ActAs;
  readonly cause?: unknown;
}

/** Decides about one request. Never rejects: whatever goes wrong on the way is a denial. */
export async function decide(
  request: KubeRequest,
  deciders: Deciders,
  context: CheckContext,
): Promise<Verdict> {
  let proven: Pick<Verdict, 'issuer' | 'inbound' | 'actAs'> = {};
  try {
    const { headers } = request;
    refuseTricks(headers);
    const bearer = readBearerToken({ ...headers, websocket: isWebSocket(headers) });
    const verified = await runPhase('token', context, () =>
      deciders.authenticate(bearer.token, context.deadline),
    );
    proven = { issuer: verified.issuer, inbound: verified.identity, actAs: verified.actAs };
    const decision: Allow = {
      kind: 'allow',
      auditID: context.auditID,
      issuer: verified.issuer,
      ...(await findUpstream(verified, request, deciders, context)),
      isUpgrade: isUpgrade(headers),
      subprotocols: bearer.subprotocols,
      remove: headers.identityNames,
    };
    return { decision, ...proven };
  } catch (error) {
    return { ...denied(error, context.auditID), ...proven };
  }
}

/** As whom the request goes on, and with which credential. */
async function findUpstream(
  { actAs, account, accountRefusal, identity }: Proof,
  request: KubeRequest,
  deciders: Deciders,
  context: CheckContext,
): Promise<Pick<Allow, 'actAs' | 'outbound' | 'token'>> {
  if (actAs === 'serviceAccount') {
    refuseImpersonation(request.headers);
    if (accountRefusal) throw accountRefusal;
    const { token, outbound } = await runPhase('credential', context, () =>
      deciders.accountCredential(account, context),
    );
    return { actAs, outbound, token };
  }
  const outbound = await runPhase('impersonation', context, () =>
    deciders.findOutbound(identity, request, context),
  );
  const token = await runPhase('credential', context, () => deciders.upstreamToken(context));
  return { actAs: 'impersonate', outbound, token };
}

/** The denial that anything thrown on the way becomes. */
export function denied(error: unknown, auditID: string): Pick<Verdict, 'decision' | 'cause'> {
  const isDenial = error instanceof Denial;
  const reason = isDenial ? error.reason : 'internal_error';
  const message = isDenial
    ? error.message
    : 'this proxy failed to decide about the request; its log has the reason under the audit ID of this answer';
  return {
    decision: {
      kind: 'deny',
      auditID,
      reason,
      message,
      ...(isDenial && error.details && { details: error.details }),
    },
    cause: isDenial ? error.cause : error,
  };
}

function isUpgrade({ upgrade, connection }: ClientHeaders): boolean {
  return upgrade.length > 0 && connection.some((line) => /\bupgrade\b/i.test(line));
}

function isWebSocket(headers: ClientHeaders): boolean {
  return isUpgrade(headers) && headers.upgrade[0]?.toLowerCase() === 'websocket';
}
