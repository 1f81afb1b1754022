// Files as the commands read and write them: secrets for their owner only, and nothing overwritten unasked.
import { existsSync, readFileSync, realpathSync, renameSync, rmSync, writeFileSync } from 'node:fs';

export interface NewFile {
  /** As the person named it. */
  readonly file: string;
  readonly text: string;
  /** 0o600 for secrets. */
  readonly mode: number;
}

/** Throws a sentence when the file is there and may not be replaced. */
export function refuseExisting(file: string, remedy: string): void {
  if (existsSync(file)) throw new Error(`${file} is there already: ${remedy}`);
}

/** Writes a file that isn't there yet. */
export function createFile({ file, text, mode }: NewFile): void {
  write(file, () => writeFileSync(file, text, { flag: 'wx', mode }));
}

/** Puts a file in place of what is there, in one step: a reader sees the old or the new one, whole. */
export function replaceFile({ file, text, mode }: NewFile): void {
  write(file, () => {
    const target = existsSync(file) ? realpathSync(file) : file; // a link stays one
    const draft = `${target}.${process.pid}.draft`;
    try {
      writeFileSync(draft, text, { flag: 'wx', mode });
      renameSync(draft, target);
    } finally {
      rmSync(draft, { force: true });
    }
  });
}

function write(file: string, work: () => void): void {
  try {
    work();
  } catch (error) {
    throw new Error(`${file} can't be written (${codeOf(error)})`, { cause: error });
  }
}

/** The text of the file that a flag names. What is no file name is not quoted: it may be the secret itself. */
export function readNamedFile(file: string, what: string): string {
  if (/-----BEGIN|eyJ|[\r\n]|^\s*\{/.test(file) && !existsSync(file)) {
    throw new Error(`${what} wants the name of a file, and what is there is no name of one`);
  }
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new Error(`${what}: ${file} can't be read (${codeOf(error)})`, { cause: error });
  }
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : 'for an unknown reason';
}
