// The Check method: question in, decision, reply out. It never answers with a gRPC error, which
// Envoy would take for an outage, and never with silence.
import type { ServerUnaryCall, sendUnaryData } from '@grpc/grpc-js';
import { randomUUID } from 'node:crypto';
import { denied, type CheckContext, type Verdict } from '../decision/decide.ts';
import type { CheckRecord } from '../decision/decision.ts';
import type { PhaseTimes } from '../decision/phases.ts';
import type { KubeRequest } from '../request/request.ts';
import { Denial } from '../denial/denial.ts';
import { toKubeRequest, unreadableRequest } from './check-request.ts';
import { toCheckResponse } from './check-response.ts';
import type { CheckRequest, CheckResponse } from './proto.ts';

export interface CheckOptions {
  readonly decide: (request: KubeRequest, context: CheckContext) => Promise<Verdict>;
  /** Told of every check before it is answered; a throw turns the answer into a denial. */
  readonly onCheck: (record: CheckRecord) => void;
}

export interface Authorization {
  readonly check: (
    call: ServerUnaryCall<CheckRequest | Undecodable, CheckResponse>,
    reply: sendUnaryData<CheckResponse>,
  ) => void;
  inFlight(): number;
}

/** Stands for a message whose bytes are no CheckRequest. */
export interface Undecodable {
  readonly undecodable: unknown;
}

// The answer must be there before Envoy gives up; without a deadline of its own 10 s are enough.
const headStartMs = 250;
const longestMs = 10_000;

/** The Check method over `decide`. */
export function createAuthorization(options: CheckOptions): Authorization {
  let inFlight = 0;
  return {
    check: (call, send) => {
      inFlight += 1;
      const ending = new AbortController();
      call.on('cancelled', () => ending.abort());
      const terms = { deadline: call.getDeadline(), signal: ending.signal };
      void answer(call.request, terms, options)
        .then((response) => send(null, response))
        .finally(() => (inFlight -= 1));
    },
    inFlight: () => inFlight,
  };
}

interface Terms {
  readonly deadline: Date | number;
  readonly signal: AbortSignal;
}

async function answer(
  message: CheckRequest | Undecodable,
  { deadline, signal }: Terms,
  { decide, onCheck }: CheckOptions,
): Promise<CheckResponse> {
  const startedAt = new Date();
  const begun = performance.now();
  const times: PhaseTimes = {};
  const context = {
    auditID: randomUUID(),
    deadline: ownDeadline(deadline, startedAt.getTime()),
    signal,
    times,
  };
  let request = unreadableRequest();
  let verdict: Verdict;
  try {
    request = readRequest(message);
    verdict = await decide(request, context);
  } catch (error) {
    verdict = denied(error, context.auditID);
  }
  const { response, ...final } = reply(verdict, request.path);
  try {
    onCheck({
      request,
      ...final,
      issuer: verdict.issuer ?? '',
      actAs: verdict.actAs ?? '',
      inbound: verdict.inbound,
      startedAt,
      durationMs: performance.now() - begun,
      times,
    });
    return response;
  } catch (error) {
    return toCheckResponse(denied(error, context.auditID).decision, request.path);
  }
}

function readRequest(message: CheckRequest | Undecodable): KubeRequest {
  if (!('undecodable' in message)) return toKubeRequest(message);
  throw new Denial(
    'check_malformed',
    "Envoy's question can't be read; is it a CheckRequest (v3)?",
    {
      cause: message.undecodable,
    },
  );
}

/** An allowed request whose reply would not be safe is a denied one, in the record too. */
function reply(
  { decision, cause }: Verdict,
  path: string,
): Pick<CheckRecord, 'decision' | 'cause'> & { readonly response: CheckResponse } {
  try {
    return { decision, cause, response: toCheckResponse(decision, path) };
  } catch (error) {
    const instead = denied(error, decision.auditID);
    return { ...instead, response: toCheckResponse(instead.decision, path) };
  }
}

function ownDeadline(deadline: Date | number, now: number): number {
  const theirs = typeof deadline === 'number' ? deadline : deadline.getTime();
  return Math.min(theirs - headStartMs, now + longestMs);
}
