/** Expressions end as in Kubernetes' own CEL environment, and are refused in its words; where not, ours refuses, and the reason is listed. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, describe, it } from 'node:test';
import { askOracle, provideCelOracle, type Question } from '../support/cel-oracle.ts';
import {
  isStricter,
  isSyntaxError,
  oracleVerdict,
  ourRefusal,
  ourVerdict,
  placeOf,
} from '../support/cel-verdicts.ts';
import { root } from '../support/documents.ts';
import { randomExpression } from '../support/random-expression.ts';
import { createRandom } from '../support/random.ts';

const folder = join(root, 'test/oracle/cel');
const tables = ['language.txt', 'macros-strings-lists.txt', 'conversions-and-kubernetes.txt'];
const inputs = { claims: readJson('claims.json'), user: readJson('user.json') };
const randomCount = 4000;

/** Expressions that Kubernetes takes and ours refuses, one a line, each after a comment with the reason. */
const known = new Set(readLines('known-differences.txt'));
/** Expressions that both refuse, for other reasons or in other words. */
const otherWords = new Set(readLines('known-other-words.txt'));

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

  for (const table of tables) {
    it(`are refused in the same words, at the same place, in ${table}`, async () => {
      const lines = readLines(table);
      const answers = await askOracle(oracle, lines.map(questionOf));
      for (const [at, line] of lines.entries()) {
        const theirs = answers[at]?.compileError;
        if (theirs === undefined) continue;
        const ours = ourRefusal(questionOf(line)) ?? '';
        if (otherWords.has(line)) assert.notEqual(ours, theirs, `${line}: the words are the same`);
        else if (!isSyntaxError(theirs)) assert.equal(ours, theirs);
        else assert.deepEqual([placeOf(ours), isSyntaxError(ours)], [placeOf(theirs), true], line);
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
    const worded = { alike: 0, otherwise: 0 };
    for (const [at, question] of questions.entries()) {
      const theirs = oracleVerdict(answers[at] ?? {});
      const ours = ourVerdict(question);
      const refusal = answers[at]?.compileError;
      if (refusal !== undefined && !isSyntaxError(refusal)) {
        worded[ourRefusal(question) === refusal ? 'alike' : 'otherwise'] += 1;
      }
      if (ours === theirs) continue;
      const said = `SEED=${seed}: ${question.source}: ours ${ours}, theirs ${theirs}`;
      assert.ok(isStricter(ours, theirs), said);
      stricter.push(said);
    }
    assert.ok(stricter.length <= randomCount / 100, stricter.join('\n'));
    assert.ok(worded.alike > 9 * worded.otherwise, JSON.stringify(worded));
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
