/**
 * Tokens before they are signed, down to the bytes: claims and header are lists of members in raw JSON, so that a name may come
 * twice and a number may be one that JavaScript can't hold.
 */
import { encodePart, signatureOf, type TestKey } from './signed-token.ts';

/** A name and its value in JSON. */
export type Member = readonly [name: string, json: string];

export interface Draft {
  readonly header: readonly Member[];
  readonly claims: readonly Member[];
  readonly key: TestKey;
  /** How it is signed, whatever the header says. */
  readonly alg: string;
  /** In place of the header's JSON. */
  readonly headerBytes?: Buffer | string;
  /** In place of the claims' JSON. */
  readonly claimBytes?: Buffer | string;
  /** Changes a part in base64url before it is signed. */
  readonly encode?: (part: string) => string;
  /** In place of the signature of header and claims. */
  readonly sign?: (input: string, draft: Draft) => Buffer;
  /** Changes the whole token afterwards. */
  readonly finish?: (text: string) => string;
}

export type Change = (draft: Draft) => Draft;

/** `same`: taken alike; `refused` by both; `ours`: only we refuse, by design. */
export type Verdict = 'same' | 'refused' | 'ours';

export type Row = readonly [verdict: Verdict, what: string, change: Change];

/** A draft with these claims set or, where undefined, taken out. */
export function withClaims(claims: Readonly<Record<string, unknown>>): Change {
  return (draft) => ({ ...draft, claims: setMembers(draft.claims, Object.entries(claims)) });
}

/** The same for the header. */
export function withHeader(header: Readonly<Record<string, unknown>>): Change {
  return (draft) => ({ ...draft, header: setMembers(draft.header, Object.entries(header)) });
}

/** Members in raw JSON, set in place of those of the same name. */
export function withRawClaims(...members: readonly Member[]): Change {
  const names = new Set(members.map(([name]) => name));
  return (draft) => ({
    ...draft,
    claims: [...draft.claims.filter(([name]) => !names.has(name)), ...members],
  });
}

/** Members in raw JSON, added after those of the same name. */
export function withMoreClaims(...members: readonly Member[]): Change {
  return (draft) => ({ ...draft, claims: [...draft.claims, ...members] });
}

/** Members in raw JSON, before all others. */
export function withClaimsBefore(...members: readonly Member[]): Change {
  return (draft) => ({ ...draft, claims: [...members, ...draft.claims] });
}

export function signedBy(key: TestKey, alg: string): Change {
  return (draft) => ({
    ...withHeader({ alg, kid: key.kid === '' ? undefined : key.kid })(draft),
    key,
    alg,
  });
}

/** One change after the other. */
export function all(...changes: readonly Change[]): Change {
  return (draft) => changes.reduce((changed, change) => change(changed), draft);
}

function setMembers(
  members: readonly Member[],
  values: readonly (readonly [string, unknown])[],
): readonly Member[] {
  const names = new Set(values.map(([name]) => name));
  const added = values.flatMap(([name, value]): Member[] =>
    value === undefined ? [] : [[name, JSON.stringify(value)]],
  );
  return [...members.filter(([name]) => !names.has(name)), ...added];
}

export function toJson(members: readonly Member[]): string {
  return `{${members.map(([name, json]) => `${JSON.stringify(name)}:${json}`).join(',')}}`;
}

/** The token of a draft. */
export function signDraft(draft: Draft): string {
  const { encode = (part) => part, finish = (text) => text, sign = signHonestly } = draft;
  const header = draft.headerBytes ?? toJson(draft.header);
  const claims = draft.claimBytes ?? toJson(draft.claims);
  const input = `${encode(toBase64(header))}.${encode(toBase64(claims))}`;
  return finish(`${input}.${sign(input, draft).toString('base64url')}`);
}

function signHonestly(input: string, { alg, key }: Draft): Buffer {
  return signatureOf(input, alg, key.privateKey);
}

function toBase64(part: Buffer | string): string {
  return typeof part === 'string' ? encodePart(part) : part.toString('base64url');
}
