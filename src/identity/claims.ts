import { Denial } from '../denial/denial.ts';
import type { Identity } from './identity.ts';

// The rules of kube-apiserver's JWT authenticator:
// staging/src/k8s.io/apiserver/plugin/pkg/authenticator/token/oidc/oidc.go at v1.36.3.

export type Claims = Readonly<Record<string, unknown>>;

export interface PrefixedClaim {
  readonly claim: string;
  readonly prefix: string;
}

export interface ClaimMappings {
  readonly username: PrefixedClaim;
  readonly groups?: PrefixedClaim | undefined;
  readonly uid?: { readonly claim: string } | undefined;
  readonly extra: readonly { readonly key: string; readonly claimPath: readonly string[] }[];
  readonly requiredClaims: readonly { readonly claim: string; readonly requiredValue: string }[];
}

const credentialID = 'authentication.kubernetes.io/credential-id';

/** Who a verified claim set is. Throws Denial when a claim is missing, of a wrong type or refused. */
export function mapClaims(claims: Claims, mappings: ClaimMappings): Identity {
  const username = mapUsername(claims, mappings.username);
  const groups = mappings.groups ? mapGroups(claims, mappings.groups) : [];
  const uid = mappings.uid ? stringClaim(claims, mappings.uid.claim) : '';
  const extra = mapExtra(claims, mappings.extra);
  for (const { claim, requiredValue } of mappings.requiredClaims) {
    if (stringClaim(claims, claim) !== requiredValue) {
      throw new Denial('token_claim', `the token's claim ${quote(claim)} lacks the required value`);
    }
  }
  return { username, uid, groups, extra };
}

function mapUsername(claims: Claims, { claim, prefix }: PrefixedClaim): string {
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

function mapGroups(claims: Claims, { claim, prefix }: PrefixedClaim): string[] {
  const value = ownClaim(claims, claim);
  if (value === undefined || value === null) return [];
  // A JSON null in a list of strings reads as "" in Go.
  const groups: readonly unknown[] = Array.isArray(value)
    ? value.map((one: unknown) => one ?? '')
    : [value];
  if (!isStringArray(groups)) {
    throw new Denial(
      'token_claim',
      `the token's claim ${quote(claim)} must be a string or a list of strings`,
    );
  }
  return groups.map((group) => prefix + group);
}

function mapExtra(claims: Claims, mappings: ClaimMappings['extra']): Identity['extra'] {
  const entries = mappings.flatMap(({ key, claimPath }): [string, readonly string[]][] => {
    const values = extraValues(claims, claimPath);
    return values.length === 0 ? [] : [[key, values]];
  });
  const jti = ownClaim(claims, 'jti');
  if (typeof jti === 'string' && jti !== '') entries.push([credentialID, [`JTI=${jti}`]]);
  return Object.fromEntries(entries);
}

function extraValues(claims: Claims, path: readonly string[]): readonly string[] {
  const value = path.reduce<unknown>((at, name) => {
    if (isRecord(at) && Object.hasOwn(at, name)) return at[name];
    throw new Denial('token_claim', `the token lacks the claim ${quote(path.join('.'))}`);
  }, claims);
  if (value === null) return [];
  const values = typeof value === 'string' ? [value] : value;
  if (!isStringArray(values)) {
    throw new Denial(
      'token_claim',
      `the token's claim ${quote(path.join('.'))} must be a string or a list of strings`,
    );
  }
  return values.filter((one) => one !== '');
}

/** A JSON null reads as "" in Go, and so here. */
function stringClaim(claims: Claims, claim: string): string {
  const value = ownClaim(claims, claim);
  if (value === undefined)
    throw new Denial('token_claim', `the token lacks the claim ${quote(claim)}`);
  if (value === null) return '';
  if (typeof value === 'string') return value;
  throw new Denial('token_claim', `the token's claim ${quote(claim)} must be a string`);
}

/** Own fields only: a claim named `constructor` is not JavaScript's. */
function ownClaim(claims: Claims, claim: string): unknown {
  return Object.hasOwn(claims, claim) ? claims[claim] : undefined;
}

/** Narrows to an object that is not a list. */
export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isStringArray(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((one) => typeof one === 'string');
}

function quote(text: string): string {
  return JSON.stringify(text);
}
