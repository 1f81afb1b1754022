/** What people read: in the order of the walk, without colours off a terminal, and never a secret or a command to the terminal. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { explainRequest } from '../../../src/explain/explain.ts';
import { describeExplanation } from '../../../src/explain/text.ts';
import { grantingReviewer } from '../../support/access-grants.ts';
import { worldOf, type Settings } from '../../support/explained.ts';
import { plainRules } from '../../support/issuer-rules.ts';
import { kubeRequest } from '../../support/kube-request.ts';
import { createEcKey, fixedKeys, signToken } from '../../support/signed-token.ts';

const nowMs = Date.UTC(2026, 10, 25, 8);
const url = 'https://issuer.example';
const key = createEcKey('k');
const people = { url, rules: plainRules, keys: fixedKeys(key) };
const others = { url: `${url}/`, rules: { ...plainRules, name: 'others' }, keys: fixedKeys(key) };
const claims = {
  iss: url,
  aud: 'kubernetes',
  exp: nowMs / 1000 + 90,
  sub: 'alice',
  groups: ['dev'],
};

const allowed = `allowed: for the API server it is "alice"

request
  GET /api/v1/pods  (list pods)

token
  ✓ credential        a bearer token of N bytes
  ✓ form              a signed JWT in compact form

entry others (https://issuer.example/)
  – not asked: the token's "iss" is "https://issuer.example"; they must be equal to the letter, and are not

entry people (https://issuer.example)
  ✓ takes the token: its issuer.url is the token's "iss"
  ✓ algorithm         ES256 is accepted
  ✓ signature         it is the issuer's own, by the key "k"
  ✓ audience          the token is meant for one of the entry's audiences
        aud        kubernetes  the token
        audiences  kubernetes  the entry
  ✓ dates             it expires in 1 min 30 s
        exp  2026-11-25T08:01:30Z  expires in 1 min 30 s
  ✓ identity          the user is "alice"
      ✓ username  alice  claim "sub"
      ✓ groups    dev    claim "groups"
  ✓ names             no name is Kubernetes' own, and every name can be carried

upstream
  ✓ our own token     our own token is in its place
  ✓ headers           5 lines take the place of the client's own
  it goes up with these lines:
      authorization: Bearer <our token>
      audit-id: <a new UUID>
      impersonate-user: alice
      impersonate-group: dev
      impersonate-group: system:authenticated
`;

describe('the text of an explanation', () => {
  it('has the whole walk of a request that is allowed', async () => {
    const text = await explain(claims, { issuers: [others, people] });
    assert.equal(text.replace(/of \d+ bytes/, 'of N bytes'), allowed);
  });

  for (const [title, changes, says] of [
    [
      'an audience',
      { aud: ['x', 'y'] },
      'a token for kubernetes, or issuer.audiences that name one of: x, y',
    ],
    [
      'an issuer that is near',
      { iss: `${url}//` },
      'an issuer.url that is "https://issuer.example//"',
    ],
    [
      'an issuer that is far',
      { iss: 'https://x.example' },
      'an entry whose issuer.url is "https://x.example"',
    ],
    ['an end', { exp: 1 }, 'get a new token'],
  ] as const) {
    it(`says what would change the refusal of ${title}`, async () => {
      const text = await explain({ ...claims, ...changes }, { issuers: [people] });
      const [, wanted = ''] = text.split('what would change it\n');
      assert.ok(wanted.includes(says), text);
      assert.match(text, /^denied: /);
    });
  }

  it('has colours when it is asked to, and marks that need none', async () => {
    const coloured = await explain(claims, { issuers: [people] }, true);
    const plain = await explain(claims, { issuers: [people] });
    assert.ok(coloured.startsWith('\u001b[32mallowed\u001b[0m'));
    // oxlint-disable-next-line no-control-regex
    assert.equal(coloured.replaceAll(/\u001b\[\d+m/g, ''), plain);
  });

  it('shows what a terminal would obey', async () => {
    const rules = { ...plainRules, name: 'a\u001b[2Jb' };
    const sub = 'x\u202ey\u009bz';
    const text = await explain(
      { ...claims, sub, aud: ['\u001b]0;t\u0007'] },
      { issuers: [{ ...people, rules }] },
    );
    assert.match(text, /\\u\{1b\}/);
    // oxlint-disable-next-line no-control-regex
    assert.doesNotMatch(text.replaceAll('\n', ''), /[\u0000-\u001f\u007f-\u009f\u202a-\u202e]/);
  });

  it('holds neither the token nor a part of it, whatever refuses it', async () => {
    for (const changes of [
      {},
      { aud: 'x' },
      { exp: 1 },
      { iss: 'https://x.example' },
      { sub: 7 },
    ]) {
      const token = signToken(key, { ...claims, ...changes });
      const text = await explainToken(token, { issuers: [people] });
      for (const part of token.split('.')) assert.ok(!text.includes(part));
    }
  });

  it('tells the modes of kubectl --as apart', async () => {
    const text = await explain(
      claims,
      {
        issuers: [people],
        accessReviewer: grantingReviewer({
          grants: (question) => question.startsWith('impersonate '),
        }),
      },
      false,
      'bob',
    );
    assert.match(text, /^allowed: for the API server it is "bob", asked for by "alice"$/m);
    assert.match(text, /^mode user-info\n {2}✗ pods is forbidden: User "alice" cannot /m);
    assert.match(
      text,
      /^mode legacy\n {2}✓ it is allowed\n {6}✓ impersonate users "bob" {2}allowed$/m,
    );
    assert.match(text, /^ {6}impersonate-extra-originaluser.example-user: alice$/m);
  });
});

function explain(
  payload: object,
  settings: Settings,
  hasColours = false,
  as?: string,
): Promise<string> {
  return explainToken(signToken(key, payload), settings, hasColours, as);
}

async function explainToken(
  token: string,
  settings: Settings,
  hasColours = false,
  as?: string,
): Promise<string> {
  const impersonation = as === undefined ? [] : [{ name: 'impersonate-user', value: as }];
  const request = kubeRequest({ authorization: [`Bearer ${token}`], impersonation });
  const world = worldOf({ ...settings, now: () => nowMs });
  return describeExplanation(await explainRequest(request, undefined, world), hasColours);
}
