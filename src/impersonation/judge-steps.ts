// Puts the questions of one mode to the API server all at once, and reads the answers in order.
import type { Identity } from '../identity/identity.ts';
import type { AccessAttributes } from '../kube/access-attributes.ts';
import type { AccessAnswer } from '../kube/access-review.ts';
import { forbidden } from './forbidden.ts';
import type { Step } from './steps.ts';

/** Rejects when there is no answer that counts. */
export type Ask = (subject: Identity, about: AccessAttributes) => Promise<AccessAnswer>;

export interface Judging {
  readonly ask: Ask;
  /** What the legacy filter leaves out of its refusals: the authorizer's fault. */
  readonly tellFaults: boolean;
}

/** A step whose questions are under way: resolves with when they were asked, rejects with the refusal. */
type Pending = () => Promise<number>;

/**
 * Asks as `subject`; the returned function waits until all is allowed, resolves with the time of the
 * oldest answer (milliseconds since 1970), and rejects with the first refusal in order.
 */
export function beginSteps(
  subject: Identity,
  steps: readonly Step[],
  judging: Judging,
): () => Promise<number> {
  const pending = steps.map((step) => beginStep(subject, step, judging));
  return async () => {
    let oldest = Infinity;
    for (const wait of pending) oldest = Math.min(oldest, await wait());
    return oldest;
  };
}

function beginStep(subject: Identity, step: Step, judging: Judging): Pending {
  switch (step.kind) {
    case 'ask':
      return begin(subject, step.attributes, judging);
    case 'askBroadly':
      return beginBroadly(subject, step, judging);
    case 'refuse':
      return () => Promise.reject(forbidden(subject.username, step.attributes, step.reason));
  }
}

function beginBroadly(
  subject: Identity,
  { broad, each }: Extract<Step, { kind: 'askBroadly' }>,
  judging: Judging,
): Pending {
  const broadAnswer = started(judging.ask(subject, broad));
  const others = each.map((about) => begin(subject, about, judging));
  return async () => {
    const { allowed, at } = await broadAnswer;
    if (allowed) return at;
    let oldest = Infinity;
    for (const wait of others) oldest = Math.min(oldest, await wait());
    return oldest;
  };
}

function begin(subject: Identity, about: AccessAttributes, { ask, tellFaults }: Judging): Pending {
  const answer = started(ask(subject, about));
  return async () => {
    const { allowed, reason, evaluationError, at } = await answer;
    if (allowed) return at;
    const told = [tellFaults ? evaluationError : '', reason].filter((text) => text !== '');
    throw forbidden(subject.username, about, told.join(': '));
  };
}

/** Nobody may come to wait for it, when an earlier answer decides. */
function started<T>(work: Promise<T>): Promise<T> {
  work.catch(() => undefined);
  return work;
}
