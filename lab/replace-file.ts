/** Files that others read while we rewrite them: kubeconfigs, tokens, state. */
import { renameSync, writeFileSync } from 'node:fs';

/** Puts the text in place of the file in one step, readable by its owner only: a reader sees the old or the new, whole. */
export function replaceFile(file: string, text: string): void {
  const draft = `${file}.${process.pid}.draft`;
  writeFileSync(draft, text, { mode: 0o600 });
  renameSync(draft, file);
}
