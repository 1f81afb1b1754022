/**
 * The load generator, a thread of its own: keeps a number of ready-made requests under way on one connection, and measures how
 * long each takes. It counts what it costs itself, so that the results show whether it held the servers back.
 */
import { parentPort } from 'node:worker_threads';
import { openConnection, type Proof, type Target } from './http2-connection.ts';
import { frameTypes, type EncodedRequest } from './http2-frames.ts';
import { percentile } from './statistics.ts';

export interface LoadOrder {
  readonly target: Target;
  /** Sent in turn, again from the first after the last. */
  readonly requests: readonly EncodedRequest[];
  /** How many to send. */
  readonly total: number;
  /** How many are under way at any time. */
  readonly inFlight: number;
  /** What a good answer is. */
  readonly good: keyof typeof proofs;
}

export interface LoadOutcome {
  readonly seconds: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** Time that this process was on a core. */
  readonly cpuSeconds: number;
  /** Answers that were not good. */
  readonly failed: number;
}

const proofs = {
  /** Without a header table the status is the first field of the block, but for the new size of the table. */
  'status 200': ({ type, payload }) => {
    const status200 = 0x88;
    return type === frameTypes.headers && payload.find((byte) => !isTableSize(byte)) === status200;
  },
  /** A gRPC message begins after five bytes; in a CheckResponse an ok_response follows the status. */
  'check allowed': ({ type, payload }) => {
    const [statusField, okResponseField] = [0x0a, 0x1a];
    if (type !== frameTypes.data || payload[5] !== statusField) return false;
    return payload[7 + (payload[6] ?? 0)] === okResponseField;
  },
} as const satisfies Record<string, Proof>;

function isTableSize(byte: number): boolean {
  return (byte & 0xe0) === 0x20;
}

/** Sends as many as were ordered; rejects when the connection breaks. */
async function run({ target, requests, total, inFlight, good }: LoadOrder): Promise<LoadOutcome> {
  const connection = await openConnection(target, proofs[good]);
  const latencies = new Float64Array(total);
  const done = Promise.withResolvers<void>();
  let [sent, answered, failed] = [0, 0, 0];
  const sendNext = (): void => {
    const request = requests[sent % requests.length];
    if (sent === total || !request) return;
    sent += 1;
    const begun = performance.now();
    connection.send(request, (isGood) => {
      latencies[answered] = performance.now() - begun;
      answered += 1;
      if (!isGood) failed += 1;
      if (answered === total) done.resolve();
      else sendNext();
    });
  };
  const cpuBefore = process.cpuUsage();
  const begun = performance.now();
  for (let one = 0; one < inFlight; one += 1) sendNext();
  await Promise.race([done.promise, connection.broken]);
  const seconds = (performance.now() - begun) / 1000;
  const { user, system } = process.cpuUsage(cpuBefore);
  connection.close();
  return {
    seconds,
    p50Ms: percentile(latencies, 0.5),
    p99Ms: percentile(latencies, 0.99),
    cpuSeconds: (user + system) / 1e6,
    failed,
  };
}

parentPort?.on('message', (order: LoadOrder) => {
  void run(order).then((outcome) => parentPort?.postMessage(outcome, [])); // a rejection ends the thread
});
