import { accessSync, constants } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { deepFreeze } from '../lib/deep-freeze.ts';
import { parseDuration } from '../lib/duration.ts';
import { errorMessage } from '../lib/error-message.ts';
import { readAuthenticationFile } from './authentication-file.ts';
import type { Config, JwtConfig } from './config.ts';
import { toExtra, toImpersonation } from './impersonation.ts';
import { checkKubeconfigFile } from './kubeconfig-file.ts';
import { toOwnEntry } from './own-entry.ts';
import { checkAccount } from './service-account.ts';
import { collectProblems, ConfigError, type Problems } from './problems.ts';
import { readYaml, type Reading } from './read-yaml.ts';
import { configurationSchema, type ConfigurationFile } from './schema.ts';

/** Where the kubelet puts a Pod's own token. */
export const inClusterTokenFile = '/var/run/secrets/kubernetes.io/serviceaccount/token';

interface Origin {
  /** How errors call it. */
  readonly name: string;
  /** What relative paths are relative to. */
  readonly folder: string;
  /** Absent: it was not read from one. */
  readonly file?: string;
}

/**
 * Reads and checks the file of `--config` and every file it names; opens no connection.
 * Relative paths are relative to the file's own folder. Throws ConfigError with every fault at once.
 */
export function loadConfig(file: string): Config {
  const found: string[] = [];
  const { value, faultyPaths } = readOrTell(file, found);
  return completeConfig(value, { name: file, folder: dirname(file), file }, found, faultyPaths);
}

function readOrTell(file: string, found: string[]): Reading<ConfigurationFile> {
  try {
    return readYaml(file, configurationSchema, found);
  } catch (error) {
    throw error instanceof ConfigError ? new ConfigError([...found, ...error.problems]) : error;
  }
}

/**
 * The same for a configuration that need not come from a file. `told` are faults that were found
 * before, each with its origin.
 */
export function completeConfig(
  value: ConfigurationFile,
  { name, folder, file }: Origin,
  told: readonly string[] = [],
  faultyPaths: readonly string[] = [],
): Config {
  const found: string[] = [];
  const elsewhere: string[] = [...told];
  const problems = collectProblems(found, faultyPaths);
  const warnings: string[] = [];
  const { configFile } = value.authentication;
  const authenticationFile = configFile === undefined ? [] : [resolve(folder, configFile)];
  const fromFile = authenticationFile.flatMap((path) =>
    readAuthenticationFile(path, value.authentication, elsewhere, warnings),
  );
  const { disallowedIssuers } = value.authentication;
  const own = value.jwt.map((entry, index) =>
    toOwnEntry(entry, { path: `jwt[${index}]`, folder, disallowedIssuers, problems }),
  );
  if (value.jwt.length === 0 && configFile === undefined && value.tokenReview === undefined) {
    const detail = 'at least one of jwt, authentication.configFile and tokenReview is required';
    problems.other('jwt', detail);
  }
  checkDuplicates(own, fromFile, problems);
  const config: Config = {
    grpc: grpcConfig(value, folder, problems),
    admin: value.admin,
    kubernetes: {
      kubeconfig: kubeconfig(value.kubernetes.kubeconfig, folder, elsewhere),
      token: ownToken(value.kubernetes.token, folder, problems),
    },
    jwt: [...fromFile, ...own],
    tokenReview: value.tokenReview,
    impersonation: toImpersonation(value.impersonation, problems),
    extra: toExtra(value.extra, [...fromFile, ...own], problems),
    audit: value.audit.map((sink) => ({
      ...sink,
      path: sink.path === '-' ? sink.path : resolve(folder, sink.path),
    })),
    log: value.log,
    files: [...(file === undefined ? [] : [file]), ...authenticationFile],
    warnings,
  };
  const all = [...elsewhere, ...found.map((problem) => `${name}: ${problem}`)];
  if (all.length > 0) throw new ConfigError(all);
  return deepFreeze(config);
}

function ownToken(
  { file, tokenRequest }: ConfigurationFile['kubernetes']['token'],
  folder: string,
  problems: Problems,
): Config['kubernetes']['token'] {
  if (!tokenRequest) return { file: resolve(folder, file ?? inClusterTokenFile) };
  const path = 'kubernetes.token.tokenRequest';
  if (file !== undefined) problems.other(path, "can't be set beside kubernetes.token.file");
  const { namespace, serviceAccount: name, audiences, expirationSeconds } = tokenRequest;
  checkAccount({ namespace, name }, path, problems, 'serviceAccount');
  return { tokenRequest: { account: { namespace, name }, audiences, expirationSeconds } };
}

function kubeconfig(file: string | undefined, folder: string, found: string[]): string | undefined {
  if (file === undefined) return undefined;
  const absolute = resolve(folder, file);
  checkKubeconfigFile(absolute, found);
  return absolute;
}

/** Two of our own entries may share an issuer (two clusters, told apart by their keys), but no name. */
function checkDuplicates(
  own: readonly JwtConfig[],
  fromFile: readonly JwtConfig[],
  problems: Problems,
): void {
  const names = new Set(fromFile.map(({ name }) => name));
  const inFile = new Set(fromFile.map(({ issuer }) => issuer.url));
  own.forEach(({ name, issuer }, index) => {
    if (issuer.url !== '' && inFile.has(issuer.url)) {
      problems.duplicate(`jwt[${index}].issuer.url`, issuer.url);
    } else if (names.has(name)) {
      problems.duplicate(`jwt[${index}].name`, name);
    }
    names.add(name);
  });
}

function grpcConfig(value: ConfigurationFile, folder: string, problems: Problems): Config['grpc'] {
  const { address, drainPeriod, tls } = value.grpc;
  const drainPeriodMs = parseDuration(drainPeriod);
  if (drainPeriodMs === undefined) {
    problems.invalid('grpc.drainPeriod', drainPeriod, 'must be a duration such as 500ms, 5s or 1m');
  }
  return {
    address,
    drainPeriodMs: drainPeriodMs ?? 0,
    tls: tls && {
      certFile: readable(tls.certFile, 'grpc.tls.certFile', folder, problems) ?? '',
      keyFile: readable(tls.keyFile, 'grpc.tls.keyFile', folder, problems) ?? '',
      clientCAFile: readable(tls.clientCAFile, 'grpc.tls.clientCAFile', folder, problems),
    },
  };
}

function readable(
  file: string | undefined,
  path: string,
  folder: string,
  problems: Problems,
): string | undefined {
  if (file === undefined) return undefined;
  const absolute = resolve(folder, file);
  try {
    accessSync(absolute, constants.R_OK);
  } catch (error) {
    problems.other(path, `the file can't be read: ${errorMessage(error)}`);
  }
  return absolute;
}
