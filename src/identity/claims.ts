// Claims as JSON has them, read as Go's decoder would.
import { Denial } from '../denial/denial.ts';

export type Claims = Readonly<Record<string, unknown>>;

/** A claim that must be text; a JSON null reads as "" in Go, and so here. Throws Denial. */
export function stringClaim(claims: Claims, claim: string): string {
  const value = ownClaim(claims, claim);
  if (value === undefined) {
    throw new Denial('token_claim', `the token lacks the claim ${quote(claim)}`);
  }
  if (value === null) return '';
  if (typeof value === 'string') return value;
  throw new Denial('token_claim', `the token's claim ${quote(claim)} must be a string`);
}

/** A claim that may be text or a list of texts, or be absent. Throws Denial. */
export function stringListClaim(claims: Claims, claim: string): readonly string[] {
  const value = ownClaim(claims, claim);
  if (value === undefined || value === null) return [];
  const list = Array.isArray(value) ? value.map((one: unknown) => one ?? '') : [value];
  if (isStringArray(list)) return list;
  throw new Denial(
    'token_claim',
    `the token's claim ${quote(claim)} must be a string or a list of strings`,
  );
}

/** Own fields only: a claim named `constructor` is not JavaScript's. */
export function ownClaim(claims: Claims, claim: string): unknown {
  return Object.hasOwn(claims, claim) ? claims[claim] : undefined;
}

/** Narrows to an object that is not a list. */
export function isRecord(value: unknown): value is Claims {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Narrows to a list of texts. */
export function isStringArray(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((one) => typeof one === 'string');
}

/** A claim's name in a sentence. */
export function quote(text: string): string {
  return JSON.stringify(text);
}
