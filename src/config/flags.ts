import { readFileSync } from 'node:fs';
import { parseArgs, type ParseArgsConfig } from 'node:util';
import { deepFreeze } from '../lib/deep-freeze.ts';
import { errorMessage } from '../lib/error-message.ts';
import { signingAlgorithms, type Config } from './config.ts';
import { completeConfig, loadConfig } from './load.ts';
import { ConfigError, schemaProblems } from './problems.ts';
import { configurationSchema } from './schema.ts';

const options = {
  config: { type: 'string' },
  'authentication-config': { type: 'string' },
  'oidc-issuer-url': { type: 'string' },
  'oidc-client-id': { type: 'string' },
  'oidc-ca-file': { type: 'string' },
  'oidc-username-claim': { type: 'string' },
  'oidc-username-prefix': { type: 'string' },
  'oidc-groups-claim': { type: 'string' },
  'oidc-groups-prefix': { type: 'string' },
  'oidc-signing-algs': { type: 'string', multiple: true },
  'oidc-required-claim': { type: 'string', multiple: true },
  'grpc-address': { type: 'string' },
  'admin-address': { type: 'string' },
  'token-file': { type: 'string' },
} as const satisfies ParseArgsConfig['options'];

type Flags = ReturnType<typeof parseArgs<{ options: typeof options }>>['values'];

/**
 * The configuration that the command line asks for: `--config FILE`, or in its place
 * `--authentication-config FILE` or `--oidc-*` with `--grpc-address`, `--admin-address` and
 * `--token-file`. Throws ConfigError.
 */
export function configFromFlags(args: readonly string[]): Config {
  const flags = parse(args);
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

function parse(args: readonly string[]): Flags {
  try {
    return parseArgs({ args: [...args], options, strict: true, allowPositionals: false }).values;
  } catch (error) {
    throw new ConfigError([errorMessage(error)]);
  }
}

function fromFlags(flags: Flags, oidc: boolean): Config {
  const parsed = configurationSchema.safeParse({
    apiVersion: 'kube-ext-authz.dev/v1alpha1',
    kind: 'Configuration',
    grpc: { address: flags['grpc-address'] },
    admin: { address: flags['admin-address'] },
    kubernetes: { token: { file: flags['token-file'] } },
    authentication: { configFile: flags['authentication-config'] },
    jwt: oidc ? [jwtEntry(flags)] : [],
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

/** kube-apiserver's reading of the flags (pkg/kubeapiserver/options/authentication.go at v1.36.3). */
function jwtEntry(flags: Flags): object {
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
