/** `kubectl --as` as people type it, straight to the API server and through Envoy: it prints the same. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { readAudit } from '../../lab/audit-log.ts';
import { startKubectl } from '../../lab/kubectl.ts';
import { waitUntil } from '../../lab/process.ts';
import { readUser, requesterOf, withoutRequester } from '../support/impersonation-answer.ts';
import { readOurAudit } from '../support/impersonation-audit.ts';
import { whoAmI as whoAmIRequest, type Requester } from '../support/impersonation-case.ts';
import {
  kubectlBothWays,
  printed,
  writeKubeconfigs,
  type BothWays,
} from '../support/impersonation-kubectl.ts';
import { startImpersonationLab, type ImpersonationLab } from '../support/impersonation-lab.ts';
import { team, type GrantName } from '../support/impersonation-world.ts';

type Command = readonly [may: readonly GrantName[], ...args: string[]];

const all: readonly GrantName[] = ['users', 'groups', 'service accounts', 'all of authentication'];
const newly: readonly GrantName[] = ['info: users', 'info on anything'];
const inTeam = ['--namespace', team];
const whoAmI = ['auth', 'whoami', '-o', 'json'];
const review = ['create', '--raw', whoAmIRequest.path, '-f', '-'];
const exec = ['exec', 'hello', ...inTeam];
const toBob = ['--as', 'bob'];
const robot = ['--as', `system:serviceaccount:${team}:robot`];

const identities: readonly Command[] = [
  [all, ...toBob],
  [all, ...toBob, '--as-group', 'dev', '--as-group', 'a,b', '--as-group', 'dev'],
  [all, ...toBob, '--as-group', ''],
  [all, ...toBob, '--as-uid', '7'],
  [all, ...toBob, '--as-user-extra', 'example.com/team=blue', '--as-user-extra', 'Scopes=x=y'],
  [all, ...toBob, '--as-user-extra', 'example.com/team=a', '--as-user-extra', 'example.com/team=b'],
  [all, ...toBob, '--as-user-extra', 'größe=ü', '--as-user-extra', 'a%41=x'],
  [all, '--as', 'größe, "x"'],
  [all, ...robot],
  [all, ...robot, '--as-group', 'dev'],
  [all, '--as', 'system:anonymous'],
  [['admin'], ...toBob, '--as-group', 'system:masters', '--as-uid', '7'],
  [newly, ...toBob],
  [['account: any', 'account on reviews'], ...robot],
  [['node: any', 'node on reviews'], '--as', 'system:node:lab-node'],
];

/** What is allowed and then done, or refused by the API server's own rules. */
const commands: readonly Command[] = [
  [all, 'get', 'pods', ...inTeam, ...toBob],
  [newly, 'get', 'pods', ...inTeam, ...toBob],
  [all, 'get', 'secrets', ...inTeam, ...toBob],
  [all, 'get', 'secrets', ...inTeam, ...toBob, '--as-group', 'system:masters'],
  [all, 'auth', 'can-i', 'list', 'secrets', ...inTeam, ...toBob],
  [newly, 'delete', 'configmaps', '--all', '--dry-run=server', ...inTeam, ...toBob],
  [all, 'logs', 'hello', ...inTeam, ...toBob],
  [['info: users', 'info on pods'], 'get', '--raw', `/api/v1/namespaces/${team}/pods/x`, ...toBob],
  [all, 'get', '--raw', '/metrics', ...toBob],
];

/** What may not be asked. */
const refusals: readonly Command[] = [
  [[], ...review, ...toBob],
  [['users'], ...review, ...toBob, '--as-group', 'dev'],
  [['users: bob'], ...review, '--as', 'carol'],
  [['info on reviews'], ...review, ...toBob, '--as-uid', '7'],
  [['info: users', 'info on reviews'], ...review, ...toBob, '--as-user-extra', 'a=b'],
  [['info: all', 'info on reviews'], ...review, ...toBob, '--as-group', 'system:masters'],
  [['info on reviews'], ...review, '--as', '<b>&"bob"'],
  [[], ...review, ...robot],
  [[], ...review, '--as', 'system:node:lab-node'],
  [[], 'get', '--raw', `/api/v1/namespaces/${team}/pods`, ...toBob],
  [['info: users', 'info on pods of a team'], 'get', '--raw', '/api/v1/pods', ...toBob],
  [[], 'get', '--raw', '/livez', ...toBob],
  [['info: users', 'info on discovery'], 'get', 'pods', ...inTeam, ...toBob],
  [['info: users', 'info on discovery', 'info on pods'], ...exec, ...toBob, '--', 'true'],
];

const streams: readonly (readonly [
  what: string,
  may: readonly GrantName[],
  as: readonly string[],
])[] = [
  ['of old', all, [...toBob, '--as-group', 'system:masters']],
  ['newly', ['info: users', 'info on discovery', 'info on pods', 'info on exec'], toBob],
];

describe('kubectl --as', () => {
  let lab: ImpersonationLab;
  let count = 0;
  before(async () => {
    lab = await startImpersonationLab({ constrained: true, atOnce: 2 });
  });
  after(() => lab.stop());

  function configs(may: readonly GrantName[]): Promise<BothWays<string>> {
    count += 1;
    const name = `person-${count}`;
    return writeKubeconfigs(lab, { name, may }, name);
  }

  for (const [may, ...args] of identities) {
    it(`${args.join(' ')} is the same user, with ${may.join(', ')}`, async () => {
      const { straight, through } = await kubectlBothWays(lab, await configs(may), [
        ...whoAmI,
        ...args,
      ]);
      if (args.includes('system:anonymous'))
        assert.match(straight.stdout, /system:unauthenticated/);
      assert.equal(straight.code, 0, straight.stderr);
      assert.equal(through.code, 0, through.stderr);
      const [theirs, ours] = [straight, through].map(({ stdout }) =>
        readUser(JSON.parse(stdout).status.userInfo),
      );
      assert.ok(theirs && ours);
      assert.deepEqual(withoutRequester(ours), theirs);
    });
  }

  for (const [may, ...args] of commands) {
    it(`${args.join(' ')} prints the same, with ${may.join(', ')}`, async () => {
      const { straight, through } = await kubectlBothWays(lab, await configs(may), args);
      assert.equal(through.code, straight.code);
      assert.equal(printed(through), printed(straight));
      if (args[1] !== 'secrets')
        assert.equal(withoutAge(through.stdout), withoutAge(straight.stdout));
      assert.doesNotMatch(straight.stderr, /impersonate/);
    });
  }

  for (const [may, ...args] of refusals) {
    const by = may.length === 0 ? 'nothing' : may.join(', ');
    it(`${args.join(' ')} prints the same refusal, with ${by}`, async () => {
      const stdin = JSON.stringify(whoAmIRequest.body);
      const { straight, through } = await kubectlBothWays(lab, await configs(may), args, { stdin });
      assert.equal(through.code, straight.code);
      assert.match(printed(straight), /^[Ee]rror.*: User "[^"]+" cannot impersonate/);
      assert.equal(printed(through), printed(straight));
    });
  }

  it('get pods prints why it is refused where kubectl knows of nothing yet', async () => {
    const { through } = await kubectlBothWays(lab, await configs([]), ['get', 'pods', ...toBob]);
    const said = /forbidden: User "person-\d+" cannot impersonate-on:user-info:get path "\/api"/;
    assert.match(through.stderr.replaceAll('\\"', '"'), said);
  });

  for (const [what, may, as] of streams) {
    for (const websockets of ['true', 'false']) {
      it(`exec runs as the other user, ${what}, websockets ${websockets}`, async () => {
        const args = [...exec, ...as, '--', 'echo', 'hello'];
        const env = { KUBECTL_REMOTE_COMMAND_WEBSOCKETS: websockets };
        const { straight, through } = await kubectlBothWays(lab, await configs(may), args, { env });
        for (const { code, stdout, stderr } of [straight, through]) {
          assert.deepEqual({ code, stdout }, { code: 0, stdout: 'hello\n' }, stderr);
        }
      });
    }

    it(`get --watch goes on as the other user, ${what}`, async () => {
      const { parts, files } = lab.quickstart;
      const { through } = await configs(may);
      const logFile = join(files.dir, `watch-${count}.log`);
      const args = ['get', 'pods', '--watch', ...inTeam, ...as];
      const watch = startKubectl(parts, through, args, { logFile });
      try {
        const shows = (): boolean => /^hello /m.test(readFileSync(logFile, 'utf8'));
        await waitUntil('the pod to show', shows, { timeoutMs: 20_000, process: watch });
        assert.ok(watch.alive());
      } finally {
        await watch.stop();
      }
    });
  }

  it('is in both audit logs, with the one who asked', async () => {
    const { files, state } = lab.quickstart;
    const requester: Requester = { name: 'dora', may: all, uid: 'd-1', team: ['red', 'blue'] };
    const kubeconfigs = await writeKubeconfigs(lab, requester, 'dora');
    const path = `/api/v1/namespaces/${team}/pods?labelSelector=asked%3Dby-kubectl`;
    const lists = [
      '--as-group',
      'dev',
      '--as-user-extra',
      'example.com/team=green',
      '--as-uid',
      '7',
    ];
    const args = ['get', '--raw', path, ...toBob, ...lists];
    const { through } = await kubectlBothWays(lab, kubeconfigs, args);
    assert.equal(through.code, 0, through.stderr);
    const bob = {
      username: 'bob',
      uid: '7',
      groups: ['dev', 'system:authenticated'],
      extra: { 'example.com/team': ['green'] },
    };
    const dora = {
      username: 'dora',
      uid: 'd-1',
      groups: [...all, 'system:authenticated'],
      extra: { 'example.com/team': ['red', 'blue'] },
    };
    const ours = readOurAudit(files.audit).filter(({ uri }) => uri === path);
    assert.equal(ours.length, 1);
    const [line] = ours;
    assert.ok(line?.inbound && line.outbound);
    assert.deepEqual([line.decision, line.inbound], ['allow', dora]);
    assert.deepEqual(withoutRequester(line.outbound), bob);
    assert.deepEqual(requesterOf(line.outbound), dora);
    const [event, ...more] = readAudit(files.apiServerAudit).filter(
      ({ auditID }) => auditID === line.auditID,
    );
    assert.equal(more.length, 0);
    assert.equal(event?.user.username, state.serviceAccount);
    assert.deepEqual(readUser(event.impersonatedUser), line.outbound);
  });
});

/** A pod's age, and the time at which something was created. */
function withoutAge(text: string): string {
  return text.replaceAll(/\b\d+(m\d+)?s\b/g, '0s');
}
