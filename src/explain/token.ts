// Whose token it is: which entry takes it, and why the others don't; src/token/authenticator.ts step by step.
import { readBearerToken } from '../token/bearer.ts';
import { Denial } from '../denial/denial.ts';
import type { KubeRequest } from '../request/request.ts';
import { issuerURLOf, reviewedIssuer } from '../token/authenticator.ts';
import { parseCompactToken, type CompactToken } from '../token/compact-token.ts';
import { reviewToken } from '../token/reviewed-token.ts';
import type { Proof } from '../token/verifier.ts';
import { moreTelling, unknownIssuer } from '../token/verify-by-one-of.ts';
import { traceEntry } from './entry.ts';
import { isNear } from './near-url.ts';
import { createRecorder, sentenceOf, type Recorder } from './recorder.ts';
import type { EntryTrace, Step } from './trace.ts';
import type { Entry, World } from './world.ts';

export interface TokenTrace {
  /** What an entry's issuer.url must equal to take the token, if that can be read. */
  readonly issuerURL?: string;
  readonly steps: readonly Step[];
  readonly entries: readonly EntryTrace[];
  readonly others: readonly Step[];
  readonly proof?: Proof;
  /** What the walk ends with when nobody is proven, unless that was left out. */
  readonly refusal?: unknown;
}

/** Never rejects: what refuses the token is part of the answer. */
export async function traceToken(request: KubeRequest, world: World): Promise<TokenTrace> {
  const recorder = createRecorder();
  const others = createRecorder();
  const { steps } = recorder;
  let entries: readonly EntryTrace[] = world.entries.map((entry) => notAsked(entry, noIssuer));
  let named: Pick<TokenTrace, 'issuerURL'> = {};
  try {
    const text = await takeBearer(request, recorder);
    const token = await parse(text, world, recorder);
    const issuerURL = token && issuerURLOf(token);
    named = issuerURL === undefined ? {} : { issuerURL };
    entries = world.entries.map((entry) => notAsked(entry, whyNotIts(issuerURL, entry)));
    const claimants = world.entries.filter(({ url }) => url === issuerURL);
    if (claimants.length === 0 && world.reviewOthers) {
      const proof = await traceOthers(text, world, others);
      return { steps, ...named, entries, others: others.steps, ...(proof && { proof }) };
    }
    if (!token || claimants.length === 0) throw unknownIssuer();
    const found = await tryEntries(token, claimants, world);
    entries = world.entries.map(
      (entry, index) => found.traces.get(entry) ?? entries[index] ?? notAsked(entry, ''),
    );
    return { steps, ...named, entries, others: [], ...found.end };
  } catch (refusal) {
    return { steps, ...named, entries, others: others.steps, refusal };
  }
}

const noIssuer = 'no issuer can be read from the token';

function takeBearer({ headers }: KubeRequest, recorder: Recorder): Promise<string> {
  return recorder.take({
    step: 'credential',
    work: () => readBearerToken({ ...headers, websocket: false }).token,
    says: (text) => `a bearer token of ${Buffer.byteLength(text)} bytes`,
  });
}

/** Undefined for what is no JWT where the API server is asked about such tokens. */
function parse(
  text: string,
  { reviewOthers }: World,
  recorder: Recorder,
): Promise<CompactToken | undefined> {
  return recorder.take({
    step: 'form',
    work: () => {
      try {
        return parseCompactToken(text);
      } catch (error) {
        if (reviewOthers && error instanceof Denial) return undefined;
        throw error;
      }
    },
    says: (token) =>
      token
        ? 'a signed JWT in compact form'
        : 'no JWT that an entry could take: the API server is asked',
  });
}

function notAsked({ rules, url }: Entry, says: string): EntryTrace {
  return { name: rules.name, issuer: url, outcome: 'notAsked', says, steps: [] };
}

function whyNotIts(issuer: string | undefined, { url }: Entry): string {
  if (issuer === undefined) return noIssuer;
  const near = isNear(issuer, url) ? '; they must be equal to the letter, and are not' : '';
  return `the token's "iss" is ${JSON.stringify(issuer)}${near}`;
}

interface Found {
  readonly traces: ReadonlyMap<Entry, EntryTrace>;
  readonly end: Pick<TokenTrace, 'proof' | 'refusal'>;
}

async function tryEntries(
  token: CompactToken,
  claimants: readonly Entry[],
  world: World,
): Promise<Found> {
  const traces = new Map<Entry, EntryTrace>();
  let telling: Denial | undefined;
  for (const entry of claimants) {
    const { name } = entry.rules;
    const recorder = createRecorder();
    const note = (outcome: EntryTrace['outcome'], says: string): void =>
      void traces.set(entry, { name, issuer: entry.url, outcome, says, steps: recorder.steps });
    try {
      const proof = await traceEntry(token, entry, recorder, world);
      note('takes', `its issuer.url is the token's "iss"`);
      for (const later of claimants.filter((one) => !traces.has(one))) {
        traces.set(later, notAsked(later, 'an entry before it takes the token'));
      }
      return { traces, end: { proof } };
    } catch (error) {
      note('refuses', sentenceOf(error));
      // Once an entry has verified it, what the API server says of it is the last word.
      const isLast = recorder.steps.at(-1)?.step === 'tokenReview';
      if (isLast || !(error instanceof Denial)) return { traces, end: { refusal: error } };
      telling = moreTelling(telling, error);
    }
  }
  return { traces, end: { refusal: telling } };
}

async function traceOthers(
  text: string,
  { reviewOthers, tokenReviewer, deadline }: World,
  recorder: Recorder,
): Promise<Proof | undefined> {
  if (!tokenReviewer || !reviewOthers) {
    recorder.leaveOut('tokenReview', 'no entry claims the token, and the API server was not asked');
    return undefined;
  }
  const identity = await recorder.take({
    step: 'tokenReview',
    work: () => reviewToken(text, tokenReviewer, reviewOthers, deadline),
    says: ({ username }) =>
      `no entry claims the token, and the API server says that it is ${JSON.stringify(username)}'s`,
  });
  return { issuer: reviewedIssuer, identity, actAs: 'impersonate' };
}
