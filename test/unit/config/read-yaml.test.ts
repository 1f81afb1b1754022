/** YAML that is broken, ambiguous or hostile. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { loadConfig } from '../../../src/config/load.ts';
import { jwtEntry, minimal, problemsOf, writeConfig } from '../../support/config-files.ts';

const head = 'apiVersion: kube-ext-authz.dev/v1alpha1\nkind: Configuration\n';
const entry = `  issuer: {url: "https://issuer.example", audiences: [kubernetes]}
  claimMappings: {username: {claim: sub, prefix: ""}}
`;

const broken: readonly (readonly [what: string, text: string, problem: RegExp])[] = [
  ['a bracket that is not closed', `${head}jwt: [`, /at line 3, column 7$/],
  ['a tab for indentation', `${head}grpc:\n\taddress: x`, /at line 4, column 1$/],
  ['a quote that is not closed', `${head}jwt: "x\n`, /at line \d+, column \d+$/],
  ['a key twice', `${head}kind: Configuration\n`, /^Map keys must be unique at line 3, column 1$/],
  [
    'a key twice further in',
    `${head}grpc:\n  address: "a:1"\n  address: "b:2"\n`,
    /^Map keys must be unique at line 5, column 3$/,
  ],
  ['an alias of nothing', `${head}jwt: *nowhere\n`, /nowhere/],
  ['two documents', `${head}---\n${head}`, /multiple documents/],
  ['an unknown tag', `${head}jwt: !secret x\n`, /!secret/],
  ['nothing', '', /^the file: /],
  ['a comment alone', '# nothing\n', /^the file: /],
  ['a list', '- a\n', /^the file: /],
  ['a word', 'configuration\n', /^the file: /],
  ['bytes that are no text', '\u0000\u0001', /^the file: |line 1/],
];

describe('a configuration in YAML', () => {
  for (const [what, text, problem] of broken) {
    it(`is refused with ${what}, in one line`, () => {
      const problems = faults(text);
      assert.equal(problems.length, 1, problems.join('\n'));
      assert.match(problems[0] ?? '', problem);
      assert.doesNotMatch(problems[0] ?? '', /\n/);
    });
  }

  it('is refused when its aliases would unfold into billions', () => {
    const levels = Array.from({ length: 12 }, (_, index) => {
      const items = Array.from({ length: 10 }, () => `*l${index}`).join(', ');
      return `l${index + 1}: &l${index + 1} [${items}]\n`;
    });
    const [problem = '', ...more] = faults(`${head}l0: &l0 lol\n${levels.join('')}`);
    assert.deepEqual(more, []);
    assert.match(problem, /alias/);
  });

  it('may use anchors and aliases', () => {
    const text = `${head}jwt:\n- &one\n${entry}  name: one\n`;
    assert.equal(loadConfig(writeConfig(text)).jwt.length, 1);
    const twice = `${text}- *one\n`;
    const file = writeConfig(twice);
    assert.deepEqual(
      problemsOf(() => loadConfig(file), file),
      ['jwt[1].name: Duplicate value: "one"'],
    );
  });

  it('has its other faults told when one of them sits behind an alias', () => {
    const text = `${head}grpc: {address: nowhere}\njwt:\n- &one\n${entry}  bogus: 1\n- *one\n`;
    assert.deepEqual(faults(text), [
      'grpc.address: must be host:port, such as 127.0.0.1:9001, or unix:/path',
      'unknown field "jwt[0].bogus"',
      'unknown field "jwt[1].bogus"',
      'jwt[1].name: Duplicate value: "https://issuer.example"',
    ]);
  });

  it('has no "<<" merged into its entries', () => {
    const text = `${head}base: &base {name: one}\njwt:\n- <<: *base\n${entry}`;
    const problems = faults(text).toSorted();
    assert.deepEqual(problems, ['unknown field "base"', 'unknown field "jwt[0].<<"']);
  });

  it('may be JSON', () => {
    assert.equal(loadConfig(writeConfig(JSON.stringify(minimal))).jwt.length, 1);
  });

  it('takes no text for a truth value, as YAML 1.1 would', () => {
    const text = `${head}jwt:\n-\n${entry}  allowReservedNames: yes\n`;
    assert.match(faults(text).join(), /^jwt\[0\]\.allowReservedNames: /);
  });

  it('is refused when its file is a folder or not there', () => {
    const file = writeConfig({ ...minimal, jwt: [jwtEntry] });
    for (const path of [`${file}.absent`, file.replace(/config\.yaml$/, '')]) {
      assert.match(problemsOf(() => loadConfig(path), path).join(), /^the file can't be read: E/);
    }
  });
});

function faults(text: string): readonly string[] {
  const file = writeConfig(text);
  return problemsOf(() => loadConfig(file), file);
}
