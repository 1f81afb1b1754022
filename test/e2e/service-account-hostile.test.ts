/**
 * Hostile requests of a pipeline that acts as a service account. The API server's own audit log is the judge: whatever
 * arrives is that account's and nobody else's. And no credential is ever where it doesn't belong.
 */
import assert from 'node:assert/strict';
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { decodeJwt } from 'jose';
import { readAudit, type KubeAuditEvent } from '../../lab/audit-log.ts';
import { startEnvoy, type RunningEnvoy } from '../../lab/envoy.ts';
import { waitUntil } from '../../lab/process.ts';
import type { Quickstart } from '../../lab/quickstart.ts';
import { writeCertificates } from '../support/envoy-rig.ts';
import { hostileRequests } from '../support/hostile-requests.ts';
import {
  accountOf,
  applyPrintedRbac,
  pipelineEntries,
  pipelineToken,
  prepareTeams,
} from '../support/pipeline-accounts.ts';
import { sendHttp1, sendHttp2, type RawAnswer, type RawRequest } from '../support/raw-client.ts';
import {
  startRecordingUpstream,
  valuesOf,
  type RecordingUpstream,
} from '../support/recording-upstream.ts';
import { startTemporaryQuickstart } from '../support/temporary-quickstart.ts';

const pods = '/api/v1/namespaces/red/pods';

type Lines = RawRequest['lines'];
type Row = readonly [what: string, lines: Lines];

const userNames = ['Impersonate-User', 'impersonate-user', 'IMPERSONATE-USER', 'iMpErSoNaTe-UsEr'];

/** Refused with 403: they ask to be somebody else, whatever they say. */
const asking: readonly Row[] = [
  ...userNames.map((name): Row => [`${name}: system:admin`, [[name, 'system:admin']]]),
  ['an empty Impersonate-User', [['Impersonate-User', '']]],
  ['Impersonate-User in every case at once', userNames.map((name) => [name, 'admin'])],
  [
    'an empty user before a real one',
    [
      ['IMPERSONATE-USER', ''],
      ['impersonate-user', 'admin'],
    ],
  ],
  [
    'our own account',
    [['Impersonate-User', 'system:serviceaccount:kube-ext-authz:kube-ext-authz']],
  ],
  ...[
    ['Impersonate-Group', 'IMPERSONATE-GROUP', 'Impersonate-Uid', 'IMPERSONATE-UID'],
    ['Impersonate-Extra-Scopes', 'IMPERSONATE-EXTRA-SCOPES', 'Impersonate-Extra-%73copes'],
    ['Impersonate-', 'Impersonate-Foo', 'impersonate-groups'],
  ]
    .flat()
    .map((name): Row => [`${name} for nobody`, [[name, 'system:masters']]]),
  [
    'groups in two cases',
    [
      ['Impersonate-Group', 'dev'],
      ['IMPERSONATE-GROUP', 'system:masters'],
    ],
  ],
];

/** Let through without them. */
const ignored: readonly Row[] = [
  ['X-Remote-User', [['X-Remote-User', 'admin']]],
  [
    'X-Remote-User in two cases',
    [
      ['X-REMOTE-USER', 'admin'],
      ['x-remote-user', 'admin'],
    ],
  ],
  ['X-Remote-Group', [['x-remote-GROUP', 'system:masters']]],
  ['X-Remote-Uid', [['X-Remote-Uid', '0']]],
  ['X-Remote-Extra-Scopes', [['X-Remote-Extra-Scopes', 'all']]],
];

/** Envoy takes no such names. */
const underscores: readonly Row[] = [
  'Impersonate_User',
  'IMPERSONATE_USER',
  'impersonate_group',
  'Impersonate-Extra_A',
  'X_Remote_User',
  'X-Remote_Group',
].map((name) => [`${name} with an underscore`, [[name, 'system:admin']]]);

describe('a hostile pipeline', () => {
  let quickstart: Quickstart;
  let ca: string;
  let recording: Recording;
  const token = pipelineToken('pipelines', { sub: 'project:red', team: 'red' });
  const answers: RawAnswer[] = [];
  let sent = 0;
  before(async () => {
    const settings = { jwt: pipelineEntries, log: { level: 'debug' } };
    quickstart = await startTemporaryQuickstart({ settings });
    ca = readFileSync(quickstart.files.ca, 'utf8');
    await prepareTeams(quickstart.cluster);
    await applyPrintedRbac(quickstart.cluster, quickstart.server.configFile);
    recording = await startRecording(quickstart);
    await waitUntil('a token', async () => (await send([], false)).answer.status === 200, {
      timeoutMs: 60_000,
    });
  });
  after(async () => {
    await recording.stop();
    await quickstart.stop();
  });

  interface Sent {
    readonly answer: RawAnswer;
    readonly arrived: readonly KubeAuditEvent[];
  }

  /** Sends a request under a name of its own, and returns what the API server says came of it. */
  async function send(
    lines: Lines,
    http2: boolean,
    request: Partial<RawRequest> = {},
  ): Promise<Sent> {
    const agent = `hostile/${(sent += 1)}`;
    const bearer = ['authorization', `Bearer ${token}`] as const;
    const all = [['user-agent', agent] as const, bearer, ...lines];
    const to = { path: pods, ...request, url: quickstart.envoy.url, ca, lines: all };
    const answer = await (http2 ? sendHttp2 : sendHttp1)(to);
    answers.push(answer);
    const arrived = readAudit(quickstart.files.apiServerAudit).filter(
      ({ userAgent }) => userAgent === agent,
    );
    for (const { user, impersonatedUser } of arrived) {
      assert.equal(user.username, accountOf('red'));
      assert.equal(impersonatedUser, undefined);
    }
    return { answer, arrived };
  }

  for (const http2 of [false, true]) {
    const protocol = http2 ? 'HTTP/2' : 'HTTP/1.1';
    for (const [what, lines] of asking) {
      it(`${protocol}: ${what} is refused`, async () => {
        const { answer, arrived } = await send(lines, http2);
        const reason = answer.headers['x-kube-ext-authz-reason'];
        assert.deepEqual([answer.status, reason], [403, 'impersonation_denied'], answer.body);
        assert.match(JSON.parse(answer.body).message, /act as a service account, so they can't/);
        assert.deepEqual(arrived, []);
      });
    }
    for (const [what, lines] of ignored) {
      it(`${protocol}: ${what} changes nothing`, async () => {
        const { answer, arrived } = await send(lines, http2);
        assert.equal(answer.status, 200, answer.body);
        assert.equal(arrived.length, 1);
      });
    }
    for (const [what, lines] of underscores) {
      it(`${protocol}: ${what} does not arrive`, async () => {
        const { answer, arrived } = await send(lines, http2);
        assert.equal(answer.status, http2 ? 0 : 400);
        assert.deepEqual(arrived, []);
      });
    }
    const others = hostileRequests.filter(
      ({ onlyHttp1, authorization }) => !authorization && !(http2 && onlyHttp1 === true),
    );
    for (const { what, lines = [], status: _, ...request } of others) {
      it(`${protocol}: ${what} is nobody else's`, async () => {
        await send(lines, http2, request);
      });
    }
  }

  it('sends the API server our token and none of the pipeline’s, wherever that was', async () => {
    const subprotocol = `base64url.bearer.authorization.k8s.io.${Buffer.from(token).toString('base64url')}`;
    const websocket = [
      ['Connection', 'Upgrade'],
      ['Upgrade', 'websocket'],
    ] as const;
    const bearer = ['Authorization', `Bearer ${token}`] as const;
    const cases: readonly (readonly [name: string, http2: boolean, lines: Lines])[] = [
      ['http1', false, [bearer]],
      ['http2', true, [bearer]],
      ['upper', false, [['AUTHORIZATION', `bearer ${token}`]]],
      ['remote', false, [bearer, ['X-Remote-User', 'a'], ['x-remote-group', 'b']]],
      ['upgrade', false, [bearer, ...websocket]],
      [
        'subprotocol',
        false,
        [...websocket, ['Sec-WebSocket-Protocol', `${subprotocol}, v5.channel.k8s.io`]],
      ],
    ];
    for (const [name, http2, lines] of cases) {
      const [seen, ...more] = await recording.send(name, http2, lines);
      assert.ok(seen && more.length === 0, name);
      const [authorization = '', ...second] = valuesOf(seen.lines, 'authorization');
      assert.equal(second.length, 0);
      const { sub, exp = 0, iat = 0 } = decodeJwt(authorization.replace('Bearer ', ''));
      assert.deepEqual([sub, exp - iat], [accountOf('red'), 600]);
      const identity = seen.lines.filter(([line]) => /impersonate|x[-_]remote/i.test(line));
      assert.deepEqual(identity, []);
      const text = JSON.stringify(seen);
      for (const secret of [token, token.split('.')[2] ?? '', subprotocol]) {
        assert.ok(!text.includes(secret), name);
      }
    }
  });

  it('learns no token of ours from any answer', () => {
    assert.ok(answers.length > 150);
    for (const { headers, body } of [...answers, ...recording.answers]) {
      assert.doesNotMatch(JSON.stringify(headers) + body, /eyJ[\w-]{8}/);
    }
  });

  it('leaves no token in any log, audit line or metric', async () => {
    const { files, state } = quickstart;
    const logs = [
      files.audit,
      files.serverLog,
      files.accessLog,
      files.envoyLog,
      recording.accessLog,
    ];
    const metrics = await (await fetch(`${state.admin}/metrics`)).text();
    for (const text of [...logs, files.apiServerAudit].map((file) => readFileSync(file, 'utf8'))) {
      assert.doesNotMatch(text, /eyJ[\w-]{8}/);
    }
    assert.doesNotMatch(metrics, /eyJ[\w-]{8}/);
    assert.match(readFileSync(files.serverLog, 'utf8'), /a service account token was minted/);
    assert.match(metrics, /issuer="pipelines",act_as="serviceAccount"\} \d/);
  });

  it('never was anybody but its account', () => {
    const events = readAudit(quickstart.files.apiServerAudit).filter(({ userAgent = '' }) =>
      userAgent.startsWith('hostile/'),
    );
    assert.ok(events.length > 50, 'the audit log has what got through');
    assert.deepEqual(
      new Set(events.map(({ user, impersonatedUser }) => impersonatedUser ?? user.username)),
      new Set([accountOf('red')]),
    );
  });
});

interface Recording {
  readonly accessLog: string;
  readonly answers: readonly RawAnswer[];
  /** One request through Envoy; what came of it at the place of the API server. */
  send(name: string, http2: boolean, lines: Lines): Promise<ReturnType<RecordingUpstream['seen']>>;
  stop(): Promise<void>;
}

/** An Envoy that asks the same kube-ext-authz, before an upstream that remembers every line. */
async function startRecording({ files, parts, server }: Quickstart): Promise<Recording> {
  const dir = join(files.dir, 'recording');
  mkdirSync(dir);
  const { ca, leaf } = await writeCertificates(dir);
  const upstream = await startRecordingUpstream(leaf);
  const accessLog = join(dir, 'access.log');
  const envoy: RunningEnvoy = await startEnvoy({
    dir,
    envoyBin: parts.envoy,
    certFile: join(dir, 'tls.crt'),
    keyFile: join(dir, 'tls.key'),
    apiServer: { address: '127.0.0.1', port: upstream.port, caFile: join(dir, 'ca.crt') },
    authz: { endpoints: [server.grpc] },
    accessLog,
  });
  const answers: RawAnswer[] = [];
  return {
    accessLog,
    answers,
    send: async (name, http2, lines) => {
      const request = { url: envoy.url, ca, lines: [['x-case', name] as const, ...lines] };
      answers.push(await (http2 ? sendHttp2 : sendHttp1)(request));
      return upstream.seen(name);
    },
    stop: async () => {
      await envoy.stop();
      upstream.stop();
    },
  };
}
