/** Issuers with odd and broken key sets: each token ends as with kube-apiserver, or is refused here alone and the case says so. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { audience } from '../support/oracle-entries.ts';
import { createOracleKeys, startOracleIssuers } from '../support/oracle-issuers.ts';
import { keySetCases } from '../support/oracle-key-sets.ts';
import { startOraclePair, type Answer, type OraclePair } from '../support/oracle-pair.ts';
import { signToken } from '../support/signed-token.ts';

const cases = await keySetCases();

describe('an issuer whose key set is', () => {
  const stops: (() => Promise<void>)[] = [];
  let pair: OraclePair;
  let url: string;
  before(async () => {
    const issuers = await startOracleIssuers(createOracleKeys());
    stops.push(issuers.close);
    ({ url } = issuers);
    const jwt = cases.map(({ text }, index) => {
      issuers.publish(`${url}/${index}`, undefined, text);
      return {
        issuer: {
          url: `${url}/${index}`,
          audiences: [audience],
          certificateAuthority: issuers.caPem,
        },
        claimMappings: { username: { claim: 'sub', prefix: '' } },
      };
    });
    const kind = 'AuthenticationConfiguration';
    const file = JSON.stringify({ apiVersion: 'apiserver.config.k8s.io/v1', kind, jwt });
    pair = await startOraclePair(file, () => issuers.discovered(2));
    stops.push(pair.stop);
  });
  after(async () => {
    for (const stop of stops.toReversed()) await stop();
  });

  for (const [index, { what, tokens }] of cases.entries()) {
    for (const { verdict, by, key, alg, kid = key.kid } of tokens) {
      it(`${what}, and a token signed by ${by}: ${verdict}`, async () => {
        const exp = Math.floor(Date.now() / 1000) + 600;
        const claims = { iss: `${url}/${index}`, aud: audience, exp, sub: 'alice' };
        const token = signToken(key, claims, { kid }, alg);
        const [kube, ours] = await Promise.all([pair.askKube(token), pair.askOurs(token, true)]);
        assert.equal(verdictOf(kube, ours), verdict, JSON.stringify({ kube, ours }));
      });
    }
  }
});

function verdictOf(kube: Answer, ours: Answer): string {
  if ('refused' in ours) return 'user' in kube ? 'ours' : 'refused';
  if ('refused' in kube) return 'taken by ours alone';
  assert.deepEqual(ours.user, kube.user);
  return 'same';
}
