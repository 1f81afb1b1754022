/** Expressions end as in Kubernetes' own CEL environment; where they don't, ours refuses, and the reason is listed. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, describe, it } from 'node:test';
import { askOracle, provideCelOracle, type Question } from '../support/cel-oracle.ts';
import { isStricter, oracleVerdict, ourVerdict } from '../support/cel-verdicts.ts';
import { root } from '../support/documents.ts';
import { randomExpression } from '../support/random-expression.ts';
import { createRandom } from '../support/random.ts';

const folder = join(root, 'test/oracle/cel');
const tables = ['language.txt', 'macros-strings-lists.txt', 'conversions-and-kubernetes.txt'];
const inputs = { claims: readJson('claims.json'), user: readJson('user.json') };
const randomCount = 4000;

/** Expressions that Kubernetes takes and ours refuses, one a line, each after a comment with the reason. */
const known = new Set(readLines('known-differences.txt'));

describe('expressions, beside the CEL environment of Kubernetes', () => {
  let oracle: string;
  before(async () => {
    oracle = await provideCelOracle((line) => process.stdout.write(`  ${line}\n`));
  });

  for (const table of tables) {
    it(`end alike in ${table}`, async () => {
      const lines = readLines(table);
      assert.ok(lines.length > 200);
      const answers = await askOracle(oracle, lines.map(questionOf));
      for (const [at, line] of lines.entries()) {
        const theirs = oracleVerdict(answers[at] ?? {});
        const ours = ourVerdict(questionOf(line));
        if (known.has(line)) {
          assert.notEqual(ours, theirs, `${line}: known as a difference, and is none`);
          assert.ok(isStricter(ours, theirs), line);
        } else assert.equal(ours, theirs, line);
      }
    });
  }

  it('end alike, or are refused here, when they are random', async () => {
    const seed = Number(process.env['SEED'] ?? 1);
    const random = createRandom(seed);
    const questions = Array.from({ length: randomCount }, (): Question => ({
      variable: 'claims',
      source: randomExpression(random, 1 + random.below(3)),
      input: inputs.claims,
    }));
    const answers = await askOracle(oracle, questions);
    const stricter: string[] = [];
    for (const [at, question] of questions.entries()) {
      const theirs = oracleVerdict(answers[at] ?? {});
      const ours = ourVerdict(question);
      if (ours === theirs) continue;
      const said = `SEED=${seed}: ${question.source}: ours ${ours}, theirs ${theirs}`;
      assert.ok(isStricter(ours, theirs), said);
      stricter.push(said);
    }
    assert.ok(stricter.length <= randomCount / 100, stricter.join('\n'));
  });
});

function questionOf(line: string): Question {
  const variable = line.startsWith('user: ') ? 'user' : 'claims';
  const source = line.replace(/^user: /, '').replaceAll(String.raw`\N`, '\n');
  return { variable, source, input: inputs[variable] };
}

function readLines(file: string): readonly string[] {
  const text = readFileSync(join(folder, file), 'utf8');
  return text.split('\n').filter((line) => line.trim() !== '' && !line.startsWith('# '));
}

function readJson(file: string): unknown {
  return JSON.parse(readFileSync(join(folder, file), 'utf8'));
}
