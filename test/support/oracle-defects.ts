/** What can be odd or wrong about the claims that every token has, and how it ends on both sides. */
import { audience } from './oracle-entries.ts';
import {
  all,
  withClaims,
  withClaimsBefore,
  withMoreClaims,
  withRawClaims,
  type Change,
  type Row,
  type Verdict,
} from './oracle-drafts.ts';
import type { OracleKeys } from './oracle-issuers.ts';
import { formDefects } from './oracle-form-defects.ts';
import { signingDefects } from './oracle-signing-defects.ts';

export interface Defect {
  readonly verdict: Verdict;
  readonly what: string;
  readonly change: Change;
}

/** Every defect, of the time when it is asked for. */
export function defects(keys: OracleKeys): readonly Defect[] {
  const rows = [
    ...dates(),
    ...audiences(),
    ...issuers(),
    ...signingDefects(keys),
    ...formDefects(keys),
  ];
  return rows.map(([verdict, what, change]) => ({ verdict, what, change }));
}

function dates(): readonly Row[] {
  const now = Math.floor(Date.now() / 1000);
  return [
    ['same', 'exp in a text', withClaims({ exp: String(now + 600) })],
    ['same', 'exp with a fraction', withClaims({ exp: now + 600.7 })],
    ['same', 'exp with an exponent', withRawClaims(['exp', '9.9e9'])],
    ['same', 'exp in a text with an exponent', withRawClaims(['exp', '"99e8"'])],
    ['same', 'exp in the year 200 000', withClaims({ exp: 6_249_000_000_000 })],
    ['refused', 'exp after the end of time', withRawClaims(['exp', '9223372036854775807'])],
    ['refused', 'exp beyond 64 bits', withRawClaims(['exp', '9223372036854775808'])],
    ['refused', 'exp of 1e30', withRawClaims(['exp', '1e30'])],
    ['refused', 'exp of 1e400', withRawClaims(['exp', '1e400'])],
    ['refused', 'exp in a text with zeros in front', withRawClaims(['exp', '"0099999999999"'])],
    ['refused', 'exp in a text with a sign', withRawClaims(['exp', '"+99999999999"'])],
    ['refused', 'exp in a text with a space', withRawClaims(['exp', '" 99999999999"'])],
    ['refused', 'exp in a text of another base', withRawClaims(['exp', '"0x7fffffffff"'])],
    ['refused', 'exp in an empty text', withClaims({ exp: '' })],
    ['refused', 'exp in a list', withClaims({ exp: [now + 600] })],
    ['refused', 'exp true', withClaims({ exp: true })],
    ['refused', 'no exp', withClaims({ exp: undefined })],
    ['refused', 'exp null', withClaims({ exp: null })],
    ['refused', 'exp passed', withClaims({ exp: now - 30 })],
    ['refused', 'exp zero', withClaims({ exp: 0 })],
    ['refused', 'exp negative', withClaims({ exp: -1 })],
    ['ours', 'exp written Exp after exp', withRawClaims(['Exp', '9999999999'])],
    ['same', 'nbf in half a minute', withClaims({ nbf: now + 30 })],
    ['same', 'nbf long ago', withClaims({ nbf: -5 })],
    ['same', 'nbf null', withClaims({ nbf: null })],
    ['same', 'no nbf', withClaims({ nbf: undefined })],
    ['refused', 'nbf in two minutes', withClaims({ nbf: now + 120 })],
    ['refused', 'nbf in a word', withClaims({ nbf: 'now' })],
    ['refused', 'nbf in a map', withClaims({ nbf: {} })],
    ['ours', 'nbf of 1e30', withRawClaims(['nbf', '1e30'])],
    ['refused', 'nbf of 1e400', withRawClaims(['nbf', '1e400'])],
    ['same', 'no iat', withClaims({ iat: undefined })],
    ['same', 'iat in the future', withClaims({ iat: now + 9_000 })],
    ['refused', 'iat null', withClaims({ iat: null })],
    ['refused', 'iat in a word', withClaims({ iat: 'now' })],
    ['refused', 'iat of 1e400', withRawClaims(['iat', '1e400'])],
    ['refused', 'a second exp that has passed', withMoreClaims(['exp', '7'])],
    ['ours', 'a first exp that has passed', withClaimsBefore(['exp', '7'])],
    ['refused', 'an EXP that has passed after exp', withMoreClaims(['EXP', '7'])],
    ['ours', 'an EXP that has passed before exp', withClaimsBefore(['EXP', '7'])],
    ['refused', 'an Nbf that has not come', withMoreClaims(['Nbf', String(now + 600)])],
    [
      'ours',
      'only EXP',
      all(withClaims({ exp: undefined }), withMoreClaims(['EXP', '9999999999'])),
    ],
  ];
}

function audiences(): readonly Row[] {
  return [
    ['same', 'a list of one audience', withClaims({ aud: [audience] })],
    ['same', 'a list of audiences', withClaims({ aud: ['else', audience] })],
    ['same', 'null among the audiences', withClaims({ aud: [null, audience] })],
    ['same', 'the audience twice', withClaims({ aud: [audience, audience] })],
    ['refused', 'no audience', withClaims({ aud: undefined })],
    ['refused', 'another audience', withClaims({ aud: 'else' })],
    ['refused', 'the audience in another case', withClaims({ aud: 'Kubernetes' })],
    ['refused', 'part of the audience', withClaims({ aud: audience.slice(0, 4) })],
    ['refused', 'the audience and a space', withClaims({ aud: `${audience} ` })],
    ['refused', 'a number for the audience', withClaims({ aud: 7 })],
    ['refused', 'a number among the audiences', withClaims({ aud: [audience, 7] })],
    ['refused', 'a list among the audiences', withClaims({ aud: [[audience]] })],
    ['refused', 'a map for the audience', withClaims({ aud: { [audience]: true } })],
    ['refused', 'null for the audience', withClaims({ aud: null })],
    ['refused', 'no audiences in the list', withClaims({ aud: [] })],
    ['refused', 'an Aud after aud', withMoreClaims(['Aud', '"else"'])],
    ['refused', 'the audience only in azp', withClaims({ aud: 'else', azp: audience })],
  ];
}

function issuers(): readonly Row[] {
  return [
    ['refused', 'no issuer', withClaims({ iss: undefined })],
    ['refused', 'null for the issuer', withClaims({ iss: null })],
    ['refused', 'a list of the issuer', withIssuer((issuer) => [issuer])],
    ['refused', 'the issuer with a slash more', withIssuer((issuer) => `${issuer}/`)],
    ['refused', 'the issuer with a space', withIssuer((issuer) => ` ${issuer}`)],
    ['refused', 'the issuer in capitals', withIssuer((issuer) => issuer.toUpperCase())],
    ['refused', 'an issuer nobody knows', withClaims({ iss: 'https://nobody.example' })],
    ['ours', 'another issuer before it', withClaimsBefore(['iss', '"https://nobody.example"'])],
    ['refused', 'another issuer after it', withMoreClaims(['iss', '"https://nobody.example"'])],
    ['refused', 'another Iss after it', withMoreClaims(['Iss', '"https://nobody.example"'])],
    ['ours', 'null for the issuer after it', withMoreClaims(['iss', 'null'])],
    [
      'refused',
      'another iss with a long s after it',
      withMoreClaims(['i\u017fs', '"https://nobody.example"']),
    ],
    ['refused', 'a number for an iss with a long s before it', withClaimsBefore(['i\u017fs', '7'])],
    [
      'ours',
      'another iss with a long s before it',
      withClaimsBefore(['i\u017fs', '"https://nobody.example"']),
    ],
    ['refused', 'a number for a nonce', withClaims({ nonce: 7 })],
    ['refused', 'a list for at_hash', withClaims({ at_hash: [] })],
    ['refused', 'a number for NONCE', withMoreClaims(['NONCE', '7'])],
    ['same', 'null for a nonce', withClaims({ nonce: null })],
    ['refused', 'a text for _claim_names', withClaims({ _claim_names: 'x' })],
    ['refused', 'a source of claims that is not there', withClaims({ _claim_names: { a: 'b' } })],
    ['refused', 'a list for _claim_sources', withClaims({ _claim_sources: [] })],
    ['refused', 'a source of claims in a text', withClaims({ _claim_sources: { a: 'b' } })],
    [
      'refused',
      'a source of claims without a name',
      withClaims({ _claim_names: { a: '' }, _claim_sources: { '': {} } }),
    ],
    ['refused', 'a number for an Endpoint', withClaims({ _claim_sources: { a: { Endpoint: 7 } } })],
    [
      'refused',
      'a number for an access_token with a long s',
      withClaims({ _claim_sources: { a: { 'acce\u017fs_token': 7 } } }),
    ],
    ['ours', 'an Endpoint', withClaims({ _claim_sources: { a: { Endpoint: '' } } })],
    [
      'same',
      'a source of claims and more',
      withClaims({ _claim_names: { x: 'a' }, _claim_sources: { a: { endpoint: null, more: 7 } } }),
    ],
    ...repeated(),
    ['same', 'no claim names, null', withClaims({ _claim_names: null, _claim_sources: null })],
    ['same', 'empty claim names and sources', withClaims({ _claim_names: {}, _claim_sources: {} })],
  ];
}

/** Of two members of one name, Go decodes both into a struct, adds the second map to the first, and keeps the last of others. */
function repeated(): readonly Row[] {
  return [
    [
      'refused',
      'a number for a nonce, then a text',
      withMoreClaims(['nonce', '7'], ['nonce', '"x"']),
    ],
    [
      'refused',
      'a text for a nonce, then a number',
      withMoreClaims(['nonce', '"x"'], ['nonce', '7']),
    ],
    ['refused', 'a number for a subject before it', withClaimsBefore(['sub', '7'])],
    ['refused', 'a list for an exp before it', withClaimsBefore(['exp', '[]'])],
    ['refused', 'a number for an audience before it', withClaimsBefore(['aud', '7'])],
    [
      'refused',
      'a source of claims that is not there, then no claim names',
      withMoreClaims(['_claim_names', '{"a":"b"}'], ['_claim_names', '{}']),
    ],
    [
      'refused',
      'a number in the claim names, then a text, under one name',
      withMoreClaims(['_claim_names', '{"a":7,"a":"b"}'], ['_claim_sources', '{"b":{}}']),
    ],
    [
      'refused',
      'a number for an endpoint, then a text',
      withMoreClaims(['_claim_sources', '{"b":{"endpoint":7,"endpoint":""}}']),
    ],
    ['ours', 'another subject before it', withClaimsBefore(['sub', '"bob"'])],
    ['ours', 'a claim twice that nobody reads', withMoreClaims(['x', '1'], ['x', '2'])],
    ['ours', 'a name twice far inside', withMoreClaims(['x', '[{"a":{"b":1,"b":2}}]'])],
    ['ours', 'two names that are one in Go', withMoreClaims(['\ud800', '1'], ['\udfff', '2'])],
  ];
}

function withIssuer(change: (issuer: string) => unknown): Change {
  return (draft) => {
    const json = draft.claims.find(([name]) => name === 'iss')?.[1] ?? 'null';
    return withClaims({ iss: change(String(JSON.parse(json))) })(draft);
  };
}
