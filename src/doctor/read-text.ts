// Reads what the doctor is pointed to.
import { readFile } from 'node:fs/promises';
import { errorMessage } from '../lib/error-message.ts';

/** The text of a file, or of standard input for `-`. Rejects with a sentence. */
export async function readText(file: string): Promise<string> {
  if (file === '-') return (await process.stdin.toArray()).join('');
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    throw new Error(`${file}: it can't be read: ${errorMessage(error)}`, { cause: error });
  }
}
