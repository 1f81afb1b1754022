import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { deepFreeze } from '../lib/deep-freeze.ts';
import { errorMessage } from '../lib/error-message.ts';
import { signingAlgorithms, type Config } from './config.ts';
import { configOptions, type ConfigFlags } from './flag-options.ts';
import { completeConfig, loadConfig } from './load.ts';
import { ConfigError, schemaProblems } from './problems.ts';
import { configurationSchema } from './schema.ts';

/**
 * The configuration that the command line asks for: `--config FILE`, or in its place
 * `--authentication-config FILE` or `--oidc-*` with `--grpc-address`, `--admin-address` and
 * `--token-file`. Throws ConfigError.
 */
export function configFromFlags(args: readonly string[]): Config {
  return configFromParsed(parse(args));
}

/** The same of flags that were read among others, which are passed over. Throws ConfigError. */
export function configFromParsed(all: ConfigFlags): Config {
  const flags: ConfigFlags = Object.fromEntries(
    Object.entries(all).filter(([name]) => Object.hasOwn(configOptions, name)),
  );
  if (flags.config !== undefined) {
    const other = Object.keys(flags).find((name) => name !== 'config');
    if (other !== undefined) {
      throw new ConfigError([`--config can't be combined with --${other}: put it in the file`]);
    }
    return loadConfig(flags.config);
  }
  const oidc = Object.keys(flags).filter((name) => name.startsWith('oidc-'));
  const [firstOidc] = oidc;
  if (flags['authentication-config'] !== undefined && firstOidc !== undefined) {
    throw new ConfigError([`--authentication-config can't be combined with --${firstOidc}`]);
  }
  if (flags['authentication-config'] === undefined && firstOidc === undefined) {
    throw new ConfigError(['one of --config, --authentication-config or --oidc-* is required']);
  }
  return fromFlags(flags, firstOidc !== undefined);
}

function parse(args: readonly string[]): ConfigFlags {
  try {
    return parseArgs({ args: [...args], options: configOptions, strict: true }).values;
  } catch (error) {
    throw new ConfigError([errorMessage(error)]);
  }
}

function fromFlags(flags: ConfigFlags, oidc: boolean): Config {
  const parsed = configurationSchema.safeParse({
    apiVersion: 'kube-ext-authz.dev/v1alpha1',
    kind: 'Configuration',
    grpc: { address: flags['grpc-address'] },
    admin: { address: flags['admin-address'] },
    kubernetes: { token: { file: flags['token-file'] } },
    authentication: { configFile: flags['authentication-config'] },
    jwt: oidc ? [jwtEntry(flags)] : [],
    extra: {
      clientIP: flags['extra-user-header-client-ip'],
      static: staticExtra(flags['extra-user-headers'] ?? []),
    },
  });
  if (!parsed.success) throw new ConfigError(schemaProblems(parsed.error));
  const config = completeConfig(parsed.data, { name: 'the command line', folder: process.cwd() });
  if (!oidc) return config;
  const algorithms = signingAlgs(flags['oidc-signing-algs']);
  return deepFreeze({
    ...config,
    jwt: config.jwt.map((entry) => ({ ...entry, signingAlgorithms: algorithms })),
  });
}

/** kube-oidc-proxy's notation (pkg/util/flags/string_to_string_slice.go); HTTP made its keys lower case. */
function staticExtra(lists: readonly string[]): Readonly<Record<string, readonly string[]>> {
  const extra = new Map<string, string[]>();
  for (const pair of lists.flatMap((list) => list.split(','))) {
    const [key = '', value, ...more] = pair.split('=');
    if (key === '' || value === undefined || more.length > 0) {
      throw new ConfigError(['--extra-user-headers: must be pairs KEY=VALUE with commas between']);
    }
    extra.set(key.toLowerCase(), [...(extra.get(key.toLowerCase()) ?? []), value]);
  }
  return Object.fromEntries(extra);
}

/** kube-apiserver's reading of the flags (pkg/kubeapiserver/options/authentication.go at v1.36.3). */
function jwtEntry(flags: ConfigFlags): object {
  const url = flags['oidc-issuer-url'];
  const clientID = flags['oidc-client-id'];
  if (url === undefined || clientID === undefined) {
    throw new ConfigError(['--oidc-issuer-url and --oidc-client-id must be specified together']);
  }
  const claim = flags['oidc-username-claim'] ?? 'sub';
  const groups = flags['oidc-groups-claim'];
  return {
    issuer: {
      url,
      audiences: [clientID],
      certificateAuthority: caText(flags['oidc-ca-file']),
    },
    claimMappings: {
      username: { claim, prefix: usernamePrefix(flags['oidc-username-prefix'], claim, url) },
      groups: groups ? { claim: groups, prefix: flags['oidc-groups-prefix'] ?? '' } : undefined,
    },
    claimValidationRules: (flags['oidc-required-claim'] ?? []).map(requiredClaim),
  };
}

function usernamePrefix(prefix: string | undefined, claim: string, issuerURL: string): string {
  if (prefix === '-') return '';
  if (prefix) return prefix;
  return claim === 'email' ? '' : `${issuerURL}#`;
}

function requiredClaim(pair: string): object {
  const [claim = '', ...value] = pair.split('=');
  if (claim === '' || value.length === 0) {
    throw new ConfigError([`--oidc-required-claim: ${JSON.stringify(pair)} is not key=value`]);
  }
  return { claim, requiredValue: value.join('=') };
}

function signingAlgs(flags: readonly string[] | undefined): readonly string[] {
  const asked = (flags ?? ['RS256']).flatMap((list) => list.split(',')).map((name) => name.trim());
  const unknown = asked.filter((name) => !signingAlgorithms.includes(name));
  if (unknown.length === 0) return asked;
  const known = signingAlgorithms.join(', ');
  throw new ConfigError([`--oidc-signing-algs: ${unknown.join(', ')}: must be among ${known}`]);
}

function caText(file: string | undefined): string | undefined {
  if (file === undefined) return undefined;
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new ConfigError([`--oidc-ca-file: ${errorMessage(error)}`]);
  }
}
