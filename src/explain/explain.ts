// The walk of src/decision/decide.ts with every step told: from a token and a request to who it is upstream,
// or to the first thing that refuses.
import { denied } from '../decision/decide.ts';
import { denyReasons } from '../denial/reasons.ts';
import { readRequestInfo } from '../request/request-info.ts';
import type { KubeRequest } from '../request/request.ts';
import type { Proof } from '../token/verifier.ts';
import { traceImpersonation, type ImpersonationTrace, type Recorders } from './impersonation.ts';
import { helpsFor, type Found } from './helps.ts';
import { createRecorder } from './recorder.ts';
import { traceToken, type TokenTrace } from './token.ts';
import type { AskedRequest, Explanation, Step, Upstream } from './trace.ts';
import { traceAccountRequest, traceUpstream } from './upstream.ts';
import type { World } from './world.ts';

/** Never rejects: a refusal is an answer, and a fault is one, too. */
export async function explainRequest(
  request: KubeRequest,
  as: AskedRequest['as'],
  world: World,
): Promise<Explanation> {
  const token = await traceToken(request, world);
  const impersonation = createRecorder();
  const upstream = createRecorder();
  const onward = token.proof
    ? await traceOnward(token.proof, request, world, { impersonation, upstream })
    : nothing;
  const all = [...stepsOf(token), ...impersonation.steps, ...upstream.steps];
  const unasked = world.accessReviewer ? [] : onward.modes;
  const leftOut = [...all, ...unasked].filter(({ outcome }) => outcome === 'leftOut');
  const refusal = token.refusal ?? onward.refusal;
  return {
    apiVersion: 'kube-ext-authz.dev/v1alpha1',
    kind: 'Explanation',
    ...verdictOf(refusal, leftOut.some(decides), { ...token, lacking: onward.lacking }),
    request: { ...describe(request), ...(as && { as }) },
    token: token.steps,
    entries: token.entries,
    others: token.others,
    issuer: token.proof?.issuer ?? '',
    ...(token.proof && { inbound: token.proof.identity }),
    impersonation: impersonation.steps,
    modes: onward.modes,
    upstreamSteps: upstream.steps,
    ...(onward.upstream && { upstream: onward.upstream }),
    leftOut: [...new Set(leftOut.map(({ says }) => says))],
  };
}

interface Onward extends Omit<ImpersonationTrace, 'identity'> {
  readonly upstream?: Upstream;
}

const nothing: Onward = { modes: [], lacking: [] };

async function traceOnward(
  proof: Proof,
  request: KubeRequest,
  world: World,
  recorders: Recorders,
): Promise<Onward> {
  let found: ImpersonationTrace = { ...nothing, identity: proof.identity };
  try {
    if (proof.actAs === 'serviceAccount') {
      await traceAccountRequest(request, recorders.impersonation);
    } else {
      found = await traceImpersonation(proof.identity, request, world, recorders);
    }
    if (!found.identity) return found;
    const upstream = await traceUpstream(proof, found.identity, world, recorders.upstream);
    return { ...found, upstream };
  } catch (refusal) {
    return { ...found, refusal };
  }
}

function stepsOf({ steps, entries, others }: TokenTrace): readonly Step[] {
  const taking = entries.filter(({ outcome }) => outcome === 'takes');
  return [...steps, ...taking.flatMap((entry) => entry.steps), ...others];
}

/** A token that is made when it is needed decides nothing that an explanation could tell. */
function decides(one: object): boolean {
  return !('step' in one && one.step === 'token');
}

type Verdict = Pick<Explanation, 'decision' | 'reason' | 'status' | 'message' | 'helps'>;

function verdictOf(refusal: unknown, isOpen: boolean, found: Found): Verdict {
  if (refusal === undefined) {
    const decision = isOpen ? 'unknown' : 'allow';
    return { decision, reason: '', status: 0, message: '', helps: [] };
  }
  const { decision } = denied(refusal, '');
  if (decision.kind === 'allow') throw new Error('a refusal allows');
  const { reason, message } = decision;
  const status = denyReasons[reason];
  return { decision: 'deny', reason, status, message, helps: helpsFor(reason, found) };
}

function describe({ method, path }: KubeRequest): AskedRequest {
  const info = readRequestInfo(method, path);
  if (!info) return { method, path, verb: '', resource: '' };
  const { verb, resource, subresource } = info;
  return {
    method,
    path,
    verb,
    resource: subresource === '' ? resource : `${resource}/${subresource}`,
  };
}
