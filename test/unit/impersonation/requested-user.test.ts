/** Who a request asks to be: the Impersonate-* headers, as kube-apiserver reads them. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { readRequestedUser } from '../../../src/impersonation/requested-user.ts';
import type { Identity } from '../../../src/identity/identity.ts';
import { denialOf } from '../../support/denials.ts';

type Lines = readonly (readonly [name: string, value: string])[];

const rules = { constrained: true, maxHeaderValues: 64 };
const bob: Identity = { username: 'bob', uid: '', groups: [], extra: {} };

const read: readonly (readonly [title: string, lines: Lines, is: Partial<Identity>])[] = [
  ['a user', [['user', 'bob']], {}],
  [
    'the first of two users',
    [
      ['user', 'bob'],
      ['user', 'eve'],
    ],
    {},
  ],
  [
    'the first of two uids',
    [
      ['user', 'bob'],
      ['uid', '1'],
      ['uid', '2'],
    ],
    { uid: '1' },
  ],
  [
    'no uid when the first is empty',
    [
      ['user', 'bob'],
      ['uid', ''],
      ['uid', '2'],
    ],
    {},
  ],
  [
    'groups in their order, with repetitions and empty ones',
    [
      ['group', 'b'],
      ['user', 'bob'],
      ['group', 'a'],
      ['group', ''],
      ['group', 'b'],
    ],
    { groups: ['b', 'a', '', 'b'] },
  ],
  [
    'a group with commas as one',
    [
      ['user', 'bob'],
      ['group', 'cn=a,ou=b'],
    ],
    { groups: ['cn=a,ou=b'] },
  ],
  [
    'an extra key decoded, its values in order',
    [
      ['user', 'bob'],
      ['extra-acme.io%2fteam', 'x'],
      ['extra-acme.io%2fteam', ''],
    ],
    { extra: { 'acme.io/team': ['x', ''] } },
  ],
  [
    'two spellings of an extra key as one',
    [
      ['user', 'bob'],
      ['extra-a', '1'],
      ['extra-%61', '2'],
    ],
    { extra: { a: ['1', '2'] } },
  ],
  [
    'an escaped upper-case letter in an extra key',
    [
      ['user', 'bob'],
      ['extra-%41', '1'],
    ],
    { extra: { A: ['1'] } },
  ],
  [
    'an extra key as it stands when an escape of it is malformed',
    [
      ['user', 'bob'],
      ['extra-%41%zz', '1'],
      ['extra-50%', '2'],
    ],
    { extra: { '%41%zz': ['1'], '50%': ['2'] } },
  ],
  [
    'an extra without a key',
    [
      ['user', 'bob'],
      ['extra-', '1'],
    ],
    { extra: { '': ['1'] } },
  ],
  [
    'an extra key that is JavaScript’s',
    [
      ['user', 'bob'],
      ['extra-__proto__', '1'],
      ['extra-constructor', '2'],
    ],
    {
      extra: Object.fromEntries([
        ['__proto__', ['1']],
        ['constructor', ['2']],
      ]),
    },
  ],
];

const nobody: readonly (readonly [title: string, lines: Lines])[] = [
  ['no line', []],
  ['an empty user', [['user', '']]],
  [
    'an empty user before a real one',
    [
      ['user', ''],
      ['user', 'bob'],
    ],
  ],
  ['an empty uid', [['uid', '']]],
];

const withoutUser: readonly (readonly [lines: Lines, constrained: string, legacy: string])[] = [
  [
    [['uid', '1234']],
    'requested &user.DefaultInfo{Name:"", UID:"1234", Groups:[]string(nil), Extra:map[string][]string(nil)} without impersonating a user name',
    'requested [{UID  1234  authentication.k8s.io/v1  }] without impersonating a user',
  ],
  [
    [['group', 'g']],
    'requested &user.DefaultInfo{Name:"", UID:"", Groups:[]string{"g"}, Extra:map[string][]string(nil)} without impersonating a user name',
    'requested [{Group  g    }] without impersonating a user',
  ],
  [
    [['group', '']],
    'requested &user.DefaultInfo{Name:"", UID:"", Groups:[]string{""}, Extra:map[string][]string(nil)} without impersonating a user name',
    'requested [{Group      }] without impersonating a user',
  ],
  [
    [
      ['user', ''],
      ['extra-b', 'x"'],
      ['extra-a', ''],
      ['extra-b', 'é\u0001'],
    ],
    'requested &user.DefaultInfo{Name:"", UID:"", Groups:[]string(nil), Extra:map[string][]string{"a":[]string{""}, "b":[]string{"x\\"", "é\\x01"}}} without impersonating a user name',
    'requested [{UserExtra  x"  authentication.k8s.io/v1  b} {UserExtra  é\u0001  authentication.k8s.io/v1  b} {UserExtra    authentication.k8s.io/v1  a}] without impersonating a user',
  ],
];

const unknown = ['impersonate-foo', 'impersonate-', 'impersonate-users', 'impersonate-extra'];

describe('who a request asks to be', () => {
  for (const [title, lines, is] of read) {
    it(`is read: ${title}`, () => {
      assert.deepEqual(ask(lines), { ...bob, ...is });
    });
  }

  for (const [title, lines] of nobody) {
    it(`is nobody: ${title}`, () => assert.equal(ask(lines), undefined));
  }
});

describe('groups, a uid or extras without a user', () => {
  for (const [lines, constrained, legacy] of withoutUser) {
    it(`are refused in kube-apiserver's words: ${JSON.stringify(lines)}`, async () => {
      const now = await denialOf(() => ask(lines));
      assert.deepEqual([now.reason, now.message], ['impersonation_malformed', constrained]);
      const before = await denialOf(() => ask(lines, { constrained: false }));
      assert.deepEqual([before.reason, before.message], ['impersonation_malformed', legacy]);
    });
  }
});

describe('a header that is none of Kubernetes', () => {
  for (const name of unknown) {
    it(`is refused beside a user: ${name}`, async () => {
      const impersonation = [
        { name: 'impersonate-user', value: 'bob' },
        { name, value: 'x' },
      ];
      const { reason, message } = await denialOf(() =>
        readRequestedUser({ impersonation, joined: false }, rules),
      );
      assert.equal(reason, 'impersonation_malformed');
      assert.ok(message.includes(`"${name}"`), message);
    });
  }

  it('is refused when its key is no text', async () => {
    const { reason } = await denialOf(() =>
      ask([
        ['user', 'bob'],
        ['extra-%ff', 'x'],
      ]),
    );
    assert.equal(reason, 'impersonation_malformed');
  });
});

describe('lines that Envoy has joined', () => {
  it('are read when nothing in them can be two', () => {
    const lines: Lines = [
      ['user', 'bob'],
      ['group', 'a'],
    ];
    assert.deepEqual(ask(lines, { joined: true }), { ...bob, groups: ['a'] });
  });

  for (const name of ['user', 'uid', 'group', 'extra-a']) {
    it(`are refused with a comma, which says how to help: ${name}`, async () => {
      const lines: Lines = [
        ['user', 'bob'],
        [name, 'a,b'],
      ];
      const { reason, message } = await denialOf(() => ask(lines, { joined: true }));
      assert.equal(reason, 'impersonation_malformed');
      assert.match(message, /encode_raw_headers/);
    });
  }
});

describe('more values than are looked at', () => {
  const groups = Array.from({ length: 62 }, (_, index): readonly [string, string] => [
    'group',
    `g${index}`,
  ]);
  const most: Lines = [['user', 'bob'], ['uid', '1'], ...groups];

  it('begin one above the limit', () => {
    assert.equal(ask(most)?.groups.length, 62);
  });

  for (const one of [
    ['group', 'g'],
    ['extra-a', 'x'],
  ] as const) {
    it(`are refused with 431: ${one[0]}`, async () => {
      const { reason } = await denialOf(() => ask([...most, one]));
      assert.equal(reason, 'impersonation_too_large');
    });
  }
});

function ask(
  lines: Lines,
  { constrained = true, joined = false }: { constrained?: boolean; joined?: boolean } = {},
): Identity | undefined {
  const impersonation = lines.map(([name, value]) => ({ name: `impersonate-${name}`, value }));
  return readRequestedUser({ impersonation, joined }, { ...rules, constrained });
}
