import { constants, fstatSync, openSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { openFile, openGivenFile } from './file-target.ts';
import { openGivenSocket, openPipe } from './pipe-target.ts';
import type { Target } from './target.ts';

const standardOutput = 1;
const { O_APPEND, O_NONBLOCK, O_RDWR, O_WRONLY } = constants;

/** Opens a file or a pipe to add lines to (`-`: standard output, whatever it is). Rejects when it can't be. */
export async function openTarget(path: string): Promise<Target> {
  if (path === '-') return openStandardOutput();
  const found = await stat(path).catch(() => undefined);
  if (!found?.isFIFO()) return openFile(path);
  // To read, too: so it doesn't wait for a reader, and what was written waits for the next one.
  return openPipe(() => openSync(path, O_RDWR | O_APPEND | O_NONBLOCK));
}

function openStandardOutput(): Target {
  const found = fstatSync(standardOutput);
  if (found.isSocket()) return openGivenSocket(standardOutput);
  if (!found.isFIFO()) return openGivenFile(standardOutput);
  try {
    // An opening of our own: who else has this one would be surprised by O_NONBLOCK.
    const path = `/proc/self/fd/${standardOutput}`;
    return openPipe(() => openSync(path, O_WRONLY | O_APPEND | O_NONBLOCK));
  } catch {
    return openGivenSocket(standardOutput); // a container's pipe may belong to another user
  }
}
