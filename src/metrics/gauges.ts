// What is shown as it is at the moment of asking.
import { Gauge, type Registry } from 'prom-client';

export interface Gauges {
  /** Seconds since 1970 when our own token expires; undefined when there is none or it doesn't tell. */
  readonly upstreamTokenExpiry: number | undefined;
  readonly issuerKeys: readonly IssuerKeyGauges[];
  /** Verified tokens that are remembered. */
  readonly rememberedTokens: number;
  /** What waits to be written in each audit sink; those of one format are added up. */
  readonly auditQueues: readonly { readonly format: string; readonly bytes: number }[];
  readonly reload: {
    /** Whether the latest version of the files is in use. */
    readonly isSuccessful: boolean;
    /** When the configuration in use was taken, in milliseconds since 1970. */
    readonly lastSuccessAt: number;
  };
  readonly checksInFlight: number;
  readonly ready: boolean;
  /** The parts of /readyz. */
  readonly parts: readonly { readonly name: string; readonly isOk: boolean }[];
}

export interface IssuerKeyGauges {
  readonly issuer: string;
  /** Milliseconds since 1970; undefined: never. */
  readonly fetchedAt: number | undefined;
  readonly isUsable: boolean;
  readonly isFaulty: boolean;
}

/** Declares the gauges; what it returns sets them all. What is there no more is shown no more. */
export function createGauges(registers: Registry[], version: string): (gauges: Gauges) => void {
  const gauge = <L extends string = never>(
    name: string,
    help: string,
    labelNames: readonly L[] = [],
  ): Gauge<L> => new Gauge({ name: `kube_ext_authz_${name}`, help, labelNames, registers });
  const build = gauge('build_info', 'Always 1; the labels tell what runs.', ['version', 'node']);
  build.set({ version, node: process.version }, 1);
  const tokenExpiry = gauge(
    'upstream_token_expiry_timestamp_seconds',
    'When the token that goes upstream expires, in seconds since 1970; 0 when there is none or it does not tell.',
  );
  const setIssuers = issuerGauges(gauge);
  const remembered = gauge(
    'token_cache_entries',
    'Verified tokens that are remembered; 10000 at most.',
  );
  const auditQueue = gauge(
    'audit_queue_bytes',
    'Bytes of audit lines that wait to be written, by format.',
    ['format'],
  );
  const reloadSuccess = gauge(
    'config_last_reload_successful',
    '1 when the latest version of the configuration files is in use.',
  );
  const reloadTime = gauge(
    'config_last_reload_success_timestamp_seconds',
    'When the configuration in use was taken, in seconds since 1970.',
  );
  const inFlight = gauge('checks_in_flight', 'Checks that have arrived and are not answered yet.');
  const isReady = gauge('ready', '1 when /readyz says 200.');
  const partOk = gauge(
    'readiness_part_ok',
    '1 when a part that /readyz tells of has no fault; some parts may have one while the server is ready.',
    ['part'],
  );
  return (now) => {
    tokenExpiry.set(now.upstreamTokenExpiry ?? 0);
    setIssuers(now.issuerKeys);
    remembered.set(now.rememberedTokens);
    auditQueue.reset();
    for (const { format, bytes } of now.auditQueues) auditQueue.inc({ format }, bytes);
    reloadSuccess.set(now.reload.isSuccessful ? 1 : 0);
    reloadTime.set(now.reload.lastSuccessAt / 1000);
    inFlight.set(now.checksInFlight);
    isReady.set(now.ready ? 1 : 0);
    partOk.reset();
    for (const { name, isOk } of now.parts) partOk.set({ part: name }, isOk ? 1 : 0);
  };
}

type Declare = <L extends string = never>(
  name: string,
  help: string,
  labelNames?: readonly L[],
) => Gauge<L>;

function issuerGauges(gauge: Declare): (issuers: readonly IssuerKeyGauges[]) => void {
  const fetched = gauge(
    'issuer_keys_fetched_timestamp_seconds',
    'When the keys of an issuer were last fetched or read, in seconds since 1970; 0 when they never were.',
    ['issuer'],
  );
  const usable = gauge(
    'issuer_keys_usable',
    '1 while an issuer has keys to verify with: 0 refuses its tokens with 503.',
    ['issuer'],
  );
  const faulty = gauge(
    'issuer_keys_faulty',
    '1 when the last attempt to get the keys of an issuer failed; older ones may be in use still.',
    ['issuer'],
  );
  return (issuers) => {
    for (const one of [fetched, usable, faulty]) one.reset();
    for (const { issuer, fetchedAt, isUsable, isFaulty } of issuers) {
      fetched.set({ issuer }, (fetchedAt ?? 0) / 1000);
      usable.set({ issuer }, isUsable ? 1 : 0);
      faulty.set({ issuer }, isFaulty ? 1 : 0);
    }
  };
}
