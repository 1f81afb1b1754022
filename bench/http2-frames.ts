/** HTTP/2 frames (RFC 9113) as ready-made bytes: a request is encoded once, and sending it again costs a copy. */

export interface Frame {
  readonly type: number;
  readonly flags: number;
  readonly stream: number;
  readonly payload: Buffer;
}

export type HeaderLines = readonly (readonly [name: string, value: string])[];

export interface EncodedRequest {
  readonly frames: Uint8Array;
  /** How much of the peer's flow-control window it takes. */
  readonly bodyBytes: number;
}

export const frameTypes = {
  data: 0,
  headers: 1,
  settings: 4,
  ping: 6,
  windowUpdate: 8,
} as const;

/** The same bit means "end of stream" on data and headers, and "acknowledged" on settings and pings. */
export const flags = { end: 0x1, ack: 0x1, endHeaders: 0x4 } as const;

/** What goes before the first frame. */
export const preface = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');

const frameHeaderBytes = 9;
/** Every peer's limit before it has said otherwise. */
const maxPayloadBytes = 16_384;

/** One frame; throws when the payload is longer than any peer must take. */
export function encodeFrame(type: number, frameFlags: number, payload: Uint8Array): Buffer {
  if (payload.length > maxPayloadBytes) throw new Error('a frame of more than 16 KiB');
  const frame = Buffer.alloc(frameHeaderBytes + payload.length);
  frame.writeUIntBE(payload.length, 0, 3);
  frame.writeUInt8(type, 3);
  frame.writeUInt8(frameFlags, 4);
  frame.set(payload, frameHeaderBytes);
  return frame;
}

/** The frames of a whole request, for no stream yet. */
export function encodeRequest(headers: HeaderLines, body?: Uint8Array): EncodedRequest {
  const block = encodeHeaders(headers);
  const { endHeaders, end } = flags;
  if (!body) {
    return { frames: encodeFrame(frameTypes.headers, endHeaders | end, block), bodyBytes: 0 };
  }
  const opening = encodeFrame(frameTypes.headers, endHeaders, block);
  const frames = Buffer.concat([opening, encodeFrame(frameTypes.data, end, body)]);
  return { frames, bodyBytes: body.length };
}

/** A copy of a request's frames, for one stream. */
export function addressFrames(request: EncodedRequest, stream: number): Buffer {
  const frames = Buffer.from(request.frames);
  for (let at = 0; at < frames.length; at += frameHeaderBytes + frames.readUIntBE(at, 3)) {
    frames.writeUInt32BE(stream, at + 5);
  }
  return frames;
}

/** HPACK (RFC 7541 §6.2.2): literals that no table remembers, so the same bytes do on every stream. */
function encodeHeaders(lines: HeaderLines): Buffer {
  return Buffer.concat(
    lines.flatMap(([name, value]) => [Buffer.of(0), encodeText(name), encodeText(value)]),
  );
}

function encodeText(text: string): Buffer {
  const bytes = Buffer.from(text);
  return Buffer.concat([encodeLength(bytes.length), bytes]);
}

/** RFC 7541 §5.1, with a prefix of seven bits. */
function encodeLength(length: number): Buffer {
  if (length < 127) return Buffer.of(length);
  const octets = [127];
  let rest = length - 127;
  for (; rest >= 128; rest = Math.floor(rest / 128)) octets.push(128 + (rest % 128));
  return Buffer.from([...octets, rest]);
}

/** Takes the bytes of a connection as they come and hands out whole frames. */
export function createFrameReader(onFrame: (frame: Frame) => void): (chunk: Buffer) => void {
  let pending: Buffer = Buffer.alloc(0);
  return (chunk) => {
    const bytes = pending.length === 0 ? chunk : Buffer.concat([pending, chunk]);
    let at = 0;
    while (bytes.length - at >= frameHeaderBytes) {
      const end = at + frameHeaderBytes + bytes.readUIntBE(at, 3);
      if (end > bytes.length) break;
      onFrame({
        type: bytes.readUInt8(at + 3),
        flags: bytes.readUInt8(at + 4),
        stream: bytes.readUInt32BE(at + 5) & 0x7fff_ffff,
        payload: bytes.subarray(at + frameHeaderBytes, end),
      });
      at = end;
    }
    pending = bytes.subarray(at);
  };
}
