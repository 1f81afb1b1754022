// `check-config`: reads the configuration and says what is wrong with it.
import { configFlagsUsage } from './config-flags.ts';
import { configFromFlags } from './config/flags.ts';

export const usage = `usage: kube-ext-authz check-config --config FILE

Reads the configuration and says all that is wrong with it. No connection is opened.

${configFlagsUsage}`;

export function run(flags: readonly string[]): number {
  const { warnings, jwt } = configFromFlags(flags);
  process.stdout.write(warnings.map((warning) => `warning: ${warning}\n`).join(''));
  const count = jwt.length === 1 ? '1 issuer' : `${jwt.length} issuers`;
  process.stdout.write(`the configuration is good: ${count}\n`);
  return 0;
}
