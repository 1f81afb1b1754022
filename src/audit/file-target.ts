// A file that lines are added to while others rotate it: rename it and make it anew, or cut it short.
import { write } from 'node:fs';
import { mkdir, open, stat, type FileHandle } from 'node:fs/promises';
import { dirname } from 'node:path';
import { promisify } from 'node:util';
import type { Target } from './target.ts';

const lookEveryMs = 1_000;
const lineEnd = '\n'.charCodeAt(0);
/** Who may read it is for the umask to narrow: names and addresses are in it. */
const mode = 0o640;

/** Opens the file, with the folders above it; rejects when it can't be. Looks each second whether the path leads elsewhere. */
export async function openFile(path: string): Promise<Target> {
  let file = await openToAppend(path);
  let lookedAt = performance.now();
  let wantsOther = false;
  return {
    renew: async () => {
      if (!wantsOther && performance.now() - lookedAt < lookEveryMs) return false;
      lookedAt = performance.now();
      if (!wantsOther && (await leadsTo(path, file))) return false;
      const old = file;
      file = await openToAppend(path);
      wantsOther = false;
      await old.close();
      return true;
    },
    write: async (bytes) => (await file.write(bytes)).bytesWritten,
    reopen: () => {
      wantsOther = true;
    },
    close: () => file.close(),
  };
}

const writeDescriptor = promisify(write);

/** A file or terminal that was given to us open, as standard output is. */
export function openGivenFile(descriptor: number): Target {
  return {
    renew: () => Promise.resolve(false),
    write: async (bytes) => (await writeDescriptor(descriptor, bytes)).bytesWritten,
    reopen: () => undefined,
    close: () => Promise.resolve(),
  };
}

async function openToAppend(path: string): Promise<FileHandle> {
  await mkdir(dirname(path), { recursive: true });
  const file = await open(path, 'a', mode);
  try {
    if (await endsWithinLine(path)) await file.write('\n');
  } catch (error) {
    await file.close();
    throw error;
  }
  return file;
}

/** A full disk, or a machine that stopped, may have left half a line: the next one must not go on with it. */
async function endsWithinLine(path: string): Promise<boolean> {
  const { size } = await stat(path);
  if (size === 0) return false;
  const file = await open(path).catch(() => undefined); // what may only be written can't be looked into
  try {
    const last = await file?.read({ buffer: Buffer.alloc(1), position: size - 1 });
    return last?.bytesRead === 1 && last.buffer[0] !== lineEnd;
  } finally {
    await file?.close();
  }
}

async function leadsTo(path: string, file: FileHandle): Promise<boolean> {
  const [there, ours] = await Promise.all([stat(path).catch(() => undefined), file.stat()]);
  return there !== undefined && there.ino === ours.ino && there.dev === ours.dev;
}
