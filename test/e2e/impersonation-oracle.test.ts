/**
 * kube-apiserver is the oracle for `kubectl --as`: the same request, with the same Impersonate-* lines
 * and the same token, goes straight to it and through Envoy, under both of its filters. Both end with
 * the same status, the same user and the same refusal, word for word, or the row says why not. What the
 * API server wrote into its audit log of either is compared, too.
 * SEED repeats a run, ORACLE_CASES makes it longer.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, describe, it } from 'node:test';
import { asText, differenceOf, type Answer } from '../support/impersonation-answer.ts';
import { auditFaults } from '../support/impersonation-audit.ts';
import {
  groups,
  requests,
  user,
  whoAmI,
  type Case,
  type Line,
} from '../support/impersonation-case.ts';
import { randomLane } from '../support/impersonation-generator.ts';
import {
  startImpersonationLab,
  type Exchange,
  type ImpersonationLab,
} from '../support/impersonation-lab.ts';
import { extraRows } from '../support/impersonation-extra-rows.ts';
import { listRows } from '../support/impersonation-list-rows.ts';
import { requestRows } from '../support/impersonation-request-rows.ts';
import { isExpected, toCase, type Row } from '../support/impersonation-row.ts';
import { userRows } from '../support/impersonation-user-rows.ts';
import type { GrantName } from '../support/impersonation-world.ts';
import { createRandom } from '../support/random.ts';
import { sendHttp2 } from '../support/raw-client.ts';

const rows = [...userRows, ...listRows, ...extraRows, ...requestRows];
const seed = Number(process.env['SEED'] ?? 1);
const cases = Number(process.env['ORACLE_CASES'] ?? 1_000);
const lanes = 12;

const named: readonly GrantName[] = ['users: bob', 'groups: dev', 'uids: 1', 'extra: team blue'];
const everything: readonly GrantName[] = ['users', 'groups', 'all of authentication'];

/** HTTP/1.1 trims white space, HTTP/2 doesn't. */
const blankLines: readonly (readonly [string, ...Line[]])[] = [
  ['a user', ['impersonate-user', ' bob']],
  ['a user at the end', ['impersonate-user', 'bob ']],
  ['a group', ['impersonate-user', 'bob'], ['impersonate-group', ' dev']],
  ['a uid', ['impersonate-user', 'bob'], ['impersonate-uid', '1\t']],
  ['an extra', ['impersonate-user', 'bob'], ['impersonate-extra-example.com%2fteam', ' blue']],
  ['a blank user', ['impersonate-user', '  ']],
];

for (const constrained of [true, false]) {
  const gate = constrained ? 'on' : 'off';
  describe(`kubectl --as with ConstrainedImpersonation ${gate}, seed ${seed}`, () => {
    let lab: ImpersonationLab;
    const asked = new Map<string, Case & Exchange>();
    before(async () => {
      lab = await startImpersonationLab({ constrained, atOnce: lanes });
    });
    after(() => lab.stop());

    async function ask(one: Case, mark: string): Promise<Exchange> {
      const exchange = await lab.ask(one, mark);
      asked.set(mark, { ...one, ...exchange });
      return exchange;
    }

    for (const [index, row] of rows.entries()) {
      it(`${titleOf(row)}${byWhom(row)}`, async () => {
        const one = toCase(row, index);
        const { straight, through } = await ask(one, `row-${index}`);
        const told = describeExchange(one, { straight, through });
        assert.ok(isExpected(row, straight.status, constrained), told);
        assertSameEnd(row, one, { straight, through });
      });
    }

    for (const [what, may] of [
      ['refused', ['info: users', 'info on reviews', 'users', 'groups: dev']],
      ['allowed', everything],
      ['allowed by name', ['users', 'groups: dev', 'groups: odd']],
    ] as const) {
      it(`many requests at once are ${what} as one is`, async () => {
        const lines = [user('bob'), ...groups('dev', 'a,b', 'größe')];
        const one = { requester: { name: `at once ${what}`, may }, lines, request: whoAmI };
        const exchanges = await Promise.all(
          Array.from({ length: 2 * lanes }, (_, index) => ask(one, `at-once-${what}-${index}`)),
        );
        for (const { straight, through } of exchanges) {
          assert.equal(straight.status, what === 'refused' ? 403 : 201);
          assert.equal(differenceOf(straight, through, lines), undefined, through.body);
        }
      });
    }

    it('a token that proves nobody is refused first, whoever it asks to be', async () => {
      for (const lines of [[user('bob')], [user('')], groups('dev')]) {
        const requester = { account: 'unknown' } as const;
        const one = { requester, lines, request: requests.pods };
        const { straight, through } = await lab.ask(one, 'without-a-token');
        assert.deepEqual([straight.status, through.status], [401, 401]);
      }
    });

    async function askByHttp2(
      may: readonly GrantName[],
      lines: readonly Line[],
    ): Promise<Exchange> {
      const { quickstart, tokenOf } = lab;
      const token = await tokenOf({ name: `http2 with ${may.length}`, may });
      const send = async (url: string): Promise<Answer> => {
        const ca = readFileSync(quickstart.files.ca, 'utf8');
        const all = [['authorization', `Bearer ${token}`], ...lines] as const;
        const { status, headers, body } = await sendHttp2({ url, ca, path: '/livez', lines: all });
        return { status, reason: headers['x-kube-ext-authz-reason'] ?? '', body };
      };
      const straight = await send(quickstart.cluster.server);
      return { straight, through: await send(quickstart.envoy.url) };
    }

    for (const [what, ...lines] of blankLines) {
      it(`over HTTP/2 ${what} with white space around is somebody else`, async () => {
        const refused = await askByHttp2(named, lines);
        assert.equal(refused.straight.status, 403);
        assert.equal(differenceOf(refused.straight, refused.through, lines), undefined);
        const { straight, through } = await askByHttp2(everything, lines);
        assert.equal(straight.status, 200, straight.body);
        assert.equal(through.reason, 'name_not_carriable');
      });
    }

    it(`${cases} random requests end alike`, async () => {
      const counts: Record<string, number> = {};
      const failed: string[] = [];
      const count = Math.ceil(cases / lanes);
      const work = Array.from({ length: lanes }, async (_, lane) => {
        const made = randomLane(createRandom(seed * lanes + lane), { lane, lanes, count });
        for (const [index, one] of made.entries()) {
          const exchange = await ask(one, `random-${lane}-${index}`);
          const { straight, through } = exchange;
          counts[straight.status] = (counts[straight.status] ?? 0) + 1;
          const difference = differenceOf(asText(straight, through), through, one.lines);
          if (difference === undefined) continue;
          failed.push(`${difference}: ${describeExchange(one, exchange)}`);
        }
      });
      await Promise.all(work);
      const told = [`SEED=${seed}`, JSON.stringify(counts), ...failed.slice(0, 8)].join('\n\n');
      assert.equal(failed.length, 0, told);
      for (const status of [200, 201, 403]) assert.ok((counts[status] ?? 0) > cases / 25, told);
    });

    it('the API server saw the same users, and of each who they really are', () => {
      const faults = auditFaults(asked, lab);
      assert.deepEqual(faults.slice(0, 8), []);
    });
  });
}

function titleOf({ end, what }: Row): string {
  if (typeof end === 'string') return `${what}: ${end}`;
  return `${what}: ${end.straight}, but not through us (${end.because})`;
}

function byWhom({ may, by }: Row): string {
  if (by !== undefined) return `, by ${'account' in by ? by.account : by.name}`;
  return may.length === 0 ? '' : `, with ${may.join(', ')}`;
}

function assertSameEnd({ end }: Row, one: Case, exchange: Exchange): void {
  const { straight, through } = exchange;
  const told = describeExchange(one, exchange);
  if (typeof end === 'string') {
    const difference = differenceOf(asText(straight, through), through, one.lines);
    assert.equal(difference, undefined, told);
    return;
  }
  const reason = end.ours === 'Envoy' ? '' : end.ours;
  assert.equal(through.reason, reason, told);
  assert.ok(through.status >= 400 && through.status < 500, told);
}

/** Everything to repeat it by. */
function describeExchange(one: Case, { straight, through }: Exchange): string {
  return [
    `${one.request.method} ${one.request.path} by ${shown(one.requester)}`,
    `lines: ${shown(one.lines)}`,
    `kube-apiserver: ${shown(straight)}`,
    `ours: ${shown(through)}`,
  ].join('\n');
}

function shown(value: unknown): string {
  return JSON.stringify(value).slice(0, 2_000);
}
