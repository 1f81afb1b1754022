/** Tokens that keep their groups elsewhere, and sources of claims without a network. */
import type { ClaimSource } from '../../src/token/distributed-claims-source.ts';
import type { ClaimSources, SourceAnswer } from '../../src/token/distributed-claims.ts';
import { parseCompactToken } from '../../src/token/compact-token.ts';
import { verifyToken, type IssuerRules, type VerifiedToken } from '../../src/token/verifier.ts';
import { plainRules } from './issuer-rules.ts';
import { createEcKey, fixedKeys, signToken } from './signed-token.ts';

export type Content = Readonly<Record<string, unknown>>;

export const now = 1_800_000_000;
export const url = 'https://login.example';
export const groupsURL = 'https://groups.example';
export const endpoint = 'https://claims.example/of/alice?key=hidden';
export const secret = 'access-token-of-alice';
export const key = createEcKey('login');
export const groupsKey = createEcKey('groups');
export const claims = { iss: url, aud: 'kubernetes', exp: now + 3_600, sub: 'alice' };
export const answered = {
  iss: groupsURL,
  aud: 'kubernetes',
  exp: now + 3_600,
  groups: ['dev', 'ops'],
};

export const elsewhere = keptAt({ endpoint, access_token: secret });

/** Claims whose groups, or whatever is named, are at this source. */
export function keptAt(source: unknown, names: Content = { groups: 'a' }): Content {
  return { ...claims, _claim_names: names, _claim_sources: { a: source } };
}

export interface FakeSources extends ClaimSources {
  readonly asked: ClaimSource[];
}

/** The keys of one issuer of groups, and one answer to everything. */
export function fakeSources(answer: string | SourceAnswer | Error): FakeSources {
  const asked: ClaimSource[] = [];
  const keys = fixedKeys(groupsKey);
  return {
    asked,
    fetchAnswer: async (source) => {
      asked.push(source);
      if (answer instanceof Error) throw answer;
      return typeof answer === 'string' ? { status: 200, body: answer } : answer;
    },
    keysOf: (issuerURL) => (issuerURL === groupsURL ? keys : fixedKeys()),
  };
}

/** Verifies a token of the issuer at `now`. */
export function verify(
  content: Content | string,
  sources?: ClaimSources,
  rules: IssuerRules = plainRules,
): Promise<VerifiedToken> {
  const token = typeof content === 'string' ? content : signToken(key, content);
  return verifyToken(parseCompactToken(token), rules, fixedKeys(key), now, sources);
}
