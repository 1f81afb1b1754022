/**
 * Groups that a token keeps elsewhere, on both sides: kube-apiserver and we ask the same endpoints for the same tokens, and both
 * take the same groups or refuse.
 */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { after, before, describe, it } from 'node:test';
import { createAuthority } from '../../lab/certificates.ts';
import { discoveryPath, startIssuer, type Issuer } from '../../lab/issuer.ts';
import { waitUntil } from '../../lab/wait.ts';
import {
  distributedCases,
  guarded,
  jwt,
  kept,
  type DistributedCase,
  type DistributedLab,
} from '../support/oracle-distributed-claims.ts';
import { startOraclePair, type OraclePair } from '../support/oracle-pair.ts';

describe('groups that are kept elsewhere, on both sides', () => {
  const stops: (() => Promise<void>)[] = [];
  let lab: DistributedLab;
  let pair: OraclePair;
  before(async () => {
    const authority = await createAuthority('issuers of distributed claims');
    const start = async (): Promise<Issuer> => {
      const issuer = await startIssuer({ authority });
      stops.push(() => issuer.close());
      return issuer;
    };
    const plain = createServer((_request, response) => {
      void lab.keeper.mint({ groups: ['dev'] }).then((token) => response.end(token));
    }).listen(0, '127.0.0.1');
    await once(plain, 'listening');
    stops.push(async () => void plain.close());
    const address = plain.address();
    const port = typeof address === 'object' && address ? address.port : 0;
    const plainURL = `http://127.0.0.1:${port}`;
    lab = { login: await start(), keeper: await start(), foreign: await start(), plainURL };
    const { login } = lab;
    const claimMappings = {
      username: { claim: 'sub', prefix: '' },
      groups: { claim: 'groups', prefix: 'team:' },
    };
    const audiences = { audiences: ['kubernetes', 'k8s'], audienceMatchPolicy: 'MatchAny' };
    const issuer = { url: login.url, ...audiences, certificateAuthority: authority.certPem };
    const kind = 'AuthenticationConfiguration';
    const file = {
      apiVersion: 'apiserver.config.k8s.io/v1',
      kind,
      jwt: [{ issuer, claimMappings }],
    };
    const known = (): boolean => (login.requests.get(discoveryPath) ?? 0) >= 2;
    pair = await startOraclePair(JSON.stringify(file), known);
    stops.push(pair.stop);
    // Each side refuses the first token until it has discovered the issuer of the answer.
    for (const from of ['keeper', 'login', 'foreign'] as const) {
      const token = await tokenFor(`/known/${from}`, {
        what: from,
        answer: jwt({ groups: [] }, from),
      });
      await waitUntil(`both to know ${from}`, async () => {
        const answers = [await pair.askKube(token), await pair.askOurs(token, true)];
        return answers.every((answer) => 'user' in answer);
      });
    }
  });
  after(async () => {
    for (const stop of stops.toReversed()) await stop();
  });

  async function tokenFor(
    path: string,
    { token = kept, answer }: DistributedCase,
  ): Promise<string> {
    lab.keeper.replaceHandler(path, guarded(await answer(lab)));
    return lab.login.mint({ sub: 'alice', ...token(`${lab.keeper.url}${path}`, lab) });
  }

  for (const [index, one] of distributedCases.entries()) {
    const { what, groups, isFault = false, ours: differs } = one;
    const end = differs ? 'refused here' : groups ? `[${groups.join(' ')}]` : 'refused';
    it(`with an answer of ${what}: ${end}`, async () => {
      const token = await tokenFor(`/claims/${index}`, one);
      const kube = await pair.askKube(token);
      const ours = await pair.askOurs(token, isFault || differs !== undefined);
      const told = `kube-apiserver: ${JSON.stringify(kube)}\nours: ${JSON.stringify(ours)}`;
      if (!groups) {
        assert.equal('user' in kube, differs !== undefined, told);
        assert.ok('refused' in ours, told);
        const reason = differs ?? (isFault ? 'issuer_unavailable' : 'token_claim');
        return assert.ok(ours.refused.startsWith(`${reason}: `), told);
      }
      assert.deepEqual(ours, kube);
      assert.ok('user' in kube, told);
      const prefixed = groups.map((group) => `team:${group}`);
      assert.deepEqual(kube.user.groups, [...prefixed, 'system:authenticated']);
    });
  }
});
