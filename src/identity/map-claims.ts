// From a verified claim set to a user, by the rules of kube-apiserver's JWT authenticator:
// staging/src/k8s.io/apiserver/plugin/pkg/authenticator/token/oidc/oidc.go at v1.36.3.
import type { Expression } from '../cel/expression.ts';
import { Denial } from '../denial/denial.ts';
import { ownClaim, quote, stringClaim, stringListClaim, type Claims } from './claims.ts';
import { evaluateRules, evaluateString, evaluateStringList, type Rule } from './expressions.ts';
import type { Identity } from './identity.ts';

export type NameMapping =
  { readonly claim: string; readonly prefix: string } | { readonly expression: Expression };

export interface ClaimMappings {
  readonly username: NameMapping;
  readonly groups?: NameMapping | undefined;
  readonly uid?: { readonly claim: string } | { readonly expression: Expression } | undefined;
  readonly extra: readonly { readonly key: string; readonly expression: Expression }[];
  readonly requiredClaims: readonly { readonly claim: string; readonly requiredValue: string }[];
  /** Over `claims`. */
  readonly claimRules: readonly Rule[];
  /** Over `user`: the identity as it is mapped, before system:authenticated. */
  readonly userRules: readonly Rule[];
}

const credentialID = 'authentication.kubernetes.io/credential-id';

/** Who a verified claim set is. Throws Denial when a claim is missing, of a wrong type or refused. */
export function mapClaims(claims: Claims, mappings: ClaimMappings): Identity {
  const identity = mapIdentity(claims, mappings);
  checkRequiredClaims(claims, mappings.requiredClaims);
  evaluateRules(mappings.claimRules, claims);
  evaluateRules(mappings.userRules, identity);
  return identity;
}

/** Who they are before any rule has its say. Throws Denial. */
export function mapIdentity(claims: Claims, mappings: ClaimMappings): Identity {
  return {
    username: mapUsername(claims, mappings.username),
    groups: mappings.groups ? mapGroups(claims, mappings.groups) : [],
    uid: mappings.uid ? mapUID(claims, mappings.uid) : '',
    extra: mapExtra(claims, mappings.extra),
  };
}

/** Each claim must have the value that is required of it. Throws Denial. */
export function checkRequiredClaims(
  claims: Claims,
  required: ClaimMappings['requiredClaims'],
): void {
  for (const { claim, requiredValue } of required) {
    if (stringClaim(claims, claim) !== requiredValue) {
      throw new Denial('token_claim', `the token's claim ${quote(claim)} lacks the required value`);
    }
  }
}

/** Throws Denial. */
export function mapUsername(claims: Claims, mapping: NameMapping): string {
  if ('expression' in mapping) {
    const name = evaluateString(mapping.expression, claims, 'the user name');
    if (name.trim() !== '') return name;
    throw new Denial('token_claim', "the issuer's expression gives a blank user name");
  }
  const { claim, prefix } = mapping;
  const name = stringClaim(claims, claim);
  if (claim === 'email') requireVerifiedEmail(claims);
  if (name.trim() === '') {
    // kube-apiserver takes a blank name; upstream it would be no impersonation at all.
    throw new Denial('token_claim', `the token's claim ${quote(claim)} is blank`);
  }
  return prefix + name;
}

function requireVerifiedEmail(claims: Claims): void {
  if (!Object.hasOwn(claims, 'email_verified') || claims['email_verified'] === true) return;
  throw new Denial('token_claim', 'the token does not say that its email address was verified');
}

/** Throws Denial. */
export function mapGroups(claims: Claims, mapping: NameMapping): readonly string[] {
  if ('expression' in mapping) return evaluateStringList(mapping.expression, claims, 'the groups');
  const { claim, prefix } = mapping;
  return stringListClaim(claims, claim).map((group) => prefix + group);
}

/** Throws Denial. */
export function mapUID(claims: Claims, uid: NonNullable<ClaimMappings['uid']>): string {
  if ('expression' in uid) return evaluateString(uid.expression, claims, 'the uid');
  return stringClaim(claims, uid.claim);
}

/** The extras, and the one that the claim `jti` gives. Throws Denial. */
export function mapExtra(claims: Claims, mappings: ClaimMappings['extra']): Identity['extra'] {
  const entries = mappings.flatMap(({ key, expression }): [string, readonly string[]][] => {
    const values = evaluateStringList(expression, claims, `the extra ${quote(key)}`);
    return values.length === 0 ? [] : [[key, values]];
  });
  const jti = ownClaim(claims, 'jti');
  if (typeof jti === 'string' && jti !== '') entries.push([credentialID, [`JTI=${jti}`]]);
  return Object.fromEntries(entries);
}
