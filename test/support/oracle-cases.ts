/** Claims that one hand-written entry maps in a way worth a name, and how that ends on both sides. */
import { withClaims, withRawClaims, type Change, type Verdict } from './oracle-drafts.ts';
import { readsExpressions, type claimEntries, type expressionEntries } from './oracle-entries.ts';

type ClaimEntry = keyof typeof claimEntries;
type ExpressionEntry = keyof typeof expressionEntries;

export interface NamedCase {
  readonly verdict: Verdict;
  readonly entry: string;
  readonly what: string;
  readonly change: Change;
}

type Claims = Readonly<Record<string, unknown>>;

const byClaims: readonly (readonly [Verdict, ClaimEntry, string, Claims])[] = [
  ['same', 'plain', 'groups in a text', { groups: 'dev' }],
  ['same', 'plain', 'groups with repetition', { groups: ['b', 'a', 'b'] }],
  ['same', 'plain', 'null for groups, uid and an extra', { groups: null, uid: null, team: null }],
  ['same', 'plain', 'empty values of an extra', { team: ['', 'a', ''] }],
  ['same', 'plain', 'reserved names', { sub: 'system:admin', groups: ['system:masters'] }],
  ['same', 'plain', 'a service account', { sub: 'system:serviceaccount:a:b' }],
  ['same', 'plain', 'the group of everybody', { groups: ['system:authenticated', 'a'] }],
  ['same', 'plain', 'the group of nobody', { groups: ['system:unauthenticated'] }],
  ['ours', 'plain', 'nobody as the user', { sub: 'system:anonymous' }],
  ['ours', 'plain', 'an empty user', { sub: '' }],
  ['ours', 'plain', 'null for the user', { sub: null }],
  ['ours', 'plain', 'an empty group', { groups: ['a', ''] }],
  ['ours', 'plain', 'a user with a space behind', { sub: 'alice ' }],
  ['ours', 'plain', 'a user with half a surrogate pair', { sub: 'a\ud800' }],
  ['refused', 'plain', 'no user', { sub: undefined }],
  ['refused', 'plain', 'no uid', { uid: undefined }],
  ['refused', 'plain', 'no extra', { team: undefined }],
  ['refused', 'plain', 'a number in a list of groups', { groups: ['a', 1] }],
  ['refused', 'plain', 'null in the list of an extra', { team: ['a', null] }],
  ['refused', 'plain', 'true for an extra', { team: true }],
  ['refused', 'email', 'a number for the subject, which is not asked for', { sub: 7 }],
  ['refused', 'email', 'a map for the subject, which is not asked for', { sub: {} }],
  ['same', 'email', 'no subject', { sub: undefined }],
  ['same', 'email', 'no word on the address', { email_verified: undefined }],
  ['refused', 'email', 'an unverified address', { email_verified: false }],
  ['refused', 'email', 'null for the verification', { email_verified: null }],
  ['refused', 'email', 'a text for the verification', { email_verified: 'true' }],
  ['refused', 'email', 'a number for the verification', { email_verified: 1 }],
  ['same', 'email', 'groups with a prefix', { groups: ['a', 'a'] }],
  ['same', 'email', 'an empty group with a prefix', { groups: ['', null] }],
  ['same', 'prefixed', 'an unverified address that is not asked for', { email_verified: false }],
  ['ours', 'prefixed', 'a user with a line break', { preferred_username: 'a\nb' }],
  ['same', 'audiences', 'the last audience', { aud: 'Zwei' }],
  ['same', 'audiences', 'two of the audiences', { aud: ['one', 'Zwei'] }],
  ['refused', 'audiences', 'no audience of ours', { aud: ['zwei', 'eins'] }],
  ['refused', 'audiences', 'null for the audience', { aud: null }],
  ['same', 'required', 'what is required', {}],
  ['same', 'required', 'null where an empty text is required', { tenant: null }],
  ['refused', 'required', 'another value', { hd: 'example.org' }],
  ['refused', 'required', 'a list of the value', { hd: ['example.com'] }],
  ['refused', 'required', 'no claim where an empty text is required', { tenant: undefined }],
  ['refused', 'required', 'null where a text is required', { hd: null }],
  ['same', 'oddNames', 'names that mean something to JavaScript', {}],
  ['refused', 'oddNames', 'no claim of the name constructor', { constructor: undefined }],
  ['same', 'registered', 'registered claims', {}],
  ['refused', 'registered', 'a number for the identity of the token', { jti: 7 }],
  ['same', 'extras', 'nested claims', {}],
  ['same', 'extras', 'nested nulls', { nested: { list: null, deep: { text: null } } }],
  ['refused', 'extras', 'a nested claim that is not there', { nested: { list: [], deep: {} } }],
  ['refused', 'extras', 'a text in place of a map', { nested: 'x' }],
  ['refused', 'extras', 'null in place of a map', { nested: null }],
  ['refused', 'extras', 'a list in place of a map', { nested: ['list'] }],
  ['same', 'extras', 'an empty identity of the token', { jti: '' }],
  ['same', 'extras', 'null for the identity of the token', { jti: null }],
  ['same', 'extras', 'a list for the identity of the token', { jti: ['a'] }],
  ['same', 'slash', 'an issuer with a slash behind', {}],
  ['same', 'elsewhere', 'an issuer whose discovery is elsewhere', {}],
];

const byExpressions: readonly (readonly [Verdict, ExpressionEntry, string, Claims])[] = [
  ['same', 'byExpression', 'whole numbers', { level: 7 }],
  ['same', 'byExpression', 'a fraction', { level: 0.1 }],
  ['same', 'byExpression', 'a large number', { level: 1e21 }],
  ['same', 'byExpression', 'a small number', { level: 1e-7 }],
  ['same', 'byExpression', 'a negative number', { level: -12.5 }],
  ['same', 'byExpression', 'a million', { level: 1_000_000 }],
  ['same', 'byExpression', 'a number of 21 digits', { level: 123_456_789_012_345_680_000 }],
  ['same', 'byExpression', 'a truth as a text', { level: true }],
  ['refused', 'byExpression', 'a map as a text', { level: {} }],
  ['refused', 'byExpression', 'null as a text', { level: null }],
  ['refused', 'byExpression', 'a number added to a text', { sub: 7 }],
  ['refused', 'byExpression', 'null for the uid', { uid: null }],
  ['same', 'byExpression', 'null for groups', { groups: null }],
  ['same', 'byExpression', 'empty groups left out', { groups: ['', 'a', ''] }],
  ['refused', 'byExpression', 'no groups', { groups: undefined }],
  ['refused', 'byExpression', 'null among groups', { groups: ['a', null] }],
  ['refused', 'anyType', 'an empty user', { sub: '' }],
  ['refused', 'anyType', 'null for the user', { sub: null }],
  ['refused', 'anyType', 'a list for the user', { sub: ['a'] }],
  ['same', 'anyType', 'no uid', { uid: undefined }],
  ['refused', 'anyType', 'a map for an extra', { any: { a: 'b' } }],
  ['same', 'anyType', 'no extra', { any: undefined }],
  ['refused', 'optionalValue', 'an optional value as groups', {}],
  ['refused', 'bareSplit', 'a text that is split and no more', { scope: 'a,b' }],
  ['same', 'mappedSplit', 'a text that is split and mapped', { scope: 'a,b,,a' }],
  ['same', 'verifiedEmail', 'a verified address', {}],
  ['same', 'verifiedEmail', 'an unverified address', { email_verified: false }],
  ['refused', 'verifiedEmail', 'a text for the verification', { email_verified: 'true' }],
  ['same', 'verifiedEmail', 'no groups', { groups: undefined }],
  ['same', 'verifiedEmail', 'null for groups, which has() finds', { groups: null }],
  ['same', 'escaped', 'claims whose names are escaped', {}],
  ['refused', 'escaped', 'no claim of the escaped name', { 'a.b': undefined }],
  ['same', 'claimRules', 'claims that keep the rules', {}],
  ['refused', 'claimRules', 'a level too low', { level: 2 }],
  ['refused', 'claimRules', 'a text for a level', { level: '7' }],
  ['refused', 'claimRules', 'no beginning to compare with', { nbf: undefined }],
  ['refused', 'claimRules', 'a text for the end', { exp: String(9_999_999_999) }],
  ['refused', 'claimRules', 'another required value', { hd: 'x' }],
  ['refused', 'claimRules', 'a claim that blocks', { blocked: true }],
  ['same', 'claimRules', 'a claim that does not', { blocked: false }],
  ['refused', 'claimRules', 'null to compare with', { blocked: null }],
  [
    'refused',
    'userRules',
    'an extra key that is not there, by the name of the claim',
    { uid: '0' },
  ],
  ['same', 'userRules', 'a user that keeps the rules', {}],
  ['refused', 'userRules', 'a user of that name', { sub: 'root' }],
  ['refused', 'userRules', 'a banned group', { groups: ['a', 'banned'] }],
  ['same', 'userRules', 'no groups', { groups: null }],
  ['refused', 'userRules', 'a group that is there too early', { groups: ['system:authenticated'] }],
  ['same', 'emailRules', 'a verified address', {}],
  ['refused', 'emailRules', 'an unverified one', { email_verified: false }],
  ['refused', 'emailRules', 'an address without a domain', { email: 'alice' }],
  ['same', 'numbers', 'a whole number', { level: 7 }],
  ['same', 'numbers', 'a negative fraction', { level: -7.9 }],
  ['refused', 'numbers', 'a number no integer can hold', { level: 1e30 }],
  ['refused', 'numbers', 'a text that is no number', { level: 'seven' }],
  ['same', 'numbers', 'a text that is a number', { level: '7' }],
];

const raw: readonly (readonly [Verdict, ExpressionEntry, string, string])[] = [
  ['same', 'byExpression', 'more digits than a number keeps', '9007199254740993'],
  ['same', 'byExpression', 'a negative zero', '-0'],
  ['same', 'byExpression', 'a whole number with a fraction', '7.0'],
  ['refused', 'byExpression', 'a number beyond all', '1e400'],
];

/** The claims of an honest token with something changed, for an entry. */
export const namedCases: readonly NamedCase[] = [
  ...[...byClaims, ...(readsExpressions ? byExpressions : [])].map(
    ([verdict, entry, what, claims]) => ({ verdict, entry, what, change: withClaims(claims) }),
  ),
  ...(readsExpressions ? raw : []).map(([verdict, entry, what, level]) => ({
    verdict,
    entry,
    what,
    change: withRawClaims(['level', level]),
  })),
];
