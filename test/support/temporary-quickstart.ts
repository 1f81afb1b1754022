/** A quick start in a directory of its own, for the tests of one file. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startQuickstart, type Quickstart, type QuickstartOptions } from '../../lab/quickstart.ts';

/** Starts it; its stop() removes the directory too. */
export async function startTemporaryQuickstart(
  options: Omit<QuickstartOptions, 'dir' | 'progress'> = {},
): Promise<Quickstart> {
  const dir = mkdtempSync(join(tmpdir(), 'quickstart-'));
  const quickstart = await startQuickstart({ ...options, dir, progress: () => undefined });
  const stop = async (): Promise<void> => {
    await quickstart.stop();
    rmSync(dir, { recursive: true });
  };
  return { ...quickstart, stop };
}
