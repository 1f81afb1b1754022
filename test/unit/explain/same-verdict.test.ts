/** Explain ends as the server does, for every token of the tables: the steps can't drift from the walk. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { readAuthenticationFile } from '../../../src/config/authentication-file.ts';
import type { Explanation } from '../../../src/explain/trace.ts';
import { rulesOf } from '../../../src/issuers.ts';
import type { Issuer } from '../../../src/token/issuer.ts';
import { writeConfig } from '../../support/config-files.ts';
import { explainAlike } from '../../support/explained.ts';
import { kubeRequest } from '../../support/kube-request.ts';
import { namedCases } from '../../support/oracle-cases.ts';
import { defects } from '../../support/oracle-defects.ts';
import { signDraft } from '../../support/oracle-drafts.ts';
import {
  audience,
  claimEntries,
  expressionEntries,
  type EntryRules,
} from '../../support/oracle-entries.ts';
import { honestDraft, randomEntry, randomToken } from '../../support/oracle-generator.ts';
import { createOracleKeys } from '../../support/oracle-issuers.ts';
import { createRandom } from '../../support/random.ts';
import { fixedKeys } from '../../support/signed-token.ts';

const keys = createOracleKeys();
const { rsa, p256, p384, p521, small, twin, misnamed, nameless } = keys;
const published = fixedKeys(rsa, p256, p384, p521, small, twin, misnamed, nameless);
const random = createRandom(7);
const named: Readonly<Record<string, EntryRules>> = { ...claimEntries, ...expressionEntries };
const entries = [
  ...Object.entries(named),
  ...Array.from({ length: 30 }, (_, index) => [`random ${index}`, randomEntry(random)] as const),
].map(([name, rules], index) => ({ name, rules, url: `https://issuer.example/${index}` }));
const startedAt = Date.now();
const lenient = readIssuers(); // they let names of Kubernetes' own through
const strict = lenient.map(({ rules, ...issuer }) => ({
  ...issuer,
  rules: { ...rules, allowReservedNames: false },
}));

const now = (): number => startedAt;
const explainLeniently = explainAlike({ issuers: lenient, now });
const explainStrictly = explainAlike({ issuers: strict, now });

describe('a token that is explained ends as it is decided', () => {
  for (const { what, entry, change } of namedCases) {
    it(`with ${what}, for the entry ${entry}`, async () => {
      await explainBoth(signDraft(change(honestDraft(urlOf(entry), keys))));
    });
  }

  for (const { what, change } of defects(keys)) {
    it(`with ${what}`, async () => {
      const token = signDraft(change(honestDraft(urlOf('plain'), keys)));
      await explainBoth(token);
    });
  }

  it('with random tokens', async () => {
    const decisions = new Set<string>();
    for (let count = 0; count < 400; count += 1) {
      const entry = entries[random.below(entries.length)];
      assert.ok(entry);
      const { draft } = randomToken(random, entry.url, keys);
      const { decision, reason } = await explainBoth(signDraft(draft));
      decisions.add(decision).add(reason);
    }
    assert.ok(decisions.has('allow') && decisions.size > 6, [...decisions].join(', '));
  });
});

function urlOf(name: string): string {
  const entry = entries.find((one) => one.name === name);
  assert.ok(entry, name);
  return entry.url;
}

/** By entries that take names of Kubernetes' own, and by the same ones that don't. */
async function explainBoth(token: string): Promise<Explanation> {
  const request = kubeRequest({ authorization: [`Bearer ${token}`] });
  await explainLeniently(request);
  return explainStrictly(request);
}

/** As the server reads such entries. */
function readIssuers(): readonly Issuer[] {
  const jwt = entries.map(({ url, rules }) => {
    const { issuer, ...others } = rules;
    return { ...others, issuer: { url, audiences: [audience], ...issuer } };
  });
  const kind = 'AuthenticationConfiguration';
  const file = writeConfig({ apiVersion: 'apiserver.config.k8s.io/v1', kind, jwt });
  const found: string[] = [];
  const settings = { allowReservedNames: true, disallowedIssuers: [] };
  const configs = readAuthenticationFile(file, settings, found, []);
  assert.deepEqual(found, []);
  return configs.map((config) => ({
    url: config.issuer.url,
    rules: rulesOf(config),
    keys: published,
  }));
}
