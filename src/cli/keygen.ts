// `keygen`: a key pair for a pipeline, and what the server's configuration wants of it.
import { createPublicKey, generateKeyPair, type KeyObject } from 'node:crypto';
import { promisify } from 'node:util';
import { stringify } from 'yaml';
import { algorithmsOf } from './algorithms.ts';
import { createFile, refuseExisting, replaceFile, type NewFile } from './files.ts';
import { choice, parseFlags, required, UsageError, wholeNumber, type Flags } from './flags.ts';
import { publicJwkOf, thumbprintOf } from './private-key.ts';
import { selfSign, type KeyType } from './self-signed.ts';
import { processTerminal } from './terminal.ts';

export const usage = `usage: kube-ext-authz keygen --out FILE [flags]

Makes a key pair. The private key stays with the pipeline; standard output has the kid and the
issuer.keys for the server's configuration.

  --out FILE         receives the private key: PKCS #8, PEM, mode 0600
  --type TYPE        ec (P-256; the default), rsa or ed25519
  --bits NUMBER      of an rsa key: 2048 to 8192; default 3072
  --public-out FILE  receives the public part; default: it is in what is printed
  --format FORMAT    of the public part: public-key (the default), certificate or jwks
  --subject NAME     of a certificate; default "CN=kube-ext-authz pipeline"
  --days NUMBER      how long a certificate, and so its key, is accepted; default 365
  --force            replace files that are there
`;

const options = {
  out: { type: 'string' },
  type: { type: 'string' },
  bits: { type: 'string' },
  'public-out': { type: 'string' },
  format: { type: 'string' },
  subject: { type: 'string' },
  days: { type: 'string' },
  force: { type: 'boolean' },
} as const;

const types: readonly [KeyType, ...KeyType[]] = ['ec', 'rsa', 'ed25519'];
const formats = ['public-key', 'certificate', 'jwks'] as const;

interface Order {
  readonly out: string;
  readonly publicOut: string | undefined;
  readonly type: KeyType;
  readonly bits: number;
  readonly format: (typeof formats)[number];
  readonly subject: string;
  readonly days: number;
}

export async function run(args: readonly string[], terminal = processTerminal()): Promise<number> {
  const { flags } = parseFlags(args, options);
  const order = readOrder(flags);
  const put = flags.force === true ? replaceFile : createUnlessThere(order);
  const key = await generate(order);
  const kid = await thumbprintOf(key);
  const publicPart = publicPartOf(key, kid, { ...order, now: terminal.now() });
  const pem = key.export({ type: 'pkcs8', format: 'pem' }).toString();
  put({ file: order.out, text: pem, mode: 0o600 });
  if (order.publicOut !== undefined) put({ file: order.publicOut, text: publicPart, mode: 0o644 });
  terminal.print(
    [
      `# the private key is in ${JSON.stringify(order.out)}: it stays with the pipeline`,
      `# kid: ${kid}`,
      '# for the issuer of an entry of jwt in the configuration of kube-ext-authz:',
      stringify({ keys: [keySource(order, publicPart)] }),
    ].join('\n'),
  );
  return 0;
}

function readOrder(flags: Flags<typeof options>): Order {
  const type = choice(flags.type, 'type', types);
  const format = choice(flags.format, 'format', formats);
  if (flags.bits !== undefined && type !== 'rsa') {
    throw new UsageError('--bits is for --type rsa only');
  }
  if ((flags.subject ?? flags.days) !== undefined && format !== 'certificate') {
    throw new UsageError('--subject and --days are for --format certificate only');
  }
  const out = required(flags.out, 'out');
  const publicOut = flags['public-out'];
  if (out === publicOut) throw new UsageError('--out and --public-out are the same file');
  return {
    out,
    publicOut,
    type,
    format,
    bits: wholeNumber(flags.bits, 'bits', { min: 2048, max: 8192, otherwise: 3072 }),
    subject: flags.subject ?? 'CN=kube-ext-authz pipeline',
    days: wholeNumber(flags.days, 'days', { min: 1, max: 36_500, otherwise: 365 }),
  };
}

/** Looks before there is a key, so that a refusal leaves nothing half done. */
function createUnlessThere({ out, publicOut }: Order): (file: NewFile) => void {
  for (const file of publicOut === undefined ? [out] : [out, publicOut]) {
    refuseExisting(file, 'choose another name, or replace it with --force');
  }
  return createFile;
}

async function generate({ type, bits }: Order): Promise<KeyObject> {
  const make = promisify(generateKeyPair);
  if (type === 'ec') return (await make('ec', { namedCurve: 'P-256' })).privateKey;
  if (type === 'ed25519') return (await make('ed25519')).privateKey;
  return (await make('rsa', { modulusLength: bits })).privateKey;
}

function publicPartOf(
  key: KeyObject,
  kid: string,
  order: Order & { readonly now: number },
): string {
  if (order.format === 'certificate') return selfSign(key, order.type, order);
  if (order.format === 'public-key') {
    return createPublicKey(key).export({ type: 'spki', format: 'pem' }).toString();
  }
  const [alg] = algorithmsOf(key);
  const jwk = { ...publicJwkOf(key), kid, alg, use: 'sig' };
  return `${JSON.stringify({ keys: [jwk] }, undefined, 2)}\n`;
}

/** An item of issuer.keys: the file, or what would be in it. */
function keySource({ publicOut, format }: Order, publicPart: string): object {
  if (publicOut !== undefined) return { file: publicOut };
  return format === 'jwks' ? { jwks: JSON.parse(publicPart) } : { pem: publicPart };
}
