/** A folder for the files of one test. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';

/** Returns what makes paths in it; it is gone after the test. */
export function temporaryFolder(t: Pick<TestContext, 'after'>): (name: string) => string {
  const folder = mkdtempSync(join(tmpdir(), 'kube-ext-authz-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return (name) => join(folder, name);
}
