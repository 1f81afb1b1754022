/**
 * One HTTP/2 connection with many requests under way, as Envoy keeps it to its servers. It knows just enough of the protocol to
 * send ready-made requests, which takes a fraction of the time that node:http2 takes: client and server share the machine's cores.
 */
import { connect as connectPlain, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import {
  addressFrames,
  createFrameReader,
  encodeFrame,
  flags,
  frameTypes,
  preface,
  type EncodedRequest,
  type Frame,
} from './http2-frames.ts';

export interface Target {
  readonly host: string;
  readonly port: number;
  /** PEM: TLS, trusting exactly this authority. */
  readonly ca?: string;
}

export interface Connection {
  /** `onAnswer` is told whether the whole answer was a good one. */
  send(request: EncodedRequest, onAnswer: (good: boolean) => void): void;
  /** Rejects when the connection breaks before close(). */
  readonly broken: Promise<never>;
  close(): void;
}

/** Whether a frame of an answer makes the answer a good one. */
export type Proof = (frame: Frame) => boolean;

type OnAnswer = (good: boolean) => void;

interface State {
  readonly socket: Socket;
  readonly proof: Proof;
  /** The answers that are awaited, by stream. */
  readonly answers: Map<number, { good: boolean; readonly onAnswer: OnAnswer }>;
  /** What the peer's window has no room for yet. */
  readonly waiting: { readonly request: EncodedRequest; readonly onAnswer: OnAnswer }[];
  nextStream: number;
  /** Bytes of bodies the peer still takes. */
  window: number;
  /** Bytes of bodies got since we last said that we take more. */
  received: number;
}

const largestWindow = 0x7fff_ffff;
const initialWindow = 65_535;

/** No header table, so that a status of 200 is always the same byte; streams that never fill. */
const settings = [
  { name: 'SETTINGS_HEADER_TABLE_SIZE', id: 1, value: 0 },
  { name: 'SETTINGS_ENABLE_PUSH', id: 2, value: 0 },
  { name: 'SETTINGS_INITIAL_WINDOW_SIZE', id: 4, value: largestWindow },
] as const;

/** Connects; rejects when that fails. */
export async function openConnection(target: Target, proof: Proof): Promise<Connection> {
  const socket = await openSocket(target);
  socket.write(preface);
  socket.write(encodeFrame(frameTypes.settings, 0, encodeSettings()));
  socket.write(windowUpdate(largestWindow - initialWindow));
  return talk(socket, proof);
}

function openSocket({ host, port, ca }: Target): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket: Socket =
      ca === undefined
        ? connectPlain({ host, port }, () => resolve(socket))
        : connectTls({ host, port, ca, ALPNProtocols: ['h2'] }, () => resolve(socket));
    socket.setNoDelay(true).once('error', reject);
  });
}

function talk(socket: Socket, proof: Proof): Connection {
  const broken = Promise.withResolvers<never>();
  broken.promise.catch(() => undefined); // it may break after the last answer
  const state: State = {
    socket,
    proof,
    answers: new Map(),
    waiting: [],
    nextStream: 1,
    window: initialWindow,
    received: 0,
  };
  const read = createFrameReader((frame) => handle(state, frame));
  socket.on('error', broken.reject).on('close', () => broken.reject(new Error('it was closed')));
  socket.on('data', (chunk: Buffer) => {
    socket.cork(); // what one chunk of answers lets go out goes out together
    try {
      read(chunk);
    } catch (error) {
      broken.reject(error);
    }
    socket.uncork();
  });
  return {
    send: (request, onAnswer) => {
      state.waiting.push({ request, onAnswer });
      sendWaiting(state);
    },
    broken: broken.promise,
    close: () => socket.destroy(),
  };
}

function sendWaiting(state: State): void {
  for (let next = state.waiting[0]; next; next = state.waiting[0]) {
    const { request, onAnswer } = next;
    if (request.bodyBytes > state.window) return;
    state.waiting.shift();
    state.window -= request.bodyBytes;
    state.answers.set(state.nextStream, { good: false, onAnswer });
    state.socket.write(addressFrames(request, state.nextStream));
    state.nextStream += 2;
  }
}

/** Throws on what this client doesn't know, rather than measure something else. */
function handle(state: State, frame: Frame): void {
  const { socket } = state;
  const { type, payload } = frame;
  const acknowledged = (frame.flags & flags.ack) !== 0;
  if (type === frameTypes.data || type === frameTypes.headers) return take(state, frame);
  if (type === frameTypes.windowUpdate) {
    if (frame.stream !== 0) return;
    state.window += payload.readUInt32BE();
    return sendWaiting(state);
  }
  if (type === frameTypes.settings || type === frameTypes.ping) {
    const answer = type === frameTypes.ping ? payload : Buffer.alloc(0);
    if (!acknowledged) socket.write(encodeFrame(type, flags.ack, answer));
    return;
  }
  throw new Error(`an HTTP/2 frame of type ${type}: ${payload.toString('latin1')}`);
}

function take(state: State, frame: Frame): void {
  const answer = state.answers.get(frame.stream);
  if (!answer) throw new Error(`an answer to stream ${frame.stream}, which is not awaited`);
  if (frame.type === frameTypes.data) makeRoom(state, frame.payload.length);
  answer.good ||= state.proof(frame);
  if ((frame.flags & flags.end) === 0) return;
  state.answers.delete(frame.stream);
  answer.onAnswer(answer.good);
}

function makeRoom(state: State, bytes: number): void {
  state.received += bytes;
  if (state.received < largestWindow / 2) return;
  state.socket.write(windowUpdate(state.received));
  state.received = 0;
}

function encodeSettings(): Buffer {
  const payload = Buffer.alloc(settings.length * 6);
  for (const [index, { id, value }] of settings.entries()) {
    payload.writeUInt16BE(id, index * 6);
    payload.writeUInt32BE(value, index * 6 + 2);
  }
  return payload;
}

function windowUpdate(bytes: number): Buffer {
  const payload = Buffer.alloc(4);
  payload.writeUInt32BE(bytes);
  return encodeFrame(frameTypes.windowUpdate, 0, payload);
}
