// Signatures by a command of the person's own: the key may be in an HSM, a key service or a smart card.
import { spawn } from 'node:child_process';
import { signatureBytes } from './algorithms.ts';

export interface SignerOptions {
  /** Default 30 000. */
  readonly timeoutMs?: number;
}

/**
 * Runs the command by `sh -c` with the signing input (RFC 7515 §5.1) on its standard input, as it
 * is and without a line end, and resolves with what it wrote to its standard output. Rejects with
 * a sentence when it fails or takes too long; its standard error is ours.
 */
export async function runSigner(
  command: string,
  input: string,
  { timeoutMs = 30_000 }: SignerOptions = {},
): Promise<Buffer> {
  const child = spawn('sh', ['-c', command], { stdio: ['pipe', 'pipe', 'inherit'] });
  const chunks: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk));
  child.stdin.on('error', () => undefined); // its exit code tells
  child.stdin.end(input);
  const ended = new Promise<string>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code, signal) => resolve(signal ?? String(code)));
  });
  const late = Promise.withResolvers<string>();
  const timer = setTimeout(() => {
    child.kill();
    child.unref();
    child.stdout.destroy(); // whoever it started may hold the other end
    late.reject(new Error(`--signer: the command gave no signature within ${timeoutMs / 1000} s`));
  }, timeoutMs);
  try {
    const end = await Promise.race([ended, late.promise]);
    if (end !== '0') throw new Error(`--signer: the command ended with ${end}`);
    return Buffer.concat(chunks);
  } finally {
    clearTimeout(timer);
  }
}

/**
 * The raw JWS signature in a signer's output: that itself; or base64url or base64 of it, in one
 * line or several; or, of an ECDSA key, either in DER as OpenSSL has it. Throws a sentence.
 */
export function readSignature(output: Buffer, algorithm: string): Buffer {
  const size = signatureBytes[algorithm];
  if (output.length === size) return output;
  const letters = output.toString('latin1').replaceAll(/\s/g, '');
  const isText = /^[A-Za-z0-9+/_-]+=*$/.test(letters);
  const bytes = isText ? Buffer.from(letters, 'base64') : output;
  if (size === undefined ? bytes.length >= 256 && bytes.length <= 2048 : bytes.length === size) {
    return bytes;
  }
  const fixed = size !== undefined && algorithm !== 'EdDSA' && fromDer(bytes, size / 2);
  if (fixed) return fixed;
  const wanted =
    size === undefined ? 'at least 256 bytes (an RSA key of 2048 bits)' : `${size} bytes`;
  throw new Error(
    `--signer: the command wrote ${bytes.length} bytes, and a signature by ${algorithm} has ${wanted}, raw or in base64url`,
  );
}

/** `SEQUENCE { INTEGER r, INTEGER s }` as r and s of a fixed length (RFC 7518 §3.4). */
function fromDer(bytes: Buffer, half: number): Buffer | undefined {
  const header = bytes[1] === 0x81 ? 3 : 2;
  const isSequence = bytes[0] === 0x30 && bytes[header - 1] === bytes.length - header;
  if (!isSequence) return undefined;
  const r = readInteger(bytes, header, half);
  const s = r && readInteger(bytes, r.end, half);
  return r && s?.end === bytes.length ? Buffer.concat([r.value, s.value]) : undefined;
}

function readInteger(bytes: Buffer, at: number, size: number) {
  const length = bytes[at + 1] ?? 0;
  const end = at + 2 + length;
  if (bytes[at] !== 0x02 || length === 0 || end > bytes.length) return undefined;
  const digits = bytes.subarray(at + 2, end);
  const short = digits.subarray(Math.max(0, digits.length - size));
  const lost = digits.subarray(0, digits.length - short.length);
  if (lost.some((one) => one !== 0)) return undefined;
  return { value: Buffer.concat([Buffer.alloc(size - short.length), short]), end };
}
