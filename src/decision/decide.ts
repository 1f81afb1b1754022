// The walk of a request: who sent it, who do they ask to be, as whom does it go upstream?
import { Denial } from '../denial/denial.ts';
import type { Identity } from '../identity/identity.ts';
import { withinDeadline } from '../lib/within-deadline.ts';
import { readBearerToken } from '../token/bearer.ts';
import type { Proof } from '../token/verifier.ts';
import type { Allow, Decision } from './decision.ts';
import { refuseImpersonation, refuseTricks } from './refusals.ts';
import type { ClientHeaders, KubeRequest } from './request.ts';

/** The parts that know the outside world. Each throws or rejects with Denial when it can't vouch. */
export interface Deciders {
  readonly authenticate: (token: string, deadline: number) => Proof | Promise<Proof>;
  readonly upstreamToken: () => string;
}

export interface CheckContext {
  readonly auditID: string;
  /** Milliseconds since 1970: the answer must be there by then. */
  readonly deadline: number;
}

/** A decision, and what was known when it was made. */
export interface Verdict {
  readonly decision: Decision;
  readonly issuer?: string;
  readonly inbound?: Identity;
  readonly cause?: unknown;
}

/** Decides about one request. Never rejects: whatever goes wrong on the way is a denial. */
export async function decide(
  request: KubeRequest,
  deciders: Deciders,
  context: CheckContext,
): Promise<Verdict> {
  let proven: Pick<Verdict, 'issuer' | 'inbound'> = {};
  try {
    const { headers } = request;
    refuseTricks(headers);
    const bearer = readBearerToken({ ...headers, websocket: isWebSocket(headers) });
    const verified = await withinDeadline(
      deciders.authenticate(bearer.token, context.deadline),
      context.deadline,
      tooLate,
    );
    proven = { issuer: verified.issuer, inbound: verified.identity };
    refuseImpersonation(headers);
    const decision: Allow = {
      kind: 'allow',
      auditID: context.auditID,
      issuer: verified.issuer,
      actAs: 'impersonate',
      outbound: verified.identity,
      token: deciders.upstreamToken(),
      isUpgrade: isUpgrade(headers),
      subprotocols: bearer.subprotocols,
      remove: headers.identityNames,
    };
    return { decision, ...proven };
  } catch (error) {
    return { ...denied(error, context.auditID), ...proven };
  }
}

/** The denial that anything thrown on the way becomes. */
export function denied(error: unknown, auditID: string): Pick<Verdict, 'decision' | 'cause'> {
  const isDenial = error instanceof Denial;
  const reason = isDenial ? error.reason : 'internal_error';
  const message = isDenial
    ? error.message
    : 'this proxy failed to decide about the request; its log has the reason under the audit ID of this answer';
  return {
    decision: { kind: 'deny', auditID, reason, message },
    cause: isDenial ? error.cause : error,
  };
}

function isUpgrade({ upgrade, connection }: ClientHeaders): boolean {
  return upgrade.length > 0 && connection.some((line) => /\bupgrade\b/i.test(line));
}

function isWebSocket(headers: ClientHeaders): boolean {
  return isUpgrade(headers) && headers.upgrade[0]?.toLowerCase() === 'websocket';
}

function tooLate(): Denial {
  return new Denial(
    'deadline_exceeded',
    'the token could not be checked in time, most likely because its issuer is slow; try again',
  );
}
