/** What an API server may answer to a SubjectAccessReview, and that nothing is allowed by an answer that is not clearly a yes. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  accessAnswer,
  assertUnavailable,
  json,
  startAccessReviewer,
  text,
  verdict,
} from '../support/access-reviews.ts';
import { denialOf } from '../support/denials.ts';
import { answerJson, startFakeApiServer, type Answerer } from '../support/fake-api-server.ts';

const yes = { allowed: true };

const verdicts: readonly (readonly [
  what: string,
  status: Readonly<Record<string, unknown>>,
  wanted: readonly [allowed: boolean, reason: string, evaluationError: string],
])[] = [
  ['a yes', yes, [true, '', '']],
  [
    'a yes, and why',
    { allowed: true, reason: 'RBAC: allowed by X' },
    [true, 'RBAC: allowed by X', ''],
  ],
  ['a yes with all that Go writes', { ...yes, denied: false, evaluationError: '' }, [true, '', '']],
  ['a no', { allowed: false }, [false, '', '']],
  ['a no, and why', { allowed: false, reason: 'because' }, [false, 'because', '']],
  ['a firm no', { allowed: false, denied: true }, [false, '', '']],
  [
    'a no with a fault',
    { allowed: false, reason: 'r', evaluationError: 'role "x" not found' },
    [false, 'r', 'role "x" not found'],
  ],
];

const refusals: readonly (readonly [what: string, answerer: Answerer, cause?: RegExp])[] = [
  ['says yes and no', verdict({ allowed: true, denied: true }), /both/],
  [
    'says yes, but with a fault',
    verdict({ allowed: true, evaluationError: 'webhook down' }),
    /webhook down/,
  ],
  [
    'says yes with a fault that names the subject',
    verdict({ allowed: true, evaluationError: 'no group carol-group' }),
    /quotes the subject/,
  ],
  ['says nothing of it', verdict({})],
  ['says yes as a string', verdict({ allowed: 'true' })],
  ['says 1', verdict({ allowed: 1 })],
  ['says null', verdict({ allowed: null })],
  ['says yes in a list', verdict({ allowed: [true] })],
  ['spells it otherwise', verdict({ Allowed: true })],
  ['says no as a string beside a yes', verdict({ allowed: true, denied: 'true' })],
  ['says null beside a yes', verdict({ allowed: true, denied: null })],
  ['gives a reason that is an object', verdict({ allowed: true, reason: {} })],
  ['has a fault that is an object', verdict({ allowed: true, evaluationError: {} })],
  ['has a fault that is null', verdict({ allowed: true, evaluationError: null })],
  ['has no status', verdict(undefined)],
  ['has null for a status', verdict(null)],
  ['has a list for a status', verdict([yes])],
  ['has a text for a status', verdict('allowed')],
  ['says yes beside the status', json(201, { ...accessAnswer({}), ...yes })],
  ['has another kind', json(201, { ...accessAnswer(yes), kind: 'SelfSubjectAccessReview' })],
  [
    'has another version',
    json(201, { ...accessAnswer(yes), apiVersion: 'authorization.k8s.io/v1beta1' }),
  ],
  ['has no kind', json(201, { status: yes })],
  ['sends a list', json(201, [accessAnswer(yes)])],
  ['sends null', json(201, null)],
  ['sends true', json(201, true)],
  ['sends nothing', text(201, '')],
  ['sends HTML', text(200, '<html>Sign in, carol-username</html>')],
  ['sends half of it', text(201, JSON.stringify(accessAnswer(yes)).slice(0, -2))],
  ['sends it twice', text(201, JSON.stringify(accessAnswer(yes)).repeat(2))],
  [
    'sends bytes that are not UTF-8',
    text(201, Buffer.from(JSON.stringify(accessAnswer({ ...yes, reason: '\u00ef' })), 'latin1')),
  ],
  ['sends 2 MiB', verdict({ ...yes, reason: 'x'.repeat(2 ** 21) }), /larger than 1048576 bytes/],
  ['accepts it for later', json(202, accessAnswer(yes)), /202/],
  ['says 204', (_, response) => response.writeHead(204).end(), /204/],
  ['says 400', json(400, accessAnswer(yes)), /400/],
  ['knows no SubjectAccessReview', json(404, {}), /404/],
  ['finds the question invalid', quoting(422), /422: its reason quotes the subject/],
  ['has too much to do', json(429, {}), /429/],
  ['fails', json(500, accessAnswer(yes)), /500/],
  ['fails, and says where', quoting(500), /500: its reason quotes the subject/],
  ['is not ready', text(503, 'no'), /503/],
  ['hangs up', (_, __, request) => request.socket.destroy(), /lost/],
  [
    'hangs up in the middle',
    (_, response, request) => {
      response.writeHead(201).write('{"kind":', () => request.socket.destroy());
    },
    /aborted|not a JSON object/,
  ],
];

describe("a SubjectAccessReview's answer", () => {
  for (const [what, status, [allowed, reason, evaluationError]] of verdicts) {
    it(`may be ${what}`, async (t) => {
      const { api, review } = await startAccessReviewer(t, { now: () => 1_000 });
      for (const code of [200, 201]) {
        api.answerWith(json(code, accessAnswer(status)));
        assert.deepEqual(await review(), { allowed, reason, evaluationError, at: 1_000 });
      }
    });
  }

  for (const [what, answerer, cause = /./] of refusals) {
    it(`by an API server that ${what} is none`, async (t) => {
      const limits = { allowCacheTtlMs: 60_000, denyCacheTtlMs: 60_000 };
      const { api, review, reports } = await startAccessReviewer(t, limits);
      api.answerWith(answerer);
      assertUnavailable(await denialOf(() => review()), cause);
      api.answerWith(verdict({ allowed: false }));
      assert.equal((await review()).allowed, false, 'it was remembered');
      assert.deepEqual(
        reports.map(({ outcome }) => outcome),
        ['error', 'denied'],
      );
    });
  }

  it('names the permission that the proxy lacks', async (t) => {
    const { api, review } = await startAccessReviewer(t);
    const message =
      'subjectaccessreviews.authorization.k8s.io is forbidden: User "proxy" cannot create resource';
    api.answerWith(json(403, { kind: 'Status', status: 'Failure', message, code: 403 }));
    const denial = await denialOf(() => review());
    assert.match(
      denial.message,
      /permission to create subjectaccessreviews\.authorization\.k8s\.io$/,
    );
    assertUnavailable(denial, /User "proxy" cannot create resource/);
  });

  it("does not take a stranger's 403 for one of RBAC", async (t) => {
    const { api, review } = await startAccessReviewer(t);
    api.answerWith(text(403, '<html>blocked</html>'));
    const denial = await denialOf(() => review());
    assert.doesNotMatch(denial.message, /permission/);
    assertUnavailable(denial, /403/);
  });

  it("says so when the proxy's own credentials are refused", async (t) => {
    const { api, review } = await startAccessReviewer(t);
    api.answerWith(json(401, { kind: 'Status', message: 'Unauthorized' }));
    const denial = await denialOf(() => review());
    assert.match(denial.message, /own credentials/);
    assertUnavailable(denial, /401: Unauthorized/);
  });

  for (const code of [301, 302, 303, 307, 308]) {
    it(`is not looked for elsewhere by a ${code}`, async (t) => {
      const { api, review } = await startAccessReviewer(t);
      const elsewhere = await startFakeApiServer({ http2: {} });
      t.after(() => elsewhere.stop());
      elsewhere.answerWith(verdict(yes));
      for (const location of [`${elsewhere.url}/x`, '/x']) {
        api.answerWith((_, response) => response.writeHead(code, { location }).end());
        const denial = await denialOf(() => review());
        assert.match(denial.message, /redirects are not followed/);
      }
      assert.equal(elsewhere.received.length, 0);
      assert.equal(api.received.length, 2);
    });
  }
});

/** As kube-apiserver does, with the value that it dislikes. */
function quoting(code: number): Answerer {
  return (received, response) => {
    const { spec } = JSON.parse(received.text);
    answerJson(response, code, { kind: 'Status', message: `Invalid value: "${spec.groups[0]}"` });
  };
}
