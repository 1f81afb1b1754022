/**
 * kube-apiserver is the oracle for configuration: what it refuses at its start we refuse, for the same fields and in the same
 * words; what it takes, we take. Entries are tried many to a file, because it tells the faults of all at once.
 */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { configEntries, type ConfigEntry } from '../support/oracle-config-entries.ts';
import {
  createConfigOracle,
  fieldOf,
  wordsOf,
  type ConfigOracle,
} from '../support/oracle-config-faults.ts';
import { configFiles } from '../support/oracle-config-files.ts';

const mostEntries = 64;

interface Faults {
  readonly kube: readonly string[];
  readonly ours: readonly string[];
}

describe('the same configuration on both sides', { concurrency: 2 }, () => {
  let oracle: ConfigOracle;
  before(async () => {
    oracle = await createConfigOracle();
  });
  after(() => oracle.close());

  async function ask(text: string): Promise<Faults> {
    const kube = await oracle.askKube(text);
    return { kube, ours: oracle.askOurs(text) };
  }

  for (const { verdict, what, text } of configFiles) {
    it(`of a file with ${what} is ${verdict}`, async () => {
      const faults = await ask(text);
      assertVerdict(faults, verdict === 'unreadable' ? 'refused' : verdict);
      if (verdict === 'refused') assertSameFaults(faults);
    });
  }

  const batches = Array.from({ length: Math.ceil(configEntries.length / mostEntries) }, (_, at) =>
    configEntries.slice(at * mostEntries, (at + 1) * mostEntries),
  );
  for (const [at, batch] of batches.entries()) {
    describe(`of entries, part ${at + 1}`, () => {
      let faults: Faults;
      before(async () => {
        faults = await ask(fileOf(batch));
      });
      for (const [index, { verdict, what }] of batch.entries()) {
        it(`with ${what} is ${verdict}`, () => {
          const own = ofEntry(faults, index);
          assertVerdict(own, verdict);
          if (verdict === 'refused') assertSameFaults(own);
        });
      }
    });
  }

  it('is taken when it is all that is taken one by one', async () => {
    const taken = configEntries.filter(({ verdict }) => verdict === 'taken').slice(0, mostEntries);
    assert.deepEqual(await ask(fileOf(taken)), { kube: [], ours: [] });
  });
});

function assertVerdict({ kube, ours }: Faults, verdict: ConfigEntry['verdict']): void {
  assert.equal(kube.length === 0, verdict !== 'refused', `kube-apiserver: ${kube.join('\n')}`);
  assert.equal(ours.length === 0, verdict === 'taken', `ours: ${ours.join('\n')}`);
}

function assertSameFaults({ kube, ours }: Faults): void {
  assert.deepEqual(fields(ours), fields(kube), `kube-apiserver says:\n${kube.join('\n')}`);
  assert.deepEqual(ours.map(wordsOf).toSorted(), kube.map(wordsOf).toSorted());
}

function fields(faults: readonly string[]): readonly string[] {
  return [...new Set(faults.map(fieldOf))].toSorted();
}

function fileOf(entries: readonly ConfigEntry[]): string {
  const jwt = entries.map(({ entry }, index) => {
    const url = `https://entry-${index}.example`;
    const usual = { url, audiences: ['a'] };
    return { ...entry, issuer: 'issuer' in entry ? withUsual(usual, entry['issuer']) : usual };
  });
  const kind = 'AuthenticationConfiguration';
  return JSON.stringify({ apiVersion: 'apiserver.config.k8s.io/v1', kind, jwt });
}

/** An issuer that says nothing at all is left as it is. */
function withUsual(usual: object, issuer: unknown): object {
  if (typeof issuer !== 'object' || issuer === null) return {};
  return Object.keys(issuer).length === 0 ? issuer : { ...usual, ...issuer };
}

function ofEntry({ kube, ours }: Faults, index: number): Faults {
  const own = (fault: string): boolean => fault.startsWith(`jwt[${index}].`);
  return { kube: kube.filter(own), ours: ours.filter(own) };
}
