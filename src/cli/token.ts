// `token`: signs one token and prints it.
import { parseFlags } from './flags.ts';
import { mintToken } from './mint-token.ts';
import { processTerminal } from './terminal.ts';
import { readTokenOrder, tokenOptions, tokenUsage } from './token-order.ts';

export const usage = `usage: kube-ext-authz token --key FILE --issuer URI --subject NAME --audience NAME [flags]

Signs a short-lived token and prints it to standard output, and nothing else.

${tokenUsage}`;

export async function run(args: readonly string[], terminal = processTerminal()): Promise<number> {
  const order = readTokenOrder(parseFlags(args, tokenOptions).flags);
  const { token } = await mintToken(order, terminal);
  terminal.print(`${token}\n`);
  return 0;
}
