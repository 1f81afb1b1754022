// `exec-credential`: what kubectl runs for a token (client-go credential plugins, client.authentication.k8s.io).
import { parseFlags } from './flags.ts';
import { mintToken } from './mint-token.ts';
import { processTerminal, type Terminal } from './terminal.ts';
import { readTokenOrder, tokenOptions, tokenUsage } from './token-order.ts';

export const usage = `usage: kube-ext-authz exec-credential --key FILE --issuer URI --subject NAME --audience NAME [flags]

Prints an ExecCredential with a fresh token: the plugin that the command kubeconfig enters into a
kubeconfig. Its expirationTimestamp is a little before the token's exp, so that kubectl asks again
in time. KUBERNETES_EXEC_INFO, which kubectl sets, chooses the version (v1 or v1beta1; default v1).

${tokenUsage}`;

export const execApiVersion = 'client.authentication.k8s.io/v1';
const versions: readonly unknown[] = [execApiVersion, 'client.authentication.k8s.io/v1beta1'];

export async function run(args: readonly string[], terminal = processTerminal()): Promise<number> {
  const order = readTokenOrder(parseFlags(args, tokenOptions).flags);
  const apiVersion = askedVersion(terminal.env);
  const { token, expiry } = await mintToken(order, terminal);
  const status = { expirationTimestamp: timestamp(expiry - margin(order.ttlSeconds)), token };
  terminal.print(`${JSON.stringify({ apiVersion, kind: 'ExecCredential', status })}\n`);
  return 0;
}

/** How many seconds before its end a token is given up: ten, or a fifth of a short life. */
function margin(ttlSeconds: number): number {
  return Math.min(10, Math.floor(ttlSeconds / 5));
}

function timestamp(seconds: number): string {
  return new Date(seconds * 1000).toISOString().replace('.000Z', 'Z');
}

function askedVersion(env: Terminal['env']): unknown {
  const text = env['KUBERNETES_EXEC_INFO'];
  if (text === undefined || text === '') return execApiVersion;
  const asked = parseVersion(text);
  if (versions.includes(asked)) return asked;
  throw new Error(
    `KUBERNETES_EXEC_INFO: its apiVersion must be ${versions.join(' or ')}; set it so in the kubeconfig's exec entry`,
  );
}

function parseVersion(text: string): unknown {
  try {
    const info: unknown = JSON.parse(text);
    return typeof info === 'object' && info !== null && 'apiVersion' in info
      ? info.apiVersion
      : undefined;
  } catch {
    return undefined; // refused like any other
  }
}
