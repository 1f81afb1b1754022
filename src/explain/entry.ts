// One entry's view of a token, step by step: the same functions in the same order as src/token/verifier.ts
// has them; a test holds the two against each other.
import { Denial } from '../denial/denial.ts';
import type { Claims } from '../identity/claims.ts';
import { evaluateRules } from '../identity/expressions.ts';
import { withAuthenticatedGroup, type Identity } from '../identity/identity.ts';
import { checkRequiredClaims, mapIdentity } from '../identity/map-claims.ts';
import { refuseAnonymous, refuseReservedNames, refuseUncarriableNames } from '../identity/names.ts';
import { deepFreeze } from '../lib/deep-freeze.ts';
import { accountOfToken } from '../token/account-of-token.ts';
import type { CompactToken } from '../token/compact-token.ts';
import { expandClaim, type ClaimSources, type SignedClaims } from '../token/distributed-claims.ts';
import { sourceOfClaim } from '../token/distributed-claims-source.ts';
import type { IssuerKeys } from '../token/issuer-keys.ts';
import { verifyClaims, type IssuerRules, type Proof } from '../token/verifier.ts';
import { mappingRows, requiredRows, ruleRows } from './mapping-rows.ts';
import type { Recorder } from './recorder.ts';
import { traceSigned, type Noting } from './signed.ts';
import type { Entry, World } from './world.ts';

type How = Pick<World, 'now' | 'deadline' | 'tokenReviewer'>;

/** Who the token proves by this entry. Rejects as the server would; `recorder` has the steps. */
export async function traceEntry(
  token: CompactToken,
  { rules, open }: Entry,
  recorder: Recorder,
  how: How,
): Promise<Proof> {
  const { keys, claimSources } = open();
  const now = how.now() / 1000;
  const signed = await traceSigned(token, rules, keys, { recorder, now });
  const claims = await traceElsewhere(signed, rules, { recorder, now, keys, claimSources });
  const identity = await traceMapping(claims, rules, recorder);
  await recorder.take({
    step: 'names',
    work: () => {
      if (!rules.allowReservedNames) refuseReservedNames(identity);
      refuseAnonymous(identity);
      refuseUncarriableNames(identity);
    },
    says: () =>
      rules.allowReservedNames
        ? "every name can be carried; names of Kubernetes' own are let through (allowReservedNames)"
        : "no name is Kubernetes' own, and every name can be carried",
  });
  const complete = deepFreeze(withAuthenticatedGroup(identity));
  const { name, actAs, serviceAccount } = rules;
  const account =
    serviceAccount &&
    (await recorder.take({
      step: 'serviceAccount',
      work: () => accountOfToken(claims, serviceAccount),
      says: ({ account: one }) => `requests act as ${one.namespace}/${one.name}`,
    }));
  if (rules.tokenReview) await traceReview(token, rules, recorder, how);
  return { issuer: name, identity: complete, actAs, account };
}

/** The claims, with the groups among them that the token keeps elsewhere. */
async function traceElsewhere(
  signed: SignedClaims,
  rules: IssuerRules,
  { recorder, now, keys, claimSources }: Noting & Opened,
): Promise<Claims> {
  const claim = rules.groups && 'claim' in rules.groups ? rules.groups.claim : undefined;
  if (claim === undefined || !isElsewhere(signed.claims, claim)) return signed.claims;
  if (!claimSources || !keys) {
    recorder.leaveOut('distributedClaims', `the claim ${JSON.stringify(claim)} was not fetched`);
    return signed.claims;
  }
  const expanded = await recorder.take({
    step: 'distributedClaims',
    work: () =>
      expandClaim(signed, {
        claim,
        ownKeys: keys,
        sources: claimSources,
        verify: (answer, its) => verifyClaims(answer, rules, its, now),
        now,
      }),
    says: () => `the claim ${JSON.stringify(claim)} was fetched from where the token says`,
  });
  return expanded.claims;
}

interface Opened {
  readonly keys: IssuerKeys | undefined;
  readonly claimSources: ClaimSources | undefined;
}

/** A source that can't be read is the server's to refuse. */
function isElsewhere(claims: Claims, claim: string): boolean {
  try {
    return sourceOfClaim(claims, claim) !== undefined;
  } catch (error) {
    if (error instanceof Denial) return true;
    throw error;
  }
}

async function traceMapping(
  claims: Claims,
  rules: IssuerRules,
  recorder: Recorder,
): Promise<Identity> {
  const { requiredClaims, claimRules, userRules } = rules;
  const identity = await recorder.take({
    step: 'identity',
    rows: () => mappingRows(claims, rules),
    work: () => mapIdentity(claims, rules),
    says: ({ username }) => `the user is ${JSON.stringify(username)}`,
  });
  if (requiredClaims.length > 0) {
    await recorder.take({
      step: 'requiredClaims',
      rows: () => requiredRows(claims, requiredClaims),
      work: () => checkRequiredClaims(claims, requiredClaims),
      says: () => 'every claim has the value that is required',
    });
  }
  for (const [step, list, about] of [
    ['claimRules', claimRules, claims],
    ['userRules', userRules, identity],
  ] as const) {
    if (list.length === 0) continue;
    await recorder.take({
      step,
      rows: () => ruleRows(list, about),
      work: () => evaluateRules(list, about),
      says: () => 'every rule holds',
    });
  }
  return identity;
}

async function traceReview(
  { text }: CompactToken,
  { audiences }: IssuerRules,
  recorder: Recorder,
  { tokenReviewer, deadline }: How,
): Promise<void> {
  if (!tokenReviewer) return recorder.leaveOut('tokenReview', 'the API server was not asked');
  await recorder.take({
    step: 'tokenReview',
    work: () => tokenReviewer.review(text, audiences, deadline),
    says: ({ username }) =>
      `the API server says that it is good, and ${JSON.stringify(username)}'s`,
  });
}
