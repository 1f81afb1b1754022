/** Ports of 127.0.0.1 for programs that must be told theirs: free when asked for, and another is tried when that was not for long. */
import { createServer } from 'node:net';

interface Started {
  readonly process: { stop(): Promise<void> };
}

const attempts = 3;
const given = new Set<number>();

/** A TCP port that was free a moment ago and that this process hasn't been given before. */
export async function freePort(): Promise<number> {
  const port = await new Promise<number>((resolve, reject) => {
    const server = createServer().once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address ? address.port : 0));
    });
  });
  if (port === 0 || given.has(port)) return freePort();
  given.add(port);
  return port;
}

/**
 * Launches a server on a free port and waits until `ready` resolves. A server that fails is stopped; it is launched again, on
 * another port, when the failure (its log's end is in the message of `waitUntil`) says that its address was taken.
 */
export async function onFreePort<T extends Started>(
  launch: (port: number) => T | Promise<T>,
  ready: (started: T) => Promise<unknown>,
): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    const started = await launch(await freePort());
    try {
      await ready(started);
      return started;
    } catch (error) {
      await started.process.stop();
      const taken = error instanceof Error && /address already in use/i.test(error.message);
      if (!taken || attempt === attempts) throw error;
    }
  }
}
