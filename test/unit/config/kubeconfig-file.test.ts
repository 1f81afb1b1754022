/** A kubeconfig that is named in the configuration must lead somewhere. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { checkKubeconfigFile } from '../../../src/config/kubeconfig-file.ts';
import { withField, writeConfig } from '../../support/config-files.ts';

const good = {
  apiVersion: 'v1',
  kind: 'Config',
  preferences: {},
  'current-context': 'c',
  contexts: [{ name: 'c', context: { cluster: 'k', user: 'u', namespace: 'n' } }],
  clusters: [{ name: 'k', cluster: { server: 'https://127.0.0.1:6443' } }],
  users: [{ name: 'u', user: { token: 'secret-of-u' } }],
};

type Path = readonly (string | number)[];

const refused: readonly (readonly [what: string, path: Path, value: unknown, problem: RegExp])[] = [
  ['another kind', ['kind'], 'Secret', /^kind: /],
  ['no current context', ['current-context'], undefined, /^current-context: /],
  ['an empty current context', ['current-context'], '', /^current-context: /],
  [
    'a current context that is not there',
    ['current-context'],
    'other',
    /^current-context: there is no context "other"$/,
  ],
  ['a cluster that is not there', ['clusters'], [], /^the current context's cluster "k" is not t/],
  ['a user that is not there', ['users'], [], /^the current context's user "u" is not there$/],
  ['a server that is no URL', ['clusters', 0, 'cluster', 'server'], 'nowhere', /^clusters\[0\]/],
  ['no clusters at all', ['clusters'], undefined, /^clusters: /],
];

describe('checkKubeconfigFile', () => {
  it('takes one whose context leads to a cluster and a user, whatever else is in it', () => {
    assert.deepEqual(faults(good), []);
  });

  for (const [what, path, value, problem] of refused) {
    it(`refuses ${what}, and shows no secret`, () => {
      const problems = faults(withField(good, path, value));
      assert.ok(
        problems.some((one) => problem.test(one)),
        problems.join('\n'),
      );
      assert.doesNotMatch(problems.join('\n'), /secret-of-u/);
    });
  }

  it('tells when cluster and user are both not there', () => {
    assert.equal(faults({ ...good, clusters: [], users: [] }).length, 2);
  });
});

function faults(content: object): readonly string[] {
  const file = writeConfig(content, 'kubeconfig');
  const found: string[] = [];
  checkKubeconfigFile(file, found);
  return found.map((problem) => problem.replace(`${file}: `, ''));
}
