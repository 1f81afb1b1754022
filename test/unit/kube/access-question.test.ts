/** How a question of access is put, and that no two questions are taken for one. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { AccessAttributes } from '../../../src/kube/access-attributes.ts';
import { questionKey, reviewSpec, type AccessSubject } from '../../../src/kube/access-question.ts';
import { deepFreeze } from '../../../src/lib/deep-freeze.ts';
import { about } from '../../support/access-reviews.ts';
import { denialOf } from '../../support/denials.ts';

const alice: AccessSubject = deepFreeze({ username: 'alice', uid: '', groups: [], extra: {} });
const listing: AccessAttributes = {
  kind: 'resource',
  verb: 'list',
  group: 'apps',
  version: 'v1',
  resource: 'deployments',
  subresource: 'status',
  namespace: 'prod',
  name: 'web',
  fieldSelector: 'metadata.name=web',
  labelSelector: 'app in (a,b)',
};

describe("a review's spec", () => {
  it('says all there is', () => {
    const subject = { username: 'u', uid: 'i', groups: ['g', 'h'], extra: { k: ['v', 'w'] } };
    assert.deepEqual(reviewSpec(subject, listing), {
      user: 'u',
      uid: 'i',
      groups: ['g', 'h'],
      extra: { k: ['v', 'w'] },
      resourceAttributes: {
        verb: 'list',
        group: 'apps',
        version: 'v1',
        resource: 'deployments',
        subresource: 'status',
        namespace: 'prod',
        name: 'web',
        fieldSelector: { rawSelector: 'metadata.name=web' },
        labelSelector: { rawSelector: 'app in (a,b)' },
      },
    });
  });

  it('leaves out what is empty', () => {
    assert.deepEqual(reviewSpec(alice, about()), {
      user: 'alice',
      resourceAttributes: { verb: 'impersonate', resource: 'groups', name: 'dev' },
    });
  });

  it('names a path for what is no resource', () => {
    assert.deepEqual(reviewSpec(alice, { kind: 'path', verb: 'get', path: '/metrics' }), {
      user: 'alice',
      nonResourceAttributes: { verb: 'get', path: '/metrics' },
    });
  });
});

/** Each differs from all others. */
const subjects: readonly Partial<AccessSubject>[] = [
  {},
  { username: 'alice ' },
  { username: 'Alice' },
  { username: '' },
  { username: '', uid: 'alice' },
  { uid: '1' },
  { groups: ['a'] },
  { groups: ['a', 'b'] },
  { groups: ['b', 'a'] },
  { groups: ['a,b'] },
  { groups: ['a","b'] },
  { groups: ['["a","b"]'] },
  { groups: ['', ''] },
  { groups: [''] },
  { extra: { a: [] } },
  { extra: { a: ['b'] } },
  { extra: { a: ['b', 'c'] } },
  { extra: { a: ['b'], c: [] } },
  { extra: { 'a","b': [] } },
  { extra: JSON.parse('{"__proto__": ["b"]}') },
  { uid: 'a', groups: ['b'] },
  { groups: ['a', 'b'], extra: { c: ['d'] } },
];

const abouts: readonly AccessAttributes[] = [
  about(),
  { ...listing },
  ...Object.keys(listing)
    .filter((field) => field !== 'kind')
    .flatMap((field) => [
      { ...listing, [field]: 'other' },
      { ...listing, [field]: '' },
    ]),
  { ...listing, resource: 'deployments/status', subresource: '' },
  { kind: 'path', verb: 'get', path: '/a' },
  { kind: 'path', verb: 'post', path: '/a' },
  { kind: 'path', verb: 'get', path: '/a/' },
  about({ verb: 'get', group: '/a', resource: '', name: '' }),
];

describe("a question's key", () => {
  it('is another for every other subject and every other question', () => {
    const all = subjects.map((fields) => deepFreeze({ ...alice, ...fields }));
    const keys = [
      ...all.map((subject) => questionKey(subject, listing)),
      ...abouts.map((one) => questionKey(deepFreeze({ ...alice, uid: 'other' }), one)),
    ];
    assert.equal(new Set(keys).size, subjects.length + abouts.length);
  });

  it('is the same for the same question, whichever object asks it', () => {
    const other = { extra: {}, groups: [], uid: '', username: 'alice' };
    assert.equal(questionKey(alice, listing), questionKey(other, { ...listing }));
    assert.equal(questionKey(alice, listing), questionKey(alice, listing));
  });

  it('follows a subject that can change', () => {
    const subject = { ...alice, username: 'before' };
    const before = questionKey(subject, listing);
    subject.username = 'after';
    assert.notEqual(questionKey(subject, listing), before);
  });

  it('has a fixed length, whatever is asked', () => {
    const key = questionKey(alice, about({ name: 'x'.repeat(1_000_000) }));
    assert.equal(key.length, questionKey(alice, about()).length);
  });

  const lone = 'a\ud800';
  const broken: readonly (readonly [
    where: string,
    subject: Partial<AccessSubject>,
    asked: AccessAttributes,
  ])[] = [
    ['the user name', { username: lone }, about()],
    ['a group', { groups: [lone] }, about()],
    ["an extra's key", { extra: { [lone]: [] } }, about()],
    ["an extra's value", { extra: { a: [lone] } }, about()],
    ['a name', {}, about({ name: lone })],
    ['a path', {}, { kind: 'path', verb: 'get', path: lone }],
  ];
  for (const [where, fields, asked] of broken) {
    it(`is none with half a character in ${where}: it would arrive as another name`, async () => {
      const denial = await denialOf(() => questionKey({ ...alice, ...fields }, asked));
      assert.equal(denial.reason, 'review_unavailable');
    });
  }
});
