// The commands of the program: what they are called, and how they end.
import { pino } from 'pino';
import { startApp } from './app.ts';
import type { LogLevel } from './config/config.ts';
import { configFromFlags } from './config/flags.ts';
import { ConfigError } from './config/problems.ts';
import { errorMessage } from './lib/error-message.ts';
import type { Logger } from './lib/logger.ts';

const usage = `usage: kube-ext-authz COMMAND [flags]

commands:
  serve          answer Envoy's checks until SIGTERM
  check-config   read the configuration, say what is wrong with it, open no connection

flags of both:
  --config FILE                  the configuration (kube-ext-authz.dev/v1alpha1)
or, in its place, either
  --authentication-config FILE   kube-apiserver's AuthenticationConfiguration
or
  --oidc-issuer-url URL --oidc-client-id ID [--oidc-ca-file FILE]
  [--oidc-username-claim CLAIM] [--oidc-username-prefix PREFIX]
  [--oidc-groups-claim CLAIM] [--oidc-groups-prefix PREFIX]
  [--oidc-signing-algs LIST] [--oidc-required-claim CLAIM=VALUE]...
with
  [--grpc-address ADDRESS] [--admin-address ADDRESS] [--token-file FILE]
`;

/** Runs one command line and returns the exit code: 0, 1 when it failed, 2 when it was not understood. */
export async function runCommand(args: readonly string[]): Promise<number> {
  const [name = '', ...flags] = args;
  if (name === '' || flags.includes('--help') || ['help', '--help', '-h'].includes(name)) {
    write(name === '' ? process.stderr : process.stdout, usage);
    return name === '' ? 2 : 0;
  }
  try {
    if (name === 'serve') return await serve(flags);
    if (name === 'check-config') return checkConfig(flags);
  } catch (error) {
    const faults = error instanceof ConfigError ? error.problems : [errorMessage(error)];
    write(process.stderr, faults.map((fault) => `error: ${fault}\n`).join(''));
    return 1;
  }
  write(process.stderr, `error: there is no command ${JSON.stringify(name)}\n\n${usage}`);
  return 2;
}

function checkConfig(flags: readonly string[]): number {
  const { warnings, jwt } = configFromFlags(flags);
  write(process.stdout, warnings.map((warning) => `warning: ${warning}\n`).join(''));
  const count = jwt.length === 1 ? '1 issuer' : `${jwt.length} issuers`;
  write(process.stdout, `the configuration is good: ${count}\n`);
  return 0;
}

async function serve(flags: readonly string[]): Promise<number> {
  const config = configFromFlags(flags);
  const log = createLogger(config.log.level);
  for (const warning of config.warnings) log.warn({}, warning);
  const stopped = Promise.withResolvers<NodeJS.Signals>();
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.once(signal, () => stopped.resolve(signal)); // the second one ends us at once
  }
  const app = await startApp(config, log, { reread: () => configFromFlags(flags) });
  const signal = await stopped.promise;
  log.info({ signal }, 'stopping');
  await app.stop();
  return 0;
}

/** To standard error: standard output is the audit log's. */
function createLogger(level: LogLevel): Logger {
  const options = { level, base: null, timestamp: pino.stdTimeFunctions.isoTime };
  return pino(options, pino.destination({ dest: 2, sync: true }));
}

function write(stream: NodeJS.WriteStream, text: string): void {
  stream.write(text);
}
