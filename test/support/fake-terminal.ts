/** A terminal for the commands of a pipeline: what they print is kept, and the clock stands still. */
import type { Terminal } from '../../src/cli/terminal.ts';

export interface FakeTerminal extends Terminal {
  readonly printed: () => string;
  readonly noted: () => string;
}

export interface FakeTerminalOptions {
  readonly env?: Terminal['env'];
  readonly input?: string;
  /** Default: 2026-11-25T08:00:00Z. */
  readonly nowMs?: number;
}

export const fakeNowMs = Date.UTC(2026, 10, 25, 8);

export function fakeTerminal(options: FakeTerminalOptions = {}): FakeTerminal {
  const { env = {}, input = '', nowMs = fakeNowMs } = options;
  let printed = '';
  let noted = '';
  return {
    print: (text) => void (printed += text),
    note: (text) => void (noted += `${text}\n`),
    env,
    readInput: () => Promise.resolve(input),
    now: () => nowMs,
    program: ['/opt/node', '/opt/kube-ext-authz/dist/main.js'],
    printed: () => printed,
    noted: () => noted,
  };
}
