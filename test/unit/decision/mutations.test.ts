/** What Envoy is told to change: never our token without the user beside it, never a name in both lists. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Allow } from '../../../src/decision/decision.ts';
import { impersonateHeaders, toMutations } from '../../../src/decision/mutations.ts';
import type { Identity } from '../../../src/identity/identity.ts';

const alice: Identity = {
  username: 'alice',
  uid: 'u-1',
  groups: ['dev', 'cn=ops,ou=groups', 'system:authenticated'],
  extra: { 'acme.io/team': ['blue', 'green,red'] },
};

const allowed: Allow = {
  kind: 'allow',
  auditID: 'audit-1',
  issuer: 'people',
  actAs: 'impersonate',
  outbound: alice,
  token: 'own-token',
  isUpgrade: false,
  remove: [],
};

const decision = { username: 'alice', issuer: 'people', actAs: 'impersonate', auditID: 'audit-1' };

describe('the mutations of an allowed request', () => {
  it('are our token, the user and the audit ID, and the lists for the finisher', () => {
    assert.deepEqual(toMutations(allowed), {
      set: [
        ['authorization', 'Bearer own-token'],
        ['audit-id', 'audit-1'],
        ['impersonate-user', 'alice'],
      ],
      remove: [],
      metadata: {
        headers: {
          'impersonate-user': ['alice'],
          'impersonate-uid': ['u-1'],
          'impersonate-group': ['dev', 'cn=ops,ou=groups', 'system:authenticated'],
          'impersonate-extra-acme.io%2fteam': ['blue', 'green,red'],
        },
        decision,
      },
    });
  });

  it('name nothing but the upgrade in Connection', () => {
    const { set } = toMutations({ ...allowed, isUpgrade: true });
    assert.deepEqual(
      set.filter(([name]) => name === 'connection'),
      [['connection', 'Upgrade']],
    );
  });

  it('put the other subprotocols in the place of the token', () => {
    const { set } = toMutations({ ...allowed, subprotocols: 'v5,v4' });
    assert.deepEqual(set.at(-1), ['sec-websocket-protocol', 'v5,v4']);
  });

  it('take out every name that speaks of an identity, as it was written', () => {
    const remove = ['x-remote-user', 'impersonate_user', 'X-Remote-Extra-A'];
    assert.deepEqual(toMutations({ ...allowed, remove }).remove, remove);
  });

  it('never take out what they set, in any case', () => {
    const remove = [
      'impersonate-user',
      'Impersonate-User',
      'IMPERSONATE-USER',
      'impersonate-group',
    ];
    const more = ['authorization', 'Authorization', 'audit-id', 'connection', 'Connection'];
    const mutations = toMutations({ ...allowed, isUpgrade: true, remove: [...remove, ...more] });
    const names = mutations.set.map(([name]) => name.toLowerCase());
    assert.deepEqual(
      mutations.remove.filter((name) => names.includes(name.toLowerCase())),
      [],
    );
    assert.deepEqual(mutations.remove, ['impersonate-group']);
  });

  it('set no name twice', () => {
    const { set } = toMutations({ ...allowed, isUpgrade: true, subprotocols: 'v5' });
    assert.equal(new Set(set.map(([name]) => name)).size, set.length);
  });

  it('have the user beside our token for whoever it is', () => {
    for (const username of ['alice', 'größe', 'a,b', 'system:serviceaccount:n:s']) {
      const { set } = toMutations({ ...allowed, outbound: { ...alice, username } });
      assert.deepEqual(
        set.find(([name]) => name === 'impersonate-user'),
        ['impersonate-user', username],
      );
    }
  });

  it("have no user and no list when we act as ourselves, and take the client's user out", () => {
    const remove = ['impersonate-user', 'impersonate-group'];
    const mutations = toMutations({ ...allowed, actAs: 'serviceAccount', remove });
    assert.deepEqual(
      mutations.set.map(([name]) => name),
      ['authorization', 'audit-id'],
    );
    assert.deepEqual(mutations.remove, remove);
    const acting = { ...decision, actAs: 'serviceAccount' };
    assert.deepEqual(mutations.metadata, { headers: {}, decision: acting });
  });
});

describe('mutations that would not be safe', () => {
  const unsafe: readonly (readonly [what: string, changes: Partial<Allow>])[] = [
    ['an empty user', outbound({ username: '' })],
    ['a blank user', outbound({ username: ' \t' })],
    ['a blank group', outbound({ groups: [' '] })],
    ['a blank uid', outbound({ uid: ' ' })],
    ['a blank extra value', outbound({ extra: { 'acme.io/a': ['\t'] } })],
    ['an empty audit ID', { auditID: '' }],
    ['no subprotocol in the place of the token', { subprotocols: '' }],
    ['a user that is null', outbound(JSON.parse('{"username":null}'))],
    ['a user that is a number', outbound(JSON.parse('{"username":7}'))],
    ['a user that is a list', outbound(JSON.parse('{"username":["alice"]}'))],
    ['a group that is null', outbound(JSON.parse('{"groups":["dev",null]}'))],
    ['a group that is a number', outbound(JSON.parse('{"groups":[7]}'))],
    ['a group that is a list', outbound(JSON.parse('{"groups":[["dev"]]}'))],
    ['an extra value that is null', outbound(JSON.parse('{"extra":{"acme.io/a":[null]}}'))],
    ['nobody', JSON.parse('{"outbound":null}')],
  ];
  for (const [what, changes] of unsafe) {
    it(`are not made: ${what}`, () => {
      assert.throws(() => toMutations({ ...allowed, ...changes }));
    });
  }

  it('are made of empty groups and extras, which are nobody’s account', () => {
    const empty = outbound({ groups: [''], extra: { 'acme.io/a': [''] } });
    const { headers } = toMutations({ ...allowed, ...empty }).metadata;
    assert.deepEqual(headers['impersonate-group'], ['']);
    assert.deepEqual(headers['impersonate-extra-acme.io%2fa'], ['']);
  });

  it('say no name in the error', () => {
    assert.throws(() => toMutations({ ...allowed, ...outbound({ groups: ['secret', ' '] }) }), {
      message: 'the mutations of an allowed request are incomplete',
    });
  });
});

describe('the header of an extra', () => {
  const rows: readonly (readonly [key: string, name: string])[] = [
    ['scopes', 'scopes'],
    ['acme.io/team', 'acme.io%2fteam'],
    ['Team', '%54eam'],
    ['ALL', '%41%4c%4c'],
    ['a%2fb', 'a%252fb'],
    ['%', '%25'],
    ['100%', '100%25'],
    ['a b', 'a%20b'],
    ['a:b', 'a%3ab'],
    ['a,b;c=d', 'a%2cb%3bc%3dd'],
    ['größe', 'gr%c3%b6%c3%9fe'],
    ['😀', '%f0%9f%98%80'],
    ["!#$&'*+-.^_`|~09az", "!#$&'*+-.^_`|~09az"],
    ['__proto__', '__proto__'],
    ['"', '%22'],
    ['{}()<>@[]?\\', '%7b%7d%28%29%3c%3e%40%5b%5d%3f%5c'],
  ];
  for (const [key, name] of rows) {
    it(`writes ${JSON.stringify(key)} as ${name}`, () => {
      const headers = impersonateHeaders({
        username: 'a',
        uid: '',
        groups: [],
        extra: { [key]: ['v'] },
      });
      assert.deepEqual(Object.keys(headers), ['impersonate-user', `impersonate-extra-${name}`]);
      assert.equal(decodeURIComponent(name.toLowerCase()), key, 'kube-apiserver reads another key');
    });
  }

  it('is not sent without a value', () => {
    const headers = impersonateHeaders({
      username: 'a',
      uid: '',
      groups: [],
      extra: { a: [], b: ['v'] },
    });
    assert.deepEqual(headers, { 'impersonate-user': ['a'], 'impersonate-extra-b': ['v'] });
  });

  it('can not be taken for that of a user, a group or a uid', () => {
    const extra = { user: ['admin'], group: ['system:masters'], uid: ['0'] };
    const headers = impersonateHeaders({ username: 'a', uid: '', groups: [], extra });
    assert.deepEqual(Object.keys(headers), [
      'impersonate-user',
      'impersonate-extra-user',
      'impersonate-extra-group',
      'impersonate-extra-uid',
    ]);
  });
});

function outbound(changes: Partial<Identity>): Partial<Allow> {
  return { outbound: { ...alice, ...changes } };
}
