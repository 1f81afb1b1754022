// The ways to be somebody else, in kube-apiserver's order, with every question and its answer.
import { Denial } from '../denial/denial.ts';
import type { Identity } from '../identity/identity.ts';
import { beginSteps, type Ask } from '../impersonation/judge-steps.ts';
import type { Mode } from '../impersonation/modes.ts';
import type { Step as Question } from '../impersonation/steps.ts';
import type { AccessAttributes } from '../kube/access-attributes.ts';
import type { AccessAnswer } from '../kube/access-review.ts';
import { questionText } from './questions.ts';
import { sentenceOf } from './recorder.ts';
import type { ModeTrace, Outcome, Row } from './trace.ts';
import type { World } from './world.ts';

export interface ModesTrace {
  readonly modes: readonly ModeTrace[];
  /** What has to be granted, by the mode that lacks least. */
  readonly lacking: readonly AccessAttributes[];
  /** Who the request then is, when that is allowed. */
  readonly target?: Identity;
  readonly refusal?: unknown;
}

/** Asks mode by mode until one is allowed. Never rejects. */
export async function tryModes(
  modes: readonly Mode[],
  tellFaults: boolean,
  world: World,
): Promise<ModesTrace> {
  const asked: AskedMode[] = [];
  for (const mode of modes) {
    const one = await askMode(mode, tellFaults, world);
    asked.push(one);
    if (one.refusal === undefined && world.accessReviewer) break;
    if (one.refusal !== undefined && !isPlainNo(one.refusal)) return failed(asked, one.refusal);
  }
  const passed = asked.find(({ refusal }) => refusal === undefined);
  if (!passed) return failed(asked, asked[0]?.refusal);
  const notNeeded = modes.slice(asked.length).map(passedOver);
  const { target } = passed;
  return { modes: [...asked.map(({ trace }) => trace), ...notNeeded], lacking: [], target };
}

function failed(asked: readonly AskedMode[], refusal: unknown): ModesTrace {
  const [least] = asked
    .filter(({ canBeGranted }) => canBeGranted)
    .toSorted((one, other) => one.lacking.length - other.lacking.length);
  return {
    modes: asked.map(({ trace }) => trace),
    lacking: isPlainNo(refusal) ? (least?.lacking ?? []) : [],
    refusal,
  };
}

function isPlainNo(error: unknown): boolean {
  return error instanceof Denial && error.reason === 'impersonation_denied';
}

interface AskedMode {
  readonly trace: ModeTrace;
  readonly target: Identity;
  readonly refusal?: unknown;
  readonly lacking: readonly AccessAttributes[];
  /** Not when a part of it is refused whatever is granted. */
  readonly canBeGranted: boolean;
}

async function askMode(
  { name: mode, subject, request, steps, target }: Mode,
  tellFaults: boolean,
  { accessReviewer, deadline }: World,
): Promise<AskedMode> {
  const first: readonly Question[] = request ? [{ kind: 'ask', attributes: request }] : [];
  const questions = [...first, ...steps];
  const canBeGranted = questions.every(({ kind }) => kind !== 'refuse');
  if (!accessReviewer && canBeGranted) {
    const rows = questions.flatMap((one) => rowsOf(one, new Map()));
    const trace = { mode, outcome: 'leftOut', says: 'the API server was not asked', rows } as const;
    return { trace, target, lacking: [], canBeGranted };
  }
  const answers = new Map<AccessAttributes, Promise<AccessAnswer>>();
  const ask: Ask = (who, about) => {
    const answer = accessReviewer?.review(who, about, { deadline }) ?? Promise.resolve(nobodyAsked);
    answers.set(about, answer);
    return answer;
  };
  const refusal = await errorOf(beginSteps(subject, questions, { ask, tellFaults }));
  const told = new Map<AccessAttributes, Row>();
  for (const [about, answer] of answers) told.set(about, await rowOf(about, answer));
  const rows = questions.flatMap((one) => rowsOf(one, told));
  const lacking = questions.flatMap((one) => lackingOf(one, told));
  const says = refusal === undefined ? 'it is allowed' : sentenceOf(refusal);
  const outcome: Outcome = refusal === undefined ? 'good' : 'refused';
  const trace = { mode, outcome, says, rows };
  return { trace, target, lacking, canBeGranted, ...(refusal !== undefined && { refusal }) };
}

/** Where a mode is refused by itself, its questions need no answer to say so. */
const nobodyAsked: AccessAnswer = { allowed: true, reason: '', evaluationError: '', at: 0 };

async function errorOf(work: () => Promise<unknown>): Promise<unknown> {
  try {
    await work();
    return undefined;
  } catch (error) {
    return error;
  }
}

function passedOver({ name, request, steps }: Mode): ModeTrace {
  const first: readonly Question[] = request ? [{ kind: 'ask', attributes: request }] : [];
  const rows = [...first, ...steps].flatMap((one) => rowsOf(one, new Map()));
  return { mode: name, outcome: 'leftOut', says: 'not needed: a mode before it is allowed', rows };
}

async function rowOf(about: AccessAttributes, answer: Promise<AccessAnswer>): Promise<Row> {
  const name = questionText(about);
  try {
    const { allowed, reason, evaluationError } = await answer;
    const from = [evaluationError, reason].filter((text) => text !== '').join(': ');
    const value = allowed ? 'allowed' : 'not allowed';
    return { name, value, ...(from !== '' && { from }), outcome: allowed ? 'good' : 'refused' };
  } catch {
    return { name, value: 'no answer', outcome: 'refused' };
  }
}

function rowsOf(question: Question, told: ReadonlyMap<AccessAttributes, Row>): readonly Row[] {
  const tell = (about: AccessAttributes): Row =>
    told.get(about) ?? { name: questionText(about), outcome: 'leftOut' };
  switch (question.kind) {
    case 'ask':
      return [tell(question.attributes)];
    case 'askBroadly':
      return [tell(question.broad), ...question.each.map(tell)];
    case 'refuse':
      return [
        {
          name: questionText(question.attributes),
          value: 'refused',
          from: question.reason,
          outcome: 'refused',
        },
      ];
  }
}

/** Of a broad question the single ones: nobody should be told to grant everything. */
function lackingOf(
  question: Question,
  told: ReadonlyMap<AccessAttributes, Row>,
): readonly AccessAttributes[] {
  const lacks = (about: AccessAttributes): boolean => told.get(about)?.outcome === 'refused';
  if (question.kind === 'refuse') return [];
  if (question.kind === 'ask') return [question.attributes].filter(lacks);
  return lacks(question.broad) ? question.each.filter(lacks) : [];
}
