/** `explain` before a real cluster: it says what is then done, and its document shows what it prints. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { mintForAlice, onCallUser } from '../../lab/alice.ts';
import { readAudit, type KubeAuditEvent } from '../../lab/audit-log.ts';
import { createSigningKey } from '../../lab/issuer.ts';
import { runKubectl, type KubectlResult } from '../../lab/kubectl.ts';
import { waitUntil } from '../../lab/process.ts';
import type { Quickstart } from '../../lab/quickstart.ts';
import { tableRows, root } from '../support/documents.ts';
import type { Ended } from '../support/server-process.ts';
import { startTemporaryQuickstart } from '../support/temporary-quickstart.ts';
import { assertShown, transcriptsOf } from '../support/transcripts.ts';

const document = 'docs/explain.md';

describe('explain', () => {
  let quickstart: Quickstart;
  let token: string;
  before(async () => {
    quickstart = await startTemporaryQuickstart();
    const { dir } = quickstart.files;
    ({ token } = await mintForAlice(quickstart.issuer));
    writeFileSync(join(dir, 'alice.token'), token);
    mkdirSync(join(dir, 'bin'));
    const program = join(dir, 'bin', 'kube-ext-authz');
    writeFileSync(
      program,
      `#!/bin/sh\nexec "${process.execPath}" "${join(root, 'dist/main.js')}" "$@"\n`,
    );
    chmodSync(program, 0o755);
  });
  after(() => quickstart.stop());

  /** Not synchronously: the issuer answers in this process. */
  function shell(command: string, env: Readonly<Record<string, string>> = {}): Promise<Ended> {
    const { dir: cwd } = quickstart.files;
    const PATH = [join(cwd, 'bin'), process.env['PATH']].join(delimiter);
    const child = spawn('sh', ['-c', command], { cwd, env: { ...process.env, PATH, ...env } });
    const output = { stdout: '', stderr: '' };
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => (output.stdout += chunk));
    child.stderr.setEncoding('utf8').on('data', (chunk: string) => (output.stderr += chunk));
    return new Promise((resolve, reject) => {
      child.on('error', reject).on('close', (code) => resolve({ code, ...output }));
    });
  }

  async function explain(...flags: string[]) {
    const { code, stdout, stderr } = await shell(
      `kube-ext-authz explain --config config.yaml -o json ${flags.join(' ')} < alice.token`,
    );
    assert.equal(stderr, '');
    return { code, explanation: JSON.parse(stdout) };
  }

  function kubectl(...args: string[]): Promise<KubectlResult> {
    return runKubectl(quickstart.parts, quickstart.files.kubeconfig, ['--token', token, ...args]);
  }

  it('prints what its document shows', async () => {
    const { kubeconfig } = quickstart.files;
    const key = await createSigningKey('RS256'); // the issuer doesn't publish it
    const forged = await quickstart.issuer.mint({ sub: 'alice' }, { key });
    const flags = ['--token', forged, 'get', '--raw', '/api/v1/pods'];
    await runKubectl(quickstart.parts, kubeconfig, flags);
    const env = { AUDIT_ID: await deniedID('/api/v1/pods') };
    const transcripts = transcriptsOf(document);
    assert.ok(transcripts.length >= 5);
    for (const transcript of transcripts) {
      const { code, stdout, stderr } = await shell(transcript.command, env);
      assert.equal(stderr, '', transcript.command);
      assertShown(stdout, transcript);
      const [word = ''] = stdout.split(':');
      assert.equal(code, ['allowed', 'denied', 'not known'].indexOf(word), transcript.command);
      assert.ok(!stdout.includes(token.split('.')[2] ?? ''));
    }
  });

  it('says what kubectl --as is then told, while no mode has gone well', async () => {
    for (const who of ['root', 'system:serviceaccount:default:robot', 'system:node:x']) {
      const flags = ['--as', who];
      const { code, explanation } = await explain(
        '--path',
        '/api/v1/namespaces/default/pods/hello',
        ...flags,
      );
      assert.deepEqual([code, explanation.reason], [1, 'impersonation_denied']);
      const told = await kubectl('get', '--raw', '/api/v1/namespaces/default/pods/hello', ...flags);
      assert.equal(told.code, 1);
      assert.ok(
        told.stderr.includes(explanation.message),
        `${told.stderr}\n${explanation.message}`,
      );
    }
  });

  it('says who kube-apiserver then sees', async () => {
    for (const [name, flags] of [
      ['alice', []],
      [onCallUser, ['--as', onCallUser]],
    ] as const) {
      const path = `/version?of=${name}`;
      const { code, explanation } = await explain('--path', `'${path}'`, ...flags);
      assert.deepEqual([code, explanation.decision], [0, 'allow']);
      assert.equal((await kubectl('get', '--raw', path, ...flags)).code, 0);
      const { impersonatedUser } = await seen(path);
      assert.ok(impersonatedUser);
      const { username, uid, groups, extra } = explanation.upstream.identity;
      assert.deepEqual(
        { uid: '', extra: {}, ...impersonatedUser },
        { username, uid, groups, extra },
      );
    }
  });

  it('says what to grant, and then it is allowed', async () => {
    const flags = ['--as', 'carol', '--as-group', 'ops', '--path', '/version'];
    const { explanation: denied } = await explain(...flags);
    const rules = denied.helps.flatMap((one: string) => /\{.*\}/.exec(one)?.[0] ?? []);
    assert.equal(rules.length, 2);
    const name = 'explained';
    const role = {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'ClusterRole',
      metadata: { name },
      rules: rules.map((rule: string) => JSON.parse(rule)),
    };
    const file = join(quickstart.files.dir, 'role.json');
    writeFileSync(file, JSON.stringify(role));
    const admin = quickstart.files.adminKubeconfig;
    const binding = ['create', 'clusterrolebinding', name, `--clusterrole=${name}`, '--user=alice'];
    for (const args of [['apply', '-f', file], binding]) {
      const applied = await runKubectl(quickstart.parts, admin, args);
      assert.equal(applied.code, 0, applied.stderr);
    }
    const isAllowed = async (): Promise<boolean> => (await explain(...flags)).code === 0;
    await waitUntil('the grant to count', isAllowed);
  });

  it('has the members that its document lists', async () => {
    const documented = tableRows(document).filter(([, of = '']) =>
      /^(?:both|Explanation|PastDecision)$/.test(of),
    );
    const membersOf = (kind: string): readonly string[] =>
      documented
        .flatMap(([member = '', of = '']) => (of === 'both' || of === kind ? [member] : []))
        .toSorted();
    const { explanation } = await explain('--path', '/version');
    assert.deepEqual(Object.keys(explanation).toSorted(), membersOf('Explanation'));
    const { auditID } = ourEvents().at(-1) ?? {};
    const { stdout } = await shell(
      `kube-ext-authz explain -o json --audit-file audit.log --audit-id ${String(auditID)}`,
    );
    assert.deepEqual(Object.keys(JSON.parse(stdout)).toSorted(), membersOf('PastDecision'));
  });

  function ourEvents(): readonly Readonly<Record<string, unknown>>[] {
    const lines = readFileSync(quickstart.files.audit, 'utf8').split('\n').slice(0, -1);
    return lines.map((line) => JSON.parse(line));
  }

  async function deniedID(uri: string): Promise<string> {
    const find = (): unknown =>
      ourEvents().find((event) => event['uri'] === uri && event['decision'] === 'deny')?.[
        'auditID'
      ];
    return String(await waitUntil('the denial to be in the audit log', find));
  }

  function seen(requestURI: string): Promise<KubeAuditEvent> {
    const find = (): KubeAuditEvent | undefined =>
      readAudit(quickstart.files.apiServerAudit).find((event) => event.requestURI === requestURI);
    return waitUntil('kube-apiserver to have seen it', find);
  }
});
