// Puts the parts together, in the order of a request's walk; the only file that knows every room.
import { setTimeout as sleep } from 'node:timers/promises';
import { readReadiness, type Readiness } from './admin/readiness.ts';
import { startAdminServer } from './admin/server.ts';
import { openAuditLog } from './audit/log.ts';
import type { Config } from './config/config.ts';
import { decide } from './decision/decide.ts';
import type { CheckRecord } from './decision/decision.ts';
import { Denial } from './denial/denial.ts';
import { createKubeClient } from './kube/client.ts';
import { createClusterAccess } from './kube/cluster-access.ts';
import { errorMessage } from './lib/error-message.ts';
import type { Logger } from './lib/logger.ts';
import { createMetricsAccess } from './metrics-access.ts';
import { createMetrics } from './metrics/metrics.ts';
import { createOutbound } from './outbound.ts';
import { readGauges, readinessParts, type Parts } from './parts.ts';
import { followConfig, type ReloadOptions } from './reload.ts';
import { createTokenSources, type TokenSourcesSettings } from './token-sources.ts';
import type { KeyTiming } from './token/issuer-keys.ts';
import { createAuthorization } from './transport/authorization.ts';
import { createHealth } from './transport/health.ts';
import { startGrpcServer } from './transport/server.ts';
import { createUpstreamCredentials } from './upstream-credentials.ts';
import { ownVersion } from './version.ts';

export interface App {
  /** Where gRPC listens, with the port that was taken. */
  readonly grpcAddress: string;
  /** Base URL of /livez, /readyz and /metrics. */
  readonly adminURL: string;
  /** Opens the audit files anew, which somebody may have renamed. */
  readonly reopenAudit: () => void;
  /** Says NOT_SERVING, waits the drain period, lets checks under way finish, closes everything. */
  stop(): Promise<void>;
}

type Close = () => void | Promise<void>;

export interface AppOptions {
  /** Reads the configuration again when its files change; absent: it stays as it is. */
  readonly reread?: () => Config;
  /** For tests, which can't wait as long as issuers need to be left in peace. */
  readonly timing?: KeyTiming;
  /** The same for how long a new configuration is waited for, and when it is tried again. */
  readonly reloadTiming?: ReloadTiming;
}

export type ReloadTiming = Pick<TokenSourcesSettings, 'patienceMs'> &
  Pick<ReloadOptions, 'retryMs'>;

interface Settings extends AppOptions {
  readonly config: Config;
  readonly log: Logger;
}

const shutdownGraceMs = 5_000;

/** Starts everything; rejects with a sentence when a part can't be had, with nothing left open. */
export async function startApp(
  config: Config,
  log: Logger,
  options: AppOptions = {},
): Promise<App> {
  const opened: Close[] = [];
  const closeAll = async (): Promise<void> => {
    for (const close of opened.toReversed()) await close();
  };
  try {
    const parts = await openParts({ config, log, ...options }, opened);
    return await listen(config, log, parts, opened, closeAll);
  } catch (error) {
    await closeAll();
    throw error;
  }
}

/** What a decision is made with. */
async function openParts(settings: Settings, opened: Close[]): Promise<Parts> {
  const { config, log, reread, timing, reloadTiming } = settings;
  const startedAt = Date.now();
  const metrics = createMetrics({ version: ownVersion() });
  const audit = await openAuditLog(config.audit, {
    onFailure: metrics.countAuditFailure,
    onDrop: metrics.countAuditDrop,
    log,
  });
  opened.push(audit.close);
  const access = createClusterAccess(config.kubernetes.kubeconfig, { log });
  const client = createKubeClient(access);
  opened.push(client.stop);
  const upstream = await createUpstreamCredentials(config, { client, log });
  opened.push(upstream.stop);
  const sources = createTokenSources(config, {
    client,
    log,
    onKeyFetch: metrics.countKeyFetch,
    onReview: metrics.countReview,
    onLookup: metrics.countTokenLookup,
    ...(timing && { timing }),
    ...reloadTiming,
  });
  opened.push(sources.stop);
  const outbound = createOutbound(config, { access, onReview: metrics.countReview, log });
  opened.push(outbound.stop);
  const metricsAccess = config.admin.metrics.authorize
    ? createMetricsAccess({ access, onReview: metrics.countReview, log })
    : undefined;
  if (metricsAccess) opened.push(metricsAccess.stop);
  const use = async (next: Config, signal: AbortSignal): Promise<void> => {
    await sources.replace(next, signal);
    outbound.replace(next);
    upstream.replace(next);
  };
  const follow = { config, use, onReload: metrics.countReload, log, ...reloadTiming };
  const reload = reread && (await followConfig({ ...follow, read: reread }));
  if (reload) opened.push(reload.stop);
  const deciders = {
    authenticate: sources.authenticate,
    findOutbound: outbound.find,
    upstreamToken: upstream.upstreamToken,
    accountCredential: upstream.accountCredential,
  };
  const authorization = createAuthorization({
    decide: (request, context) => decide(request, deciders, context),
    onCheck: (record) => {
      const final = audit.write(record);
      metrics.countCheck(final);
      logFault(final, log);
      if (final !== record) refuseAsWritten(final);
    },
  });
  const shown = { metrics, metricsAccess, startedAt };
  return { ...shown, audit, access, upstream, sources, authorization, reload };
}

/** The doors: admin first, so that it can tell what gRPC waits for. */
async function listen(
  config: Config,
  log: Logger,
  parts: Parts,
  opened: Close[],
  closeAll: Close,
): Promise<App> {
  let phase: 'starting' | 'serving' | 'draining' = 'starting';
  const grpcPart = {
    name: 'grpc',
    fault: () => (phase === 'serving' ? undefined : `it is ${phase}`),
  };
  const readiness = (): Readiness => readReadiness([grpcPart, ...readinessParts(parts)]);
  const admin = await startAdminServer({
    address: config.admin.address,
    readiness,
    metricsContentType: parts.metrics.contentType,
    judgeScrape: parts.metricsAccess?.judge,
    renderMetrics: () => parts.metrics.render(readGauges(parts, readiness())),
  });
  opened.push(admin.stop);
  const health = createHealth(() => readiness().ready);
  const { authorization } = parts;
  const server = await startGrpcServer({ ...config.grpc, authorization, health, log });
  opened.push(() => server.stop(shutdownGraceMs));
  phase = 'serving';
  const healthTimer = setInterval(health.update, 1_000).unref();
  opened.push(() => clearInterval(healthTimer));
  log.info({ grpc: server.address, admin: admin.url }, 'kube-ext-authz is serving');
  return {
    grpcAddress: server.address,
    adminURL: admin.url,
    reopenAudit: parts.audit.reopen,
    stop: async () => {
      phase = 'draining';
      health.update();
      log.info({ drainPeriodMs: config.grpc.drainPeriodMs }, 'draining');
      await sleep(config.grpc.drainPeriodMs);
      await closeAll();
    },
  };
}

/** The answer is the one that the audit log has. Throws Denial. */
function refuseAsWritten({ decision }: CheckRecord): void {
  if (decision.kind === 'deny') throw new Denial(decision.reason, decision.message);
}

/** Denials are the audit log's; what failed on our side is for whoever runs us. */
function logFault({ decision, cause, issuer }: CheckRecord, log: Logger): void {
  if (decision.kind === 'allow' || cause === undefined) return;
  const { auditID, reason } = decision;
  const fields = { auditID, reason, issuer, cause: errorMessage(cause) };
  if (reason === 'internal_error') log.error(fields, 'a check failed');
  else log.debug(fields, 'a check was denied');
}
