// Decides who a request is for the API server: whom its token proves, or whom it asks to be when
// kube-apiserver's filters would let it. pkg/endpoints/filters/impersonation at v0.36.3.
import { LRUCache } from 'lru-cache';
import { Denial } from '../denial/denial.ts';
import type { Identity } from '../identity/identity.ts';
import { refuseUncarriableNames } from '../identity/names.ts';
import type { AccessReviewer } from '../kube/access-review.ts';
import { deepFreeze } from '../lib/deep-freeze.ts';
import { readRequestInfo, type RequestInfo } from '../request/request-info.ts';
import type { KubeRequest } from '../request/request.ts';
import { beginSteps, type Judging } from './judge-steps.ts';
import { constrainedModes, legacyModes, type Mode, type ModeName } from './modes.ts';
import { withOriginalUser } from './own-extra.ts';
import { createProvenTargets, type ProvenTarget, type ProvenTargets } from './proven-targets.ts';

export interface Limits {
  /** Milliseconds since 1970. */
  readonly deadline: number;
  /** Aborted when nobody waits for the answer any more. */
  readonly signal: AbortSignal;
}

export interface Impersonator {
  /**
   * Who the requester becomes: the requested user, with the groups that kube-apiserver adds and the
   * record of the requester. Rejects with Denial: 403 when it isn't allowed, 503 when the API server
   * can't say.
   */
  readonly impersonate: (
    requester: Identity,
    requested: Identity,
    request: KubeRequest,
    limits: Limits,
  ) => Identity | Promise<Identity>;
}

export interface ImpersonatorOptions {
  readonly reviewer: AccessReviewer;
  /** Whether the API server knows of constrained impersonation (KEP-5284). */
  readonly constrained: boolean;
  /** How long a target that was allowed stays so; milliseconds. */
  readonly allowCacheTtlMs: number;
  readonly originalUserExtra: string;
  /** Milliseconds since 1970; default Date.now. */
  readonly now?: (() => number) | undefined;
}

/** kube-apiserver's own figure. */
const maxRequesters = 10_000;

/** Remembers for each requester which mode went well last, and for a short time which targets were allowed. */
export function createImpersonator(options: ImpersonatorOptions): Impersonator {
  const { reviewer, constrained, allowCacheTtlMs, originalUserExtra, now = Date.now } = options;
  const lastModes = new LRUCache<string, ModeName>({ max: maxRequesters });
  const ofRequests = createProvenTargets({ ttlMs: allowCacheTtlMs, now });
  const ofModes = createProvenTargets({ ttlMs: allowCacheTtlMs, now });

  async function ask(asked: Asked, request: KubeRequest, limits: Limits): Promise<ProvenTarget> {
    const { requester, requested } = asked;
    const info = readInfo(request);
    const modes = constrained
      ? constrainedModes(requester, requested, info)
      : legacyModes(requester, requested);
    const ending = new AbortController();
    const signal = AbortSignal.any([limits.signal, ending.signal]);
    const judging: Judging = {
      ask: (subject, about) => reviewer.review(subject, about, { ...limits, signal }),
      tellFaults: constrained,
    };
    const finish = (target: Identity): Identity => {
      refuseUncarriableNames(target, 'the request asks for');
      return deepFreeze(withOriginalUser(target, requester, originalUserExtra));
    };
    try {
      const { username } = requester;
      const begin = (mode: Mode): Outcome =>
        beginMode(mode, { ...asked, judging, proven: ofModes, finish });
      const first = await firstAllowed(modes, lastModes.get(username), begin);
      lastModes.set(username, first.mode);
      return first.target;
    } finally {
      ending.abort(); // what was asked in vain
    }
  }
  return {
    impersonate: (requester, requested, request, limits) => {
      const asked = { requester, requested };
      const key = { ...asked, about: [request.method, request.path] };
      const known = ofRequests.get(key);
      if (known) return known.outbound;
      return ask(asked, request, limits).then((target) => {
        ofRequests.set(key, target);
        return target.outbound;
      });
    },
  };
}

interface Asked {
  readonly requester: Identity;
  readonly requested: Identity;
}

/** Waits for how a mode ends: rejects with its first refusal. */
type Outcome = () => Promise<ProvenTarget>;

interface Attempt extends Asked {
  readonly judging: Judging;
  readonly proven: ProvenTargets;
  /** What goes upstream for a target that was allowed. */
  readonly finish: (target: Identity) => Identity;
}

/** Asks what isn't known yet. */
function beginMode(mode: Mode, attempt: Attempt): Outcome {
  const { requester, requested, judging, proven, finish } = attempt;
  const { name, subject, request, steps, target } = mode;
  const onRequest = request ? [{ kind: 'ask', attributes: request } as const] : [];
  const mayRequest = beginSteps(subject, onRequest, judging);
  const key = { about: [name], requester, requested };
  const known = proven.get(key);
  if (known) {
    return async () => {
      const at = await mayRequest();
      return { outbound: known.outbound, at: Math.min(at, known.at) };
    };
  }
  const mayBe = beginSteps(subject, steps, judging);
  return async () => {
    const requestAt = await mayRequest();
    const at = await mayBe();
    const outbound = finish(target);
    proven.set(key, { outbound, at });
    return { outbound, at: Math.min(requestAt, at) };
  };
}

/**
 * The first mode that goes well: alone the one that did last time, then the others, all at once.
 * Rejects with the first refusal, which is the one that kube-apiserver tells.
 */
async function firstAllowed(
  modes: readonly Mode[],
  last: ModeName | undefined,
  begin: (mode: Mode) => Outcome,
): Promise<{ readonly mode: ModeName; readonly target: ProvenTarget }> {
  let refusal: Denial | undefined;
  const rounds = [
    modes.filter(({ name }) => name === last),
    modes.filter(({ name }) => name !== last),
  ];
  for (const round of rounds) {
    const outcomes = round.map((mode) => ({ mode: mode.name, end: begin(mode) }));
    for (const { mode, end } of outcomes) {
      try {
        return { mode, target: await end() };
      } catch (error) {
        if (!isRefusal(error)) throw error;
        refusal ??= error;
      }
    }
  }
  throw refusal ?? new Error('there was no way to impersonate');
}

function isRefusal(error: unknown): error is Denial {
  return error instanceof Denial && error.reason === 'impersonation_denied';
}

/** What the request asks of the API. Throws Denial when that can't be told for certain. */
export function readInfo({ method, path, headers }: KubeRequest): RequestInfo {
  // Without raw headers Envoy shows a byte that is not UTF-8 as `!`, which a selector has a use for.
  const isCertain = !(headers.joined && path.includes('!'));
  const info = isCertain ? readRequestInfo(method, path) : undefined;
  if (info) return info;
  throw new Denial(
    'request_malformed',
    "what the request asks of the API can't be told from its method and path",
  );
}
