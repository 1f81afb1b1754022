// What a command sees of the world around it, so that tests can be that world.
import { basename, resolve } from 'node:path';

export interface Terminal {
  /** Standard output: the result alone. */
  readonly print: (text: string) => void;
  /** One line to standard error; it ends no command. */
  readonly note: (text: string) => void;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** All of standard input. */
  readonly readInput: () => Promise<string>;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** What runs this program again, from any directory. */
  readonly program: readonly [command: string, ...args: string[]];
}

/** The process that we are. */
export function processTerminal(): Terminal {
  return {
    print: (text) => void process.stdout.write(text),
    note: (text) => void process.stderr.write(`${text}\n`),
    env: process.env,
    readInput,
    now: Date.now,
    program: programOf(process.execPath, process.argv[1] ?? ''),
  };
}

/** An installed program is found by its own name; a script of a checkout is run by the Node that runs it now. */
export function programOf(node: string, script: string): Terminal['program'] {
  const path = resolve(script);
  return basename(path) === 'kube-ext-authz' ? [path] : [node, path];
}

const maxInputBytes = 1024 * 1024;

async function readInput(): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of process.stdin) {
    const bytes = Buffer.from(chunk);
    size += bytes.length;
    if (size > maxInputBytes) throw new Error('standard input: it is longer than 1 MiB');
    chunks.push(bytes);
  }
  return Buffer.concat(chunks).toString('utf8');
}
