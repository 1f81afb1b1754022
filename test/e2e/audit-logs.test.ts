/** One request in both audit logs: what our Event says of it, kube-apiserver says in its own. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { mintForAlice, onCallUser } from '../../lab/alice.ts';
import { waitUntil } from '../../lab/process.ts';
import type { Quickstart } from '../../lab/quickstart.ts';
import { startFront, type Front } from '../support/second-front.ts';
import { startTemporaryQuickstart } from '../support/temporary-quickstart.ts';

const commands: readonly (readonly string[])[] = [
  ['get', 'pods'],
  ['get', 'pods', '-l', 'app=web', '--field-selector', 'metadata.name=web'],
  ['get', 'deployments.apps', '-n', 'kube-system'],
  ['get', 'pod', 'web', '--subresource', 'status'],
  ['get', '--raw', '/healthz'],
  ['auth', 'whoami'],
  ['auth', 'whoami', '--as', onCallUser],
  ['create', 'configmap', 'made', '--dry-run=server'],
  ['delete', 'configmap', 'none'],
];

/** The fields that both logs have of one request. */
const common = ['auditID', 'requestURI', 'verb', 'objectRef'] as const;

type Event = Readonly<Record<string, unknown>>;

describe('a request in both audit logs', () => {
  let quickstart: Quickstart;
  let front: Front;
  let token: string;

  before(async () => {
    quickstart = await startTemporaryQuickstart();
    const { files, issuer } = quickstart;
    const audit = ['audit.k8s.io', 'kube-oidc-proxy', 'json'].map((format) => ({
      format,
      path: join(files.dir, 'front', `${format}.log`),
    }));
    const authentication = { configFile: files.authentication };
    front = await startFront(quickstart, 'front', { authentication, audit });
    ({ token } = await mintForAlice(issuer));
  });
  after(async () => {
    await front.stop();
    await quickstart.stop();
  });

  it('is the same request, by the same user', async () => {
    for (const command of commands) await front.kubectl(token, ...command);
    const ours = await waitUntil('a line in each format of each check', () => {
      const [events, lines, json] = ['audit.k8s.io', 'kube-oidc-proxy', 'json'].map(linesOf);
      const isWhole = events?.length === lines?.length && events?.length === json?.length;
      return isWhole && events && events.length >= commands.length ? events : undefined;
    });
    const theirs = readEvents(readFileSync(quickstart.files.apiServerAudit, 'utf8').split('\n'));
    for (const event of readEvents(ours)) {
      const same = theirs.find(({ auditID }) => auditID === event['auditID']);
      assert.deepEqual(pick(event), same && pick(same));
      // For the API server the user is the proxy, and the target is always impersonated.
      assert.deepEqual(event['impersonatedUser'] ?? event['user'], same?.['impersonatedUser']);
      assert.deepEqual(Object.keys(event), orderOf(event, same));
    }
  });

  it('tells of `kubectl --as` who asked, in each format', () => {
    const [event, line, json] = ['audit.k8s.io', 'kube-oidc-proxy', 'json'].map(
      (format) => linesOf(format).find(tellsWhoAsked) ?? '',
    );
    const { user, impersonatedUser } = JSON.parse(event ?? '');
    assert.equal(impersonatedUser.username, onCallUser);
    assert.deepEqual(impersonatedUser.extra['originaluser.jetstack.io-user'], [user.username]);
    assert.ok(line?.includes(`inbound:[${user.username} / `));
    assert.ok(line?.includes(`outbound:[${onCallUser} / `));
    assert.equal(JSON.parse(json ?? '').outbound.username, onCallUser);
  });

  function linesOf(format: string): readonly string[] {
    return readFileSync(join(front.dir, `${format}.log`), 'utf8')
      .split('\n')
      .slice(0, -1);
  }
});

function tellsWhoAsked(line: string): boolean {
  return line.includes('-user') && line.includes(onCallUser);
}

function readEvents(lines: readonly string[]): readonly Event[] {
  return lines.filter((line) => line !== '').map((line): Event => JSON.parse(line));
}

function pick(event: Event): Event {
  return Object.fromEntries(common.map((field) => [field, event[field]]));
}

/** The order of our fields, when those that both have stand as in theirs. */
function orderOf(ours: Event, theirs: Event | undefined): readonly string[] {
  const shared = Object.keys(theirs ?? {}).filter((field) => field in ours);
  return Object.keys(ours).map((field) =>
    field in (theirs ?? {}) ? (shared.shift() ?? '') : field,
  );
}
