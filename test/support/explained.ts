/** One request put to decide() and to explain, over the same issuers and the same API server. */
import assert from 'node:assert/strict';
import { decide, type Verdict } from '../../src/decision/decide.ts';
import { explainRequest } from '../../src/explain/explain.ts';
import type { Explanation } from '../../src/explain/trace.ts';
import type { World } from '../../src/explain/world.ts';
import { accountIdentity } from '../../src/identity/service-account.ts';
import { createImpersonator } from '../../src/impersonation/impersonator.ts';
import { createFindOutbound } from '../../src/impersonation/outbound-identity.ts';
import type { AccessReviewer } from '../../src/kube/access-review.ts';
import type { TokenReviewer } from '../../src/kube/token-review.ts';
import type { KubeRequest } from '../../src/request/request.ts';
import { createAuthenticator } from '../../src/token/authenticator.ts';
import type { Issuer } from '../../src/token/issuer.ts';
import { grantingReviewer } from './access-grants.ts';

export interface Settings {
  readonly issuers: readonly Issuer[];
  readonly accessReviewer?: AccessReviewer;
  readonly tokenReviewer?: TokenReviewer;
  readonly reviewOthers?: { readonly audiences: readonly string[] };
  /** Default true. */
  readonly constrained?: boolean;
  readonly ownExtra?: World['ownExtra'];
  /** Default: one that is there. */
  readonly own?: World['own'];
  /** Milliseconds since 1970; default Date.now. */
  readonly now?: () => number;
}

export const robot = { namespace: 'team', name: 'robot' };

const nobody: TokenReviewer = { review: () => Promise.reject(new Error('it is not asked')) };
const plainExtra = { originalUserExtra: 'originaluser.example', clientIP: false, static: {} };
const maxHeaderValues = 64;

/** What explain looks with. */
export function worldOf(settings: Settings): World {
  const { issuers, reviewOthers, constrained = true, now = Date.now } = settings;
  return {
    entries: issuers.map(({ url, rules, keys, claimSources }) => ({
      url,
      rules,
      open: () => ({ keys, claimSources }),
    })),
    reviewOthers,
    tokenReviewer: settings.tokenReviewer ?? nobody,
    accessReviewer: settings.accessReviewer ?? grantingReviewer({ grants: () => false }),
    impersonation: { constrained: () => Promise.resolve(constrained), maxHeaderValues },
    ownExtra: settings.ownExtra ?? plainExtra,
    own: settings.own ?? {
      source: 'its place',
      identity: () => Promise.resolve(accountIdentity(robot)),
      isMinted: false,
    },
    now,
    deadline: Date.now() + 60_000,
  };
}

type Decide = (request: KubeRequest) => Promise<Verdict>;

/** What the server says. It remembers: each requester should ask once. */
function serverOf(settings: Settings): Decide {
  const { issuers, reviewOthers, constrained = true, now = Date.now } = settings;
  const { own, ownExtra, tokenReviewer, accessReviewer } = worldOf(settings);
  const { originalUserExtra } = ownExtra;
  const reviewer = accessReviewer ?? grantingReviewer({ grants: () => false });
  const allowCacheTtlMs = 0;
  const ownToken = (): Promise<string> => own.identity().then(() => 'own-token');
  const asked = { reviewer: tokenReviewer, reviewOthers, now };
  const deciders = {
    authenticate: createAuthenticator(issuers, asked).authenticate,
    findOutbound: createFindOutbound({
      impersonator: createImpersonator({
        reviewer,
        constrained,
        allowCacheTtlMs,
        originalUserExtra,
      }),
      rules: { constrained, maxHeaderValues },
      ownExtra,
    }),
    upstreamToken: ownToken,
    accountCredential: async (terms: { readonly account: typeof robot } | undefined) => ({
      token: await ownToken(),
      outbound: terms ? accountIdentity(terms.account) : await own.identity(),
    }),
  };
  const { signal } = new AbortController();
  return (request) =>
    decide(request, deciders, { auditID: 'audit-1', deadline: Date.now() + 60_000, signal });
}

/** Explains, and holds each end against the server's: same reason, same words, same identities. */
export function explainAlike(settings: Settings): (request: KubeRequest) => Promise<Explanation> {
  const decideAsServed = serverOf(settings);
  const world = worldOf(settings);
  return async (request) => {
    const explanation = await explainRequest(request, undefined, world);
    assertAlike(explanation, await decideAsServed(request));
    assertRefusalInPlace(explanation);
    return explanation;
  };
}

function assertAlike(explanation: Explanation, verdict: Verdict): void {
  const { decision } = verdict;
  const isAllowed = decision.kind === 'allow';
  assert.deepEqual(
    {
      decision: explanation.decision,
      reason: explanation.reason,
      message: explanation.message,
      issuer: explanation.issuer,
      inbound: explanation.inbound,
      outbound: explanation.upstream?.identity,
      actAs: explanation.upstream?.actAs,
    },
    {
      decision: decision.kind,
      reason: isAllowed ? '' : decision.reason,
      message: isAllowed ? '' : decision.message,
      issuer: verdict.issuer ?? '',
      inbound: verdict.inbound,
      outbound: isAllowed ? decision.outbound : undefined,
      actAs: isAllowed ? decision.actAs : undefined,
    },
  );
}

/** A denied request has its refusal among the steps, and an allowed one has none on its way. */
function assertRefusalInPlace({ decision, token, entries, others, ...rest }: Explanation): void {
  const refusing = entries.some(({ outcome }) => outcome === 'refuses');
  const taking = entries.filter(({ outcome }) => outcome === 'takes').flatMap(({ steps }) => steps);
  const steps = [...token, ...taking, ...others, ...rest.impersonation, ...rest.upstreamSteps];
  const refused = steps.some(({ outcome }) => outcome === 'refused');
  const modes = rest.modes.map(({ outcome }) => outcome);
  const noMode = modes.length > 0 && !modes.includes('good');
  const isPlaced = refusing || refused || noMode;
  if (decision === 'allow') assert.ok(!refused && !noMode);
  else assert.ok(isPlaced || rest.reason === 'issuer_unknown', `no step refuses: ${rest.reason}`);
}
