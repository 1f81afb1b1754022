/**
 * `node lab/launch.mjs SCRIPT [args]`: installs the npm packages if they aren't what package-lock.json says, then runs SCRIPT by
 * the Node version that is pinned among them. Plain JavaScript for Node 20 without any package: it is what runs first.
 */
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { constants, homedir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { withLock } from './lock.mjs';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const pinnedNode = join(root, 'node_modules', 'node', 'bin', 'node');
const stopSignals = ['SIGHUP', 'SIGINT', 'SIGTERM'];

async function main([script, ...args]) {
  if (script === undefined) throw new Error('usage: node lab/launch.mjs SCRIPT [args]');
  if (!isInstalled()) await withLock(lockFile(), install, sayWaiting);
  if (!existsSync(pinnedNode)) throw new Error(missingNode);
  const path = [dirname(pinnedNode), process.env.PATH ?? ''].join(delimiter);
  return run(pinnedNode, [script, ...args], { env: { ...process.env, PATH: path } });
}

const missingNode = `The pinned Node is missing (${pinnedNode}): its package's install script did not run.
Allow install scripts and install again: npm ci --ignore-scripts=false`;

async function install() {
  if (isInstalled()) return;
  say('Installing the npm packages (npm ci)');
  const code = await run('npm', ['ci', '--include=dev'], { cwd: root });
  if (code !== 0) {
    throw new Error(
      `npm ci failed with exit code ${code}: what it said is above. Is the npm registry reachable?`,
    );
  }
  if (!isInstalled()) throw new Error('npm ci left node_modules unlike package-lock.json');
}

/** Compares what npm noted about its last complete install with the lock file; optional packages may be absent. */
function isInstalled() {
  const wanted = packagesIn(join(root, 'package-lock.json'));
  const present = packagesIn(join(root, 'node_modules', '.package-lock.json'));
  if (!wanted || !present) return false;
  const same = (path) =>
    wanted[path]?.version === present[path].version &&
    wanted[path]?.integrity === present[path].integrity;
  const needed = (path) => path !== '' && !wanted[path].optional && !wanted[path].devOptional;
  return (
    Object.keys(present).every(same) &&
    Object.keys(wanted)
      .filter(needed)
      .every((path) => path in present)
  );
}

function packagesIn(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8')).packages;
  } catch {
    return undefined; // absent, or written by an npm that was interrupted
  }
}

/** Outside the checkout, because npm ci empties node_modules. */
function lockFile() {
  const name = createHash('sha256').update(root).digest('hex').slice(0, 16);
  const cache = process.env.XDG_CACHE_HOME || join(homedir(), '.cache');
  return join(cache, 'kube-ext-authz', 'work', `npm-${name}.lock`);
}

function say(line) {
  process.stderr.write(`${line}\n`);
}

function sayWaiting(pid) {
  say(`Waiting for process ${pid}, which is installing the npm packages`);
}

/** Runs a program on our terminal, hands on the signals we get, and returns its exit code (128 + n for signal n). */
function run(command, args, options) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { stdio: 'inherit', ...options });
    const handlers = stopSignals.map((signal) => [signal, () => forward(child, signal)]);
    for (const [signal, handler] of handlers) process.on(signal, handler);
    const watch = stopWithParent(child);
    child.on('error', (error) =>
      reject(new Error(`${command} could not be run: ${error.message}`)),
    );
    child.on('exit', (code, signal) => {
      for (const [name, handler] of handlers) process.off(name, handler);
      clearInterval(watch);
      resolve(code ?? 128 + constants.signals[signal]);
    });
  });
}

/**
 * A terminal sends Ctrl-C to everybody in the foreground, so the child usually has it already. Only a child that is still there
 * much later was not reached (somebody signalled just us); without a terminal that is sure at once.
 */
function forward(child, signal) {
  if (signal === 'SIGINT' && process.stdin.isTTY) {
    setTimeout(() => child.kill(signal), 3_000).unref();
  } else {
    child.kill(signal);
  }
}

/**
 * npm hands its SIGTERM to the shell between us and it, and some shells (dash) die of that without telling us. Only under npm is
 * the parent's end our own: a shell that started us in the background may leave.
 */
function stopWithParent(child) {
  if (process.env.npm_lifecycle_event === undefined) return undefined;
  const parent = process.ppid;
  return setInterval(() => {
    if (process.ppid !== parent) child.kill('SIGTERM');
  }, 500).unref();
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  say(error.message);
  process.exitCode = 1;
}
