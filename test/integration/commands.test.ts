/** The commands from outside: their help, their exit codes, and what each of them loads. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { before, describe, it } from 'node:test';
import { buildServer } from '../../lab/server.ts';
import { root } from '../support/documents.ts';
import { runProgram } from '../support/server-process.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const pipeline = ['keygen', 'token', 'kubeconfig', 'exec-credential', 'inspect'] as const;
const commands = ['serve', 'check-config', 'explain', ...pipeline] as const;

describe('the commands', () => {
  it('are listed by help, and by no command at all', async () => {
    for (const [args, code] of [
      [['help'], 0],
      [['--help'], 0],
      [['-h'], 0],
      [[], 2],
    ] as const) {
      const ended = await runProgram(args);
      assert.equal(ended.code, code);
      const said = code === 0 ? ended.stdout : ended.stderr;
      for (const name of commands) assert.match(said, new RegExp(`^ {2}${name} {2,}\\w`, 'm'));
    }
  });

  for (const name of commands) {
    it(`tell the flags of ${name} in three ways`, async () => {
      const texts = new Set<string>();
      for (const args of [
        ['help', name],
        [name, '--help'],
        [name, '-h'],
      ]) {
        const { code, stdout, stderr } = await runProgram(args);
        assert.deepEqual([code, stderr], [0, '']);
        texts.add(stdout);
      }
      const [text = '', ...others] = texts;
      assert.deepEqual(others, []);
      assert.match(text, new RegExp(`^usage: kube-ext-authz ${name} `));
      assert.ok(text.split('\n').every((line) => line.length <= 100));
    });
  }

  for (const name of pipeline) {
    it(`refuse an unknown flag of ${name} with 2, and point to its help`, async () => {
      const { code, stdout, stderr } = await runProgram([name, '--colour=S3cret']);
      assert.deepEqual([code, stdout], [2, '']);
      const said = `error: Unknown option '--colour'\nsee: kube-ext-authz help ${name}\n`;
      assert.equal(stderr, said);
    });
  }

  it('fail with 1 and one sentence', async () => {
    const who = ['--issuer', 'i', '--subject', 's', '--audience', 'a'];
    const { code, stdout, stderr } = await runProgram(['token', '--key', '/none', ...who]);
    assert.deepEqual([code, stdout], [1, '']);
    assert.equal(stderr, "error: --key: /none can't be read (ENOENT)\n");
  });

  it('read standard input, and end with 1 when a signature is not what it should be', (t) => {
    const at = temporaryFolder(t);
    const program = `"${process.execPath}" "${join(root, 'dist/main.js')}"`;
    const who = '--issuer i --subject s --audience a';
    const script = `
      ${program} keygen --out ${at('a.key')} --public-out ${at('a.pub')} > /dev/null
      ${program} keygen --out ${at('b.key')} --public-out ${at('b.pub')} > /dev/null
      ${program} token --key ${at('a.key')} ${who} > ${at('token')}
      ${program} inspect --keys ${at('a.pub')} < ${at('token')} > /dev/null; echo $?
      ${program} inspect --keys ${at('b.pub')} < ${at('token')} > /dev/null; echo $?`;
    const { stdout, stderr } = spawnSync('sh', ['-c', script], { encoding: 'utf8' });
    assert.deepEqual([stdout, stderr], ['0\n1\n', '']);
  });
});

/** Prints every module that is resolved from now on. */
const watchModules = `
import { registerHooks } from 'node:module';
registerHooks({
  resolve(name, context, next) {
    const found = next(name, context);
    process._rawDebug('module ' + found.url);
    return found;
  },
});`;

describe('what a command loads', () => {
  before(() => buildServer(() => undefined));

  const who = ['--key', '/none', '--issuer', 'i', '--subject', 's', '--audience', 'a'];
  const where = ['--server', 'https://x.example.com', '--cluster', 'c', '--user', 'u'];
  for (const [args, needs] of [
    [['keygen'], /dist\/cli\/keygen\.js/],
    [['token', ...who], /dist\/cli\/mint-token\.js/],
    [['kubeconfig', ...where, ...who], /dist\/cli\/kubeconfig-file\.js/],
    [['exec-credential', ...who], /dist\/cli\/exec-credential\.js/],
    [['inspect'], /dist\/cli\/inspect\.js/],
  ] as const) {
    it(`for ${args[0]} is nothing of the server`, () => {
      const modules = modulesOf(args);
      assert.match(modules, needs);
      assert.doesNotMatch(
        modules,
        /grpc-js|proto-loader|client-node|pino|prom-client|undici|zod|re2js/,
      );
      assert.doesNotMatch(modules, /dist\/(app|serve|config|decision|transport|kube)\b/);
    });
  }

  it('for serve is nothing of the pipeline commands but how flags are read', () => {
    const modules = modulesOf(['serve']).split('\n');
    assert.ok(modules.some((one) => one.endsWith('dist/app.js')));
    const ours = modules.filter((one) => one.includes('dist/cli/'));
    assert.deepEqual(
      [...new Set(ours)].map((one) => one.replace(/.*\//, '')),
      ['flags.js'],
    );
  });
});

/** One line for each module, relative to the checkout where it is in it. */
function modulesOf(args: readonly string[]): string {
  const watch = `data:text/javascript,${encodeURIComponent(watchModules)}`;
  const program = ['--import', watch, join(root, 'dist/main.js'), ...args];
  const { stderr } = spawnSync(process.execPath, program, { encoding: 'utf8', input: '' });
  const modules = stderr.split('\n').filter((line) => line.startsWith('module '));
  const base = pathToFileURL(root).href;
  return modules.map((line) => line.replace('module ', '').replace(base, '')).join('\n');
}
