// What token is wanted: the flags that `token`, `exec-credential` and `kubeconfig` share.
import { resolve } from 'node:path';
import { parseDuration } from '../lib/duration.ts';
import { algorithms } from './algorithms.ts';
import { choice, required, UsageError, type Flags, type FlagOptions } from './flags.ts';

export const tokenOptions = {
  key: { type: 'string' },
  'key-env': { type: 'string' },
  signer: { type: 'string' },
  alg: { type: 'string' },
  kid: { type: 'string' },
  issuer: { type: 'string' },
  subject: { type: 'string' },
  audience: { type: 'string', multiple: true },
  ttl: { type: 'string' },
  claim: { type: 'string', multiple: true },
} as const satisfies FlagOptions;

export const tokenUsage = `who signs (one of them):
  --key FILE        a private key: PEM (PKCS #8, PKCS #1, SEC 1) or a JWK; RSA, EC or Ed25519
  --key-env NAME    the same, in a variable of the environment
  --signer COMMAND  a command, run by sh -c. On its standard input is the signing input (the first
                    two parts of the token and the dot between them, no line end); it writes the
                    signature to its standard output, as raw bytes, base64url or base64; of an
                    ECDSA key also in DER. It has 30 seconds. --alg is needed with it
  --alg ALG         RS256, RS384, RS512, PS256, PS384, PS512, ES256, ES384, ES512 or EdDSA;
                    default: RS256, or what the key's curve has
  --kid ID          the key's name in the header; default: its thumbprint (RFC 7638); none with
                    --signer

what the token says:
  --issuer URI      iss: issuer.url of the server's entry, to the letter
  --subject NAME    sub: who comes
  --audience NAME   aud: one of the entry's issuer.audiences; may be repeated
  --ttl DURATION    exp is so long after now; default 60s (such as 30s, 10m, 1h)
  --claim NAME=JSON one more claim; may be repeated: --claim team='"payments"' --claim build=42
  Also: iat is now, nbf a minute earlier, jti a random UUID.
`;

/** Where the signature comes from. */
export type KeySource =
  { readonly file: string } | { readonly variable: string } | { readonly command: string };

export interface TokenOrder {
  readonly source: KeySource;
  readonly algorithm: string | undefined;
  readonly kid: string | undefined;
  readonly issuer: string;
  readonly subject: string;
  readonly audiences: readonly string[];
  readonly ttlSeconds: number;
  /** Beside the registered ones. */
  readonly claims: Readonly<Record<string, unknown>>;
}

export type TokenFlags = Flags<typeof tokenOptions>;

/** The order that the flags are. Throws UsageError, which quotes no value. */
export function readTokenOrder(flags: TokenFlags): TokenOrder {
  const source = readSource(flags);
  const algorithm = flags.alg === undefined ? undefined : choice(flags.alg, 'alg', algorithms);
  if ('command' in source && algorithm === undefined) {
    throw new UsageError('--alg is missing: with --signer nothing else tells the algorithm');
  }
  const audiences = flags.audience ?? [];
  if (audiences.length === 0) throw new UsageError('--audience is missing');
  return {
    source,
    algorithm,
    kid: flags.kid,
    issuer: required(flags.issuer, 'issuer'),
    subject: required(flags.subject, 'subject'),
    audiences,
    ttlSeconds: readTtl(flags.ttl ?? '60s'),
    claims: readClaims(flags.claim ?? []),
  };
}

function readSource(flags: TokenFlags): KeySource {
  const { key, 'key-env': variable, signer } = flags;
  const given = [key, variable, signer].filter((one) => one !== undefined);
  if (given.length !== 1) {
    const fault = given.length === 0 ? 'is missing' : 'may be there, not several';
    throw new UsageError(`one of --key, --key-env and --signer ${fault}`);
  }
  if (key !== undefined) return { file: key };
  return variable === undefined ? { command: signer ?? '' } : { variable };
}

function readTtl(text: string): number {
  const seconds = (parseDuration(text) ?? NaN) / 1000;
  if (seconds >= 1 && Number.isInteger(seconds)) return seconds;
  throw new UsageError('--ttl must be a duration of whole seconds, such as 60s or 10m');
}

const registered = /^(?:iss|sub|aud|exp|nbf|iat|jti)$/iu;

function readClaims(pairs: readonly string[]): Readonly<Record<string, unknown>> {
  const claims = new Map<string, unknown>();
  for (const pair of pairs) {
    const [name = '', ...rest] = pair.split('=');
    if (name === '' || rest.length === 0) throw new UsageError('--claim must be NAME=JSON');
    if (registered.test(name)) {
      throw new UsageError(`--claim ${name}: it is a claim that the other flags set`);
    }
    if (claims.has(name)) throw new UsageError(`--claim ${name} is there more than once`);
    claims.set(name, parseClaim(name, rest.join('=')));
  }
  return Object.fromEntries(claims);
}

function parseClaim(name: string, json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    throw new UsageError(
      `--claim ${name}: its value is not JSON; text has double quotes around it: --claim ${name}='"text"'`,
    );
  }
}

/** The flags that make the same order from any directory. */
export function tokenArguments(flags: TokenFlags): readonly string[] {
  const absolute = flags.key === undefined ? flags : { ...flags, key: resolve(flags.key) };
  return Object.entries(absolute)
    .filter(([name]) => name in tokenOptions)
    .flatMap(([name, value]) => [value].flat().map((one) => `--${name}=${one}`));
}
