// As much of DER (X.690 §10) as a certificate is made of.

/** A tag with what is in it. */
export function tagged(tag: number, ...content: readonly Uint8Array[]): Buffer {
  const body = Buffer.concat(content);
  return Buffer.concat([Buffer.from([tag, ...lengthOf(body.length)]), body]);
}

export function sequence(...content: readonly Uint8Array[]): Buffer {
  return tagged(0x30, ...content);
}

export function setOf(...content: readonly Uint8Array[]): Buffer {
  return tagged(0x31, ...content);
}

/** Bytes of a positive number, the highest first: without zeros in front, but for the one that keeps the sign. */
export function integer(...bytes: readonly number[]): Buffer {
  const start = bytes.findIndex((one) => one !== 0);
  const digits = start < 0 ? [0] : bytes.slice(start);
  return tagged(0x02, Buffer.from((digits[0] ?? 0) > 0x7f ? [0, ...digits] : digits));
}

/** An object identifier in dotted form. */
export function objectIdentifier(dotted: string): Buffer {
  const [first = 0, second = 0, ...rest] = dotted.split('.').map(Number);
  return tagged(0x06, Buffer.from([first * 40 + second, ...rest.flatMap(base128)]));
}

/** `unused`: how many bits at the end don't count. */
export function bitString(content: Uint8Array, unused = 0): Buffer {
  return tagged(0x03, Buffer.from([unused]), content);
}

export function octetString(content: Uint8Array): Buffer {
  return tagged(0x04, content);
}

export function utf8String(text: string): Buffer {
  return tagged(0x0c, Buffer.from(text));
}

/** A moment as X.509 writes it (RFC 5280 §4.1.2.5): UTCTime until 2049, GeneralizedTime after. */
export function time(milliseconds: number): Buffer {
  const digits = new Date(milliseconds).toISOString().replaceAll(/[-:T]|\.\d+/g, '');
  return digits < '2050'
    ? tagged(0x17, Buffer.from(digits.slice(2)))
    : tagged(0x18, Buffer.from(digits));
}

function lengthOf(size: number): readonly number[] {
  if (size < 0x80) return [size];
  return size < 0x100 ? [0x81, size] : [0x82, size >> 8, size & 0xff];
}

function base128(number: number): readonly number[] {
  const low = number & 0x7f;
  const high = base128High(number >> 7);
  return [...high, low];
}

function base128High(number: number): readonly number[] {
  if (number === 0) return [];
  return [...base128High(number >> 7), (number & 0x7f) | 0x80];
}
