/** What the jwt entries of the tests of configuration are put together from. */

/** `iss` of the API server's own tokens, which no entry may have. */
export const ownIssuer = 'https://service-accounts.example';

/** `ours`: refused by us alone. */
export type Row = readonly [
  verdict: 'taken' | 'refused' | 'ours',
  what: string,
  entry: Readonly<Record<string, unknown>>,
];

const username = { claim: 'sub', prefix: '' };

export function issuer(fields: object): Row[2] {
  return { issuer: { audiences: ['a'], ...fields }, claimMappings: { username } };
}

export function mappings(fields: object): Row[2] {
  return { claimMappings: { username, ...fields } };
}

export function extra(key: string, valueExpression = 'claims.x'): Row[2] {
  return mappings({ extra: [{ key, valueExpression }] });
}

export function rules(...claimValidationRules: readonly object[]): Row[2] {
  return { ...mappings({}), claimValidationRules };
}

export function userRules(...userValidationRules: readonly object[]): Row[2] {
  return { ...mappings({}), userValidationRules };
}
