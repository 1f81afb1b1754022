/** The command line of `npm start`. */
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

export interface StartOptions {
  /** End after the tour instead of staying up. */
  readonly tour: boolean;
  /** An absolute path. */
  readonly dir: string;
}

export type Arguments = StartOptions | { readonly help: true } | { readonly problem: string };

export const usage = `Usage: npm start [-- FLAGS]

Starts kube-ext-authz with everything around it on this machine's loopback: etcd, kube-apiserver,
kwok with a node and a pod, an OIDC issuer and Envoy. Shows what works and what is refused, each
step checked, and stays up until Ctrl-C. What is missing is got first, once.

  --tour      end after the tour: exit code 0 only if every step did what it should
  --dir DIR   keep the state in DIR (default: .quickstart in the checkout)
  --help      print this
`;

/** Reads the flags; a problem is one sentence. */
export function readArguments(args: readonly string[]): Arguments {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: { tour: { type: 'boolean' }, dir: { type: 'string' }, help: { type: 'boolean' } },
    });
    if (values.help === true) return { help: true };
    if (values.dir === '') throw new Error("Option '--dir' has an empty value");
    return { tour: values.tour === true, dir: resolve(values.dir ?? defaultDirectory) };
  } catch (error) {
    const said = error instanceof Error ? error.message : String(error);
    return { problem: `${said.replace(/\.$/, '')}. See: npm start -- --help` };
  }
}

const defaultDirectory = fileURLToPath(new URL('../.quickstart', import.meta.url));
