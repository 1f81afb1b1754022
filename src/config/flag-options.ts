// The flags that stand in the place of a configuration file, and what each means.
import type { parseArgs, ParseArgsConfig } from 'node:util';
import { signingAlgorithms } from './config.ts';

export const configOptions = {
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
  'extra-user-header-client-ip': { type: 'boolean' },
  'extra-user-headers': { type: 'string', multiple: true },
  'grpc-address': { type: 'string' },
  'admin-address': { type: 'string' },
  'token-file': { type: 'string' },
} as const satisfies ParseArgsConfig['options'];

/** What follows each flag, and what it does: the table in docs/configuration.md. */
export const flagMeanings: Readonly<
  Record<keyof typeof configOptions, readonly [value: string, meaning: string]>
> = {
  config: ['FILE', 'The configuration file. Refused beside every other flag.'],
  'authentication-config': [
    'FILE',
    "kube-apiserver's `AuthenticationConfiguration` file, as `authentication.configFile`. Followed while the server runs. Refused beside `--oidc-*`.",
  ],
  'oidc-issuer-url': [
    'URL',
    'The `iss` of the tokens and where the keys are discovered: https. Needs `--oidc-client-id`.',
  ],
  'oidc-client-id': ['ID', 'What `aud` must have. Needs `--oidc-issuer-url`.'],
  'oidc-ca-file': [
    'FILE',
    "PEM certificates that the issuer's server is checked with, in place of Node's own. Read at start.",
  ],
  'oidc-username-claim': ['CLAIM', 'The claim with the name of the user. Default: `sub`.'],
  'oidc-username-prefix': [
    'PREFIX',
    'What is put before the name; `-`: nothing. Default: the issuer URL and `#`, or nothing when the claim is `email`.',
  ],
  'oidc-groups-claim': ['CLAIM', 'The claim with the groups. Default: no groups.'],
  'oidc-groups-prefix': ['PREFIX', 'What is put before each group. Default: nothing.'],
  'oidc-signing-algs': [
    'LIST',
    `The algorithms that are taken, with commas between: ${signingAlgorithms.join(', ')}. Default: RS256. May come several times.`,
  ],
  'oidc-required-claim': [
    'CLAIM=VALUE',
    'A claim that must have this value. May come several times; one claim twice is refused.',
  ],
  'extra-user-header-client-ip': ['', 'As `extra.clientIP: true`.'],
  'extra-user-headers': [
    'KEY=VALUE,…',
    'As `extra.static`: pairs with commas between; a key may come several times.',
  ],
  'grpc-address': ['ADDRESS', 'As `grpc.address`, with its default.'],
  'admin-address': ['ADDRESS', 'As `admin.address`, with its default.'],
  'token-file': ['FILE', 'As `kubernetes.token.file`, with its default.'],
};

export type ConfigFlags = ReturnType<typeof parseArgs<{ options: typeof configOptions }>>['values'];
