// `serve`: the server as a process, from the command line to SIGTERM.
import { pino } from 'pino';
import { startApp } from './app.ts';
import { configFlagsUsage } from './config-flags.ts';
import type { LogLevel } from './config/config.ts';
import { configFromFlags } from './config/flags.ts';
import type { Logger } from './lib/logger.ts';

export const usage = `usage: kube-ext-authz serve --config FILE

Answers Envoy's checks until SIGTERM. Audit lines go to standard output unless the configuration
says otherwise, the log to standard error. SIGHUP has audit files opened anew.

${configFlagsUsage}`;

export async function run(flags: readonly string[]): Promise<number> {
  const config = configFromFlags(flags);
  const log = createLogger(config.log.level);
  for (const warning of config.warnings) log.warn({}, warning);
  const stopped = Promise.withResolvers<NodeJS.Signals>();
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.once(signal, () => stopped.resolve(signal)); // the second one ends us at once
  }
  const app = await startApp(config, log, { reread: () => configFromFlags(flags) });
  // By default it would end us; only where there are files does somebody send it to have them opened anew.
  if (config.audit.some(({ path }) => path !== '-')) process.on('SIGHUP', app.reopenAudit);
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
