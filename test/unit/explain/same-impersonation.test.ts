/** Explain ends kubectl --as as the server does, for every request of the tables and whatever is granted. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { describe, it } from 'node:test';
import type { HeaderLine } from '../../../src/request/request.ts';
import { grantingReviewer } from '../../support/access-grants.ts';
import { explainAlike } from '../../support/explained.ts';
import { extraRows } from '../../support/impersonation-extra-rows.ts';
import { listRows } from '../../support/impersonation-list-rows.ts';
import { questions } from '../../support/impersonation-modes.ts';
import { requestRows } from '../../support/impersonation-request-rows.ts';
import { toCase, type Row } from '../../support/impersonation-row.ts';
import { userRows } from '../../support/impersonation-user-rows.ts';
import { plainRules } from '../../support/issuer-rules.ts';
import { kubeRequest } from '../../support/kube-request.ts';
import { createEcKey, fixedKeys, signToken } from '../../support/signed-token.ts';

const url = 'https://issuer.example';
const key = createEcKey('k');
const rules = { ...plainRules, allowReservedNames: true };
const issuers = [{ url, rules, keys: fixedKeys(key) }];
const rows: readonly Row[] = [...userRows, ...listRows, ...extraRows, ...requestRows];
const exp = Math.floor(Date.now() / 1000) + 3_600;

/** What is granted, by the question. */
const worlds: readonly (readonly [title: string, grants: (question: string) => boolean])[] = [
  ['everything', () => true],
  ['nothing', () => false],
  ['the verb impersonate', (question) => question.startsWith('impersonate ')],
  ['constrained verbs', (question) => !question.startsWith('impersonate ')],
  ['all but what is done then', (question) => !question.startsWith('impersonate-on:')],
  ...Array.from(
    { length: 3 },
    (_, seed) => [`some of it, ${seed}`, (question: string) => isGranted(question, seed)] as const,
  ),
];

describe('a request to be somebody else that is explained ends as it is decided', () => {
  for (const [title, grants] of worlds) {
    for (const constrained of [true, false]) {
      const filter = constrained ? 'the newer filter' : 'the filter of old';
      it(`when ${filter} is granted ${title}`, async () => {
        const explain = explainWith(grants, constrained);
        for (const [index, one] of rows.entries()) {
          const { lines, request } = toCase(one, index);
          const impersonation = lines.map(([name, value]) => ({ name: name.toLowerCase(), value }));
          await explain(impersonation, request, `requester-${index}`);
        }
      });
    }

    it(`in every mode of the tables, with ${title}`, async () => {
      const explain = explainWith(grants);
      for (const [index, [, { requested }]] of questions.entries()) {
        const impersonation = [{ name: 'impersonate-user', value: requested.username ?? '' }];
        await explain(impersonation, { method: 'GET', path: '/api/v1/pods' }, `requester-${index}`);
      }
    });
  }
});

describe('what is asked', () => {
  it('is told in the order that counts, mode by mode', async () => {
    const request = { method: 'GET', path: '/api/v1/namespaces/team/pods' };
    const lines = [
      { name: 'impersonate-user', value: 'bob' },
      { name: 'impersonate-group', value: 'ops' },
    ];
    const explain = explainWith((question) => !question.endsWith('groups ops'));
    const { modes, helps, message } = await explain(lines, request);
    assert.deepEqual(
      modes.map(({ mode, outcome }) => [mode, outcome]),
      [
        ['user-info', 'refused'],
        ['legacy', 'refused'],
      ],
    );
    assert.deepEqual(
      modes[0]?.rows.map(({ name, value }) => [name, value]),
      [
        ['impersonate-on:user-info:list pods in namespace team', 'allowed'],
        ['impersonate:user-info users of authentication.k8s.io "bob"', 'allowed'],
        ['impersonate:user-info groups of authentication.k8s.io "ops"', 'not allowed'],
      ],
    );
    assert.match(message, /^groups.authentication.k8s.io "ops" is forbidden/);
    assert.match(helps[0] ?? '', /"resources":\["groups"\],"resourceNames":\["ops"\]/);
    assert.match(helps[0] ?? '', /bound to the user "alice"/);
  });

  it('is not asked of a mode after the one that is allowed', async () => {
    const lines = [{ name: 'impersonate-user', value: 'bob' }];
    const request = { method: 'GET', path: '/version' };
    const { modes } = await explainWith(() => true)(lines, request);
    const [, legacy] = modes;
    assert.deepEqual([legacy?.outcome, legacy?.rows[0]?.outcome], ['leftOut', 'leftOut']);
    assert.match(legacy?.says ?? '', /^not needed/);
  });
});

interface Target {
  readonly method: string;
  readonly path: string;
}

function explainWith(grants: (question: string) => boolean, constrained = true) {
  const accessReviewer = grantingReviewer({ grants });
  const explain = explainAlike({ issuers, accessReviewer, constrained });
  return (impersonation: readonly HeaderLine[], { method, path }: Target, sub = 'alice') => {
    const token = signToken(key, { iss: url, aud: 'kubernetes', exp, sub, groups: ['dev'] });
    const headers = { authorization: [`Bearer ${token}`], impersonation };
    return explain({ ...kubeRequest(headers, path), method });
  };
}

function isGranted(question: string, seed: number): boolean {
  return (createHash('sha256').update(`${seed} ${question}`).digest()[0] ?? 0) < 160;
}
