// Makes the tokens that pipelines sign for themselves (RFC 7519), by a key at hand or by an external signer.
import { randomUUID } from 'node:crypto';
import { algorithmsOf, signText } from './algorithms.ts';
import { readSignature, runSigner } from './external-signer.ts';
import { readKeyFile, readKeyVariable, thumbprintOf, type PrivateKey } from './private-key.ts';
import type { Terminal } from './terminal.ts';
import type { TokenOrder } from './token-order.ts';

export interface MintedToken {
  readonly token: string;
  /** Seconds since 1970. */
  readonly expiry: number;
}

interface Signer {
  readonly algorithm: string;
  readonly kid: string | undefined;
  readonly sign: (input: string) => Promise<Buffer>;
}

/** What the server allows a clock to be behind (go-oidc's leeway for nbf), taken from the start. */
const notBeforeSeconds = 60;

/** Signs the token that was ordered. Rejects with a sentence that quotes neither key nor token. */
export async function mintToken(order: TokenOrder, terminal: Terminal): Promise<MintedToken> {
  const signer = await openSigner(order, terminal);
  const iat = Math.floor(terminal.now() / 1000);
  const exp = iat + order.ttlSeconds;
  const [audience, ...more] = order.audiences;
  const claims = {
    iss: order.issuer,
    sub: order.subject,
    aud: more.length === 0 ? audience : order.audiences,
    jti: randomUUID(),
    iat,
    nbf: iat - notBeforeSeconds,
    exp,
    ...order.claims,
  };
  const { algorithm: alg, kid } = signer;
  const header = { alg, ...(kid !== undefined && { kid }), typ: 'JWT' };
  const input = `${encode(header)}.${encode(claims)}`;
  const signature = await signer.sign(input);
  return { token: `${input}.${signature.toString('base64url')}`, expiry: exp };
}

/** Sees to it that the order's key can sign, without signing anything: an external signer is not run. */
export async function openSigner(order: TokenOrder, terminal: Terminal): Promise<Signer> {
  const { source, algorithm, kid } = order;
  if ('command' in source) {
    const { command } = source;
    const by = algorithm ?? '';
    return {
      algorithm: by,
      kid,
      sign: async (input) => readSignature(await runSigner(command, input), by),
    };
  }
  const found =
    'file' in source
      ? readKeyFile(source.file, terminal)
      : readKeyVariable(source.variable, terminal);
  const by = algorithmFor(found, algorithm);
  return {
    algorithm: by,
    kid: kid ?? found.kid ?? (await thumbprintOf(found.key)),
    sign: async (input) => signText(input, by, found.key),
  };
}

function algorithmFor({ key, algorithm: own }: PrivateKey, wanted: string | undefined): string {
  const possible = algorithmsOf(key);
  const algorithm = wanted ?? own ?? possible[0] ?? '';
  if (possible.includes(algorithm)) return algorithm;
  throw new Error(`the key signs by ${possible.join(', ')} only: change --alg or the key`);
}

function encode(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}
