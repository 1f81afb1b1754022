/**
 * A lock between processes: a file that exists while somebody works. Plain JavaScript, because the launcher needs it before
 * anything is installed. Stale when its process has died, or when it wasn't touched for a while (another container's pid
 * says nothing here).
 */
import {
  linkSync,
  mkdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { hostname } from 'node:os';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const touchMs = 5_000;
const staleMs = 60_000;

/** @type {import('./lock.d.mts').withLock} */
export async function withLock(file, work, onWait) {
  mkdirSync(dirname(file), { recursive: true });
  for (let told = false; !take(file); told = true) {
    if (!told) onWait(owner(file)?.pid);
    await sleep(250);
  }
  const timer = setInterval(() => touch(file), touchMs);
  try {
    return await work();
  } finally {
    clearInterval(timer);
    rmSync(file, { force: true });
  }
}

function take(file) {
  if (create(file)) return true;
  if (!isStale(file)) return false;
  // Only one may clear a stale lock: a second remover could delete the lock that the first has just taken.
  const clearing = `${file}.clearing`;
  if (!create(clearing)) {
    if (isStale(clearing)) rmSync(clearing, { force: true });
    return false;
  }
  try {
    if (isStale(file)) rmSync(file, { force: true });
    return create(file);
  } finally {
    rmSync(clearing, { force: true });
  }
}

/** Creates the file whole: a link appears with its content, so no reader sees it half-written. */
function create(file) {
  const draft = `${file}.${process.pid}`;
  writeFileSync(draft, JSON.stringify({ pid: process.pid, host: hostname() }));
  try {
    linkSync(draft, file);
    return true;
  } catch (error) {
    if (error.code === 'EEXIST') return false;
    throw error;
  } finally {
    rmSync(draft, { force: true });
  }
}

function isStale(file) {
  const age = ageOf(file);
  if (age === undefined) return false;
  const held = owner(file);
  return age > staleMs || (held?.host === hostname() && !isAlive(held.pid));
}

function ageOf(file) {
  try {
    return Date.now() - statSync(file).mtimeMs;
  } catch {
    return undefined; // released meanwhile
  }
}

function owner(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return undefined;
  }
}

function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM';
  }
}

function touch(file) {
  try {
    utimesSync(file, new Date(), new Date());
  } catch {
    // Somebody cleared it; the work goes on, and its result is moved into place whole.
  }
}
