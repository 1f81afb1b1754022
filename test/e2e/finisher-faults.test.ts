/** The finisher when it fails itself, and when something else has changed the request before it. */
import assert from 'node:assert/strict';
import { it } from 'node:test';
import {
  connectionManager,
  editedFinisher,
  startRig,
  type Change,
  type Exchange,
} from '../support/envoy-rig.ts';
import type { RawRequest } from '../support/raw-client.ts';
import { toStruct } from '../support/authz-stub.ts';
import { valuesOf } from '../support/recording-upstream.ts';
import { allow, allowWith, decision, groups } from '../support/replies.ts';

/** Envoy lets a request go on when a script fails: these fail where it would hurt most. */
const failures: readonly (readonly [when: string, at: string, code: string])[] = [
  ['at once', 'local function finish(handle)\n', 'error("broken")'],
  [
    'after it lost the user',
    'local function write(headers, lines)\n',
    'headers:remove("impersonate-user") error("broken")',
  ],
  ['by calling what is not there', 'local function write(headers, lines)\n', 'headers:nothing()'],
];

for (const [when, at, code] of failures) {
  it(`a finisher that fails ${when} lets nothing pass`, async () => {
    const fault = editedFinisher((source) => source.replace(at, `${at} ${code}\n`));
    assertStopped(await allowedRequest([fault]), 'finisher_error');
  });
}

it('a finisher that fails while it refuses lets no credential pass', async () => {
  const fault = editedFinisher((source) => source.replace('handle:respond(', 'handle:nothing('));
  const undecided: Change = [
    connectionManager('http_filters', 0, 'typed_config', 'enable_dynamic_metadata_ingestion'),
    false,
  ];
  const { upstream } = await allowedRequest([fault, undecided]);
  const lines = upstream.flatMap((seen) => seen.lines);
  assert.deepEqual(valuesOf(lines, 'authorization'), []);
});

const meddlers: readonly (readonly [what: string, code: string])[] = [
  ['adds a user', 'headers:add("impersonate-user", "admin")'],
  ['adds the same user', 'headers:add("impersonate-user", "alice")'],
  ['replaces the user', 'headers:replace("impersonate-user", "admin")'],
  ['removes the user', 'headers:remove("impersonate-user")'],
  ['adds a credential', 'headers:add("authorization", "Bearer x")'],
  ['adds to the credential', 'headers:add("authorization", "x")'],
  ['removes the credential', 'headers:remove("authorization")'],
];

for (const [what, code] of meddlers) {
  it(`a filter before the finisher that ${what} gets the request refused`, async () => {
    const meddler = editedFinisher(
      (source) => `${source}
        local finisher = envoy_on_request
        function envoy_on_request(handle)
          local headers = handle:headers()
          ${code}
          finisher(handle)
        end`,
    );
    assertStopped(await allowedRequest([meddler]), 'decision_mismatch');
  });
}

it('two users are not one whose name has a comma', async () => {
  const twice =
    'handle:headers():replace("impersonate-user", "a") handle:headers():add("impersonate-user", "a")';
  const at = 'local function finish(handle)\n';
  const rig = await startRig({
    changes: [editedFinisher((source) => source.replace(at, `${at} ${twice}\n`))],
  });
  const headers = { 'impersonate-user': ['a,a'] };
  const reply = {
    ...allowWith({ 'impersonate-user': 'a,a' }),
    dynamic_metadata: toStruct({ headers, decision }),
  };
  try {
    assertStopped(await rig.exchange('request', { reply }), 'decision_mismatch');
  } finally {
    await rig.stop();
  }
});

it('the finisher strips names with underscores where Envoy accepts them', async () => {
  const setting = 'headers_with_underscores_action';
  const lax = connectionManager('common_http_protocol_options', setting);
  const names = ['impersonate_user', 'Impersonate_Group', 'x_remote_user', 'x-remote_group', 'x_y'];
  const smuggled = names.map((name) => [name, 'admin'] as const);
  const { upstream } = await allowedRequest([[lax, 'ALLOW']], smuggled);
  const lines = upstream.flatMap((seen) => seen.lines);
  assert.deepEqual(valuesOf(lines, 'impersonate-group'), groups);
  assert.deepEqual(
    lines.map(([name]) => name).filter((name) => name.includes('_')),
    ['x_y'],
  );
});

async function allowedRequest(
  changes: readonly Change[],
  lines: RawRequest['lines'] = [['authorization', 'Bearer client']],
): Promise<Exchange> {
  const rig = await startRig({ changes });
  try {
    return await rig.exchange('request', { reply: allow(), lines });
  } finally {
    await rig.stop();
  }
}

function assertStopped({ answer, upstream }: Exchange, reason: string): void {
  const got = [answer.status, answer.headers['x-kube-ext-authz-reason']];
  assert.deepEqual(got, [403, reason]);
  assert.deepEqual(upstream, []);
}
