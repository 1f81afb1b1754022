/** The command line of `npm run bench`. */
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

export interface BenchOptions {
  /** A look whether it works: few requests, and Envoy only if all parts are there already. */
  readonly quick: boolean;
  /** An absolute path. */
  readonly output: string;
}

export type Arguments = BenchOptions | { readonly help: true } | { readonly problem: string };

export const usage = `Usage: npm run bench [-- FLAGS]

Measures what a check costs: kube-ext-authz beside a bare grpc-js server that parses the same
question and gives the same answer, then requests through Envoy beside requests straight to the API
server. Everything runs on this machine's loopback, in alternating rounds. Ratios are the result:
times are this machine's, and of what else it does. Takes about four minutes; what is missing is
got first, once.

  --quick        see that it works, in seconds: the figures mean nothing, and what runs through
                 Envoy is left out unless Envoy and the cluster's programs are there already
  --output FILE  write the results to FILE (default: bench/results.json in the checkout)
  --help         print this
`;

/** Reads the flags; a problem is one sentence. */
export function readArguments(args: readonly string[]): Arguments {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        quick: { type: 'boolean' },
        output: { type: 'string' },
        help: { type: 'boolean' },
      },
    });
    if (values.help === true) return { help: true };
    return { quick: values.quick === true, output: resolve(values.output ?? defaultOutput) };
  } catch (error) {
    const said = error instanceof Error ? error.message : String(error);
    return { problem: `${said.replace(/\.$/, '')}. See: npm run bench -- --help` };
  }
}

const defaultOutput = fileURLToPath(new URL('results.json', import.meta.url));
