/**
 * kube-apiserver is the oracle for tokens: it and we get the very same AuthenticationConfiguration of up to 64 entries, then the
 * same tokens, named ones and random ones. Each ends as the same user on both sides, or is refused by both, or it is one of the
 * differences of test/support/oracle-differences.ts. SEED repeats a run, ORACLE_CASES makes it longer.
 */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { isDeepStrictEqual } from 'node:util';
import { stringify } from 'yaml';
import { namedCases, type NamedCase } from '../support/oracle-cases.ts';
import { defects } from '../support/oracle-defects.ts';
import { differences, isUnordered } from '../support/oracle-differences.ts';
import { signDraft, toJson, type Draft } from '../support/oracle-drafts.ts';
import {
  audience,
  claimEntries,
  expressionEntries,
  readsExpressions,
  type EntryRules,
} from '../support/oracle-entries.ts';
import { honestDraft, randomEntry, randomToken } from '../support/oracle-generator.ts';
import {
  createOracleKeys,
  startOracleIssuers,
  type OracleIssuers,
} from '../support/oracle-issuers.ts';
import {
  startOraclePair,
  type Answer,
  type OraclePair,
  type UserInfo,
} from '../support/oracle-pair.ts';
import { createRandom } from '../support/random.ts';

const mostEntries = 64;
const atOnce = 8;
const seed = Number(process.env['SEED'] ?? 1);
const keys = createOracleKeys();
const cases = Number(process.env['ORACLE_CASES'] ?? 2_400);

interface Entry {
  readonly name: string;
  readonly url: string;
  readonly rules: EntryRules;
}

interface Outcome {
  readonly verdict: NamedCase['verdict'] | 'different';
  readonly kube: Answer;
  readonly ours: Answer;
}

describe(`the same token on both sides, seed ${seed}`, () => {
  const stops: (() => Promise<void>)[] = [];
  let pair: OraclePair;
  let entries: readonly Entry[];
  before(async () => {
    const issuers = await startOracleIssuers(keys);
    stops.push(issuers.close);
    entries = makeEntries(issuers);
    const jwt = entries.map((entry) => toYaml(entry, issuers.caPem));
    const kind = 'AuthenticationConfiguration';
    const file = JSON.stringify({ apiVersion: 'apiserver.config.k8s.io/v1', kind, jwt });
    pair = await startOraclePair(file, () => issuers.discovered(2));
    stops.push(pair.stop);
  });
  after(async () => {
    for (const stop of stops.toReversed()) await stop();
  });

  async function compare(draft: Draft, { rules }: Entry): Promise<Outcome> {
    const token = signDraft(draft);
    const [kube, ours] = await Promise.all([pair.askKube(token), pair.askOurs(token)]);
    return { verdict: judge(kube, ours, draft, rules), kube, ours };
  }

  async function expectVerdict({ verdict, entry: name, change }: NamedCase): Promise<void> {
    const entry = entries.find((one) => one.name === name);
    assert.ok(entry);
    const draft = change(honestDraft(entry.url, keys));
    const outcome = await compare(draft, entry);
    assert.equal(outcome.verdict, verdict, describeOutcome(draft, outcome, entry));
  }

  for (const one of namedCases) {
    it(`with ${one.what}, for the entry ${one.entry}: ${one.verdict}`, () => expectVerdict(one));
  }

  for (const { verdict, what, change } of defects(keys)) {
    it(`with ${what}: ${verdict}`, () => expectVerdict({ verdict, what, change, entry: 'plain' }));
  }

  it(`with ${cases} random tokens ends alike`, async () => {
    const random = createRandom(seed);
    const made = Array.from({ length: cases }, () => {
      const entry = entries[random.below(entries.length)];
      assert.ok(entry);
      return { entry, ...randomToken(random, entry.url, keys) };
    });
    const counts = { same: 0, refused: 0, ours: 0, different: 0 };
    const failed: string[] = [];
    await eachAtOnce(made, async ({ entry, draft, what }) => {
      const outcome = await compare(draft, entry);
      counts[outcome.verdict] += 1;
      if (outcome.verdict !== 'different') return;
      failed.push(`${what.join('; ')}\n${describeOutcome(draft, outcome, entry)}`);
    });
    const told = [`SEED=${seed}`, JSON.stringify(counts), ...failed.slice(0, 8)];
    assert.equal(failed.length, 0, told.join('\n\n'));
    assert.ok(counts.same > cases / 5 && counts.refused > cases / 5, told.join('\n'));
  });
});

function makeEntries(issuers: OracleIssuers): readonly Entry[] {
  const random = createRandom(seed);
  const named = { ...claimEntries, ...(readsExpressions ? expressionEntries : {}) };
  const handWritten = Object.entries<EntryRules>(named);
  const generated = Array.from(
    { length: mostEntries - handWritten.length },
    (_, index) => [`random ${index}`, randomEntry(random)] as const,
  );
  return [...handWritten, ...generated].map(([name, rules], index) => {
    const url = `${issuers.url}/${index}${name === 'slash' ? '/' : ''}`;
    issuers.publish(url, name === 'elsewhere' ? elsewhere : undefined);
    return { name, url, rules };
  });
}

const elsewhere = '/somewhere/else';

function toYaml({ name, url, rules }: Entry, certificateAuthority: string): object {
  const discovery = name === 'elsewhere' && { discoveryURL: new URL(elsewhere, url).href };
  const issuer = { url, ...discovery, audiences: [audience], certificateAuthority };
  return { ...rules, issuer: { ...issuer, ...rules.issuer } };
}

function judge(kube: Answer, ours: Answer, draft: Draft, rules: EntryRules): Outcome['verdict'] {
  if ('user' in kube) {
    if ('user' in ours) {
      const shown = isUnordered(draft, rules) ? inOrder : (user: UserInfo): UserInfo => user;
      return isDeepStrictEqual(shown(kube.user), shown(ours.user)) ? 'same' : 'different';
    }
    return differences.some(({ applies }) => applies(kube.user, draft, rules))
      ? 'ours'
      : 'different';
  }
  return 'refused' in ours ? 'refused' : 'different';
}

function inOrder(user: UserInfo): UserInfo {
  const extra = Object.entries(user.extra).map(
    ([key, values]) => [key, values.toSorted()] as const,
  );
  return { ...user, groups: user.groups.toSorted(), extra: Object.fromEntries(extra) };
}

/** Everything to repeat it by. */
function describeOutcome(draft: Draft, { kube, ours }: Outcome, entry: Entry): string {
  const { header, claims, headerBytes, claimBytes } = draft;
  return [
    stringify({ [entry.name]: { url: entry.url, ...entry.rules } }),
    `header: ${String(headerBytes ?? toJson(header))}`,
    `claims: ${String(claimBytes ?? toJson(claims))}`.slice(0, 3_000),
    `kube-apiserver: ${JSON.stringify(kube)}`,
    `ours: ${JSON.stringify(ours)}`,
  ].join('\n');
}

async function eachAtOnce<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  const queue = items.values();
  const worker = async (): Promise<void> => {
    for (const item of queue) await work(item);
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
}
