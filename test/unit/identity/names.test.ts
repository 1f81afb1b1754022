/** Names that Kubernetes keeps for itself, and names that would arrive as somebody else's. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Identity } from '../../../src/identity/identity.ts';
import { refuseReservedNames, refuseUncarriableNames } from '../../../src/identity/names.ts';
import { denialOf } from '../../support/denials.ts';

const alice: Identity = { username: 'alice', uid: '', groups: [], extra: {} };

const reserved: readonly string[] = [
  'system:masters',
  'system:authenticated',
  'system:unauthenticated',
  'system:anonymous',
  'system:admin',
  'system:node:a',
  'system:nodes',
  'system:serviceaccount:kube-system:a',
  'system:serviceaccounts',
  'system:kube-controller-manager',
  'system:',
  'system::',
  'system:\u0000',
];

const free: readonly string[] = [
  'alice',
  'system',
  'systems:masters',
  'System:masters',
  'oidc:system:masters',
  ' system:masters',
  'system\u200b:masters',
];

/** What a header line changes, and in which words it is refused. */
const uncarriable: readonly (readonly [text: string, fault: string])[] = [
  [' alice', 'starts or ends with white space'],
  ['alice ', 'starts or ends with white space'],
  ['\talice', 'starts or ends with white space'],
  ['alice\t', 'starts or ends with white space'],
  ['alice\n', 'starts or ends with white space'],
  ['\r\nalice', 'starts or ends with white space'],
  ['\u00a0alice', 'starts or ends with white space'],
  ['alice\u2003', 'starts or ends with white space'],
  ['\ufeffalice', 'starts or ends with white space'],
  ['alice\u2028', 'starts or ends with white space'],
  ['al\tice', 'holds a control character'],
  ['al\nice', 'holds a control character'],
  ['al\rice', 'holds a control character'],
  ['alice\r\nimpersonate-group: system:masters', 'holds a control character'],
  ['al\u0000ice', 'holds a control character'],
  ['\u0000', 'holds a control character'],
  ['alice\u0000', 'holds a control character'],
  ['al\u0001ice', 'holds a control character'],
  ['al\u001bice', 'holds a control character'],
  ['alice\u001f', 'holds a control character'],
  ['al\u007fice', 'holds a control character'],
  ['al\ud800ice', 'is not well-formed Unicode'],
  ['alice\udc00', 'is not well-formed Unicode'],
  ['\ude00\ud83d', 'is not well-formed Unicode'],
];

const carriable: readonly string[] = [
  'alice',
  'alice smith',
  'cn=ops,ou=groups,dc=example',
  'größe',
  'アリス',
  '😀',
  'e\u0301',
  'al\u0085ice',
  'al\u00a0ice',
  'al\u200bice',
  'al\u202eice',
  '"alice"',
  'al\\ice',
  '%20',
  'a:b;c=d',
  '0',
  'null',
  'x'.repeat(10_000),
];

describe('names of Kubernetes', () => {
  for (const name of reserved) {
    it(`are refused for a user: ${JSON.stringify(name)}`, async () => {
      const denial = await denialOf(() => refuseReservedNames({ ...alice, username: name }));
      assert.equal(denial.reason, 'reserved_name');
      assert.match(
        denial.message,
        /^the token names a user that starts with "system:".*username prefix/,
      );
    });
    it(`are refused for a group: ${JSON.stringify(name)}`, async () => {
      for (const groups of [[name], ['dev', name], [name, 'dev']]) {
        const denial = await denialOf(() => refuseReservedNames({ ...alice, groups }));
        assert.equal(denial.reason, 'reserved_name');
        assert.match(
          denial.message,
          /^the token names a group that starts with "system:".*groups prefix/,
        );
      }
    });
  }
  for (const name of free) {
    it(`are told from ${JSON.stringify(name)}`, () => {
      refuseReservedNames({ ...alice, username: name, groups: [name] });
    });
  }

  it('are no matter of uids and extras', () => {
    refuseReservedNames({ ...alice, uid: 'system:a', extra: { 'system:b': ['system:c'] } });
  });
});

describe('names in a header', () => {
  for (const [text, fault] of uncarriable) {
    it(`are refused wherever they stand: ${JSON.stringify(text)}`, async () => {
      const places: readonly (readonly [string, Partial<Identity>])[] = [
        ['uid', { uid: text }],
        ['group', { groups: ['dev', text, 'ops'] }],
        ['extra key', { extra: { [text]: ['x'] } }],
        ['extra value', { extra: { 'acme.io/a': ['x', text] } }],
        ...(text.trim() === '' ? [] : [['user name', { username: text }] as const]),
      ];
      for (const [what, changes] of places) {
        const denial = await denialOf(() => refuseUncarriableNames({ ...alice, ...changes }));
        assert.equal(denial.reason, 'name_not_carriable');
        assert.equal(
          denial.message,
          `the token gives ${what.startsWith('extra') ? 'an' : 'a'} ${what} that ${fault}, which no header can carry to the API server unchanged`,
        );
      }
    });
  }

  for (const username of ['', ' ', '\t', '\u00a0', '\u3000 ', '\r\n']) {
    it(`may not leave the user blank: ${JSON.stringify(username)}`, async () => {
      const denial = await denialOf(() => refuseUncarriableNames({ ...alice, username }));
      assert.equal(denial.reason, 'name_not_carriable');
      assert.equal(denial.message, 'the token gives a blank user name');
    });
  }

  it('may be empty, but for the user and the key of an extra', async () => {
    refuseUncarriableNames({ ...alice, uid: '', groups: [''], extra: { a: [''] } });
    const noKey = { ...alice, extra: { '': ['x'] } };
    const { message } = await denialOf(() => refuseUncarriableNames(noKey));
    assert.match(message, /an extra key that is empty, which no header can carry/);
  });

  it('are the request’s when it is the request that asks for them', async () => {
    const { message } = await denialOf(() =>
      refuseUncarriableNames({ ...alice, groups: [' a'] }, 'the request asks for'),
    );
    assert.match(message, /^the request asks for a group that starts or ends with white space/);
  });

  for (const text of carriable) {
    it(`are carried: ${JSON.stringify(text.slice(0, 40))}`, () => {
      const extra = { [text]: [text] };
      refuseUncarriableNames({ username: text, uid: text, groups: [text], extra });
    });
  }

  it('cover every control character', async () => {
    const codes = [...Array.from({ length: 32 }, (_, code) => code), 127];
    for (const code of codes) {
      const username = `a${String.fromCharCode(code)}b`;
      await denialOf(() => refuseUncarriableNames({ ...alice, username }));
    }
  });
});
