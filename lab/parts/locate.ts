/** Finds parts that are already there: named by an environment variable, in our cache, or on PATH in a fitting version. */
import { execFile } from 'node:child_process';
import { accessSync, constants, statSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, isAbsolute, join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { partOf, type PartName } from './catalog.ts';

/** A part that is there, and where it was found. */
export interface LocatedPart {
  readonly path: string;
  readonly origin: string;
}

type Environment = Readonly<Record<string, string | undefined>>;

/** Looks in the variable, the cache and PATH, in this order; throws when the variable names something that can't be run. */
export async function locatePart(
  name: PartName,
  env: Environment = process.env,
): Promise<LocatedPart | undefined> {
  return suppliedPart(name, env) ?? cachedPart(name, env) ?? (await machinePart(name, env));
}

/** Where the cache keeps (or will keep) a part. */
export function cachePath(name: PartName, env: Environment = process.env): string {
  return join(cacheDirectory(env), `${name}-${partOf(name).version}`, name);
}

/** Our own directory in the user's cache. */
export function cacheDirectory(env: Environment = process.env): string {
  const base = env['XDG_CACHE_HOME'];
  // The XDG specification has relative paths ignored.
  return join(base && isAbsolute(base) ? base : join(homedir(), '.cache'), 'kube-ext-authz');
}

/** How a person supplies the part by hand: ends every error about one that can't be got. */
export function supplyHint(name: PartName): string {
  const { variable } = partOf(name);
  return variable.holds === 'file'
    ? `or set ${variable.name} to the path of a ready ${name}`
    : `or set ${variable.name} to a directory that holds a ready ${name}`;
}

function suppliedPart(name: PartName, env: Environment): LocatedPart | undefined {
  const { variable } = partOf(name);
  const value = env[variable.name];
  if (!value) return undefined;
  const path = resolve(variable.holds === 'file' ? value : join(value, name));
  if (!isExecutable(path)) {
    throw new Error(`${variable.name}=${value} supplies no ${name}: ${path} is ${faultOf(path)}`);
  }
  return { path, origin: variable.name };
}

function cachedPart(name: PartName, env: Environment): LocatedPart | undefined {
  const path = cachePath(name, env);
  return isExecutable(path) ? { path, origin: 'the cache' } : undefined;
}

async function machinePart(name: PartName, env: Environment): Promise<LocatedPart | undefined> {
  const { fromPath } = partOf(name);
  const path = fromPath && findOnPath(name, env);
  if (!path) return undefined;
  const [major, minor] = await versionOf(path);
  const [lowestMajor, lowestMinor] = fromPath.atLeast;
  const newEnough = major > lowestMajor || (major === lowestMajor && minor >= lowestMinor);
  return newEnough ? { path, origin: `PATH, version ${major}.${minor}` } : undefined;
}

/** The first executable of that name on PATH. */
export function findOnPath(name: string, env: Environment = process.env): string | undefined {
  const folders = (env['PATH'] ?? '').split(delimiter).filter((folder) => folder !== '');
  return folders.map((folder) => resolve(folder, name)).find(isExecutable);
}

async function versionOf(path: string): Promise<readonly [number, number]> {
  try {
    const { stdout } = await promisify(execFile)(path, ['--version'], { timeout: 20_000 });
    const [, major, minor] = /(?:^|[^\d.])v?(\d+)\.(\d+)\.\d+/.exec(stdout) ?? [];
    return [Number(major ?? 0), Number(minor ?? 0)];
  } catch {
    return [0, 0]; // one that can't even tell its version won't do
  }
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

function faultOf(path: string): string {
  const found = statSync(path, { throwIfNoEntry: false });
  if (!found) return 'not there';
  return found.isFile() ? 'not executable' : 'not a file';
}
