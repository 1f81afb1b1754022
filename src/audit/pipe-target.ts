// Pipes and sockets by libuv's event loop: a write that nobody reads must not hold a thread of its
// pool, where it would keep even `process.exit` waiting.
import { Socket } from 'node:net';
import type { Target } from './target.ts';

/** A pipe that `open` opens without blocking, and opens again when its reader has gone. Throws when it can't be. */
export function openPipe(open: () => number): Target {
  let socket: Socket | undefined = toSocket(open());
  let wantsOther = false;
  return {
    renew: async () => {
      if (socket && !socket.destroyed && !wantsOther) return false;
      const other = toSocket(open());
      wantsOther = false;
      socket?.destroy();
      socket = other;
      return true;
    },
    write: (bytes) => writeTo(socket, bytes),
    reopen: () => {
      wantsOther = true;
    },
    close: async () => {
      socket?.destroy();
    },
  };
}

/** A socket or pipe that was given to us open, and that we can't open again. */
export function openGivenSocket(descriptor: number): Target {
  const socket = toSocket(descriptor);
  return {
    renew: async () => false,
    write: (bytes) => writeTo(socket, bytes),
    reopen: () => undefined,
    // Closed, its number would be the next file's that anybody opens.
    close: async () => void socket.unref(),
  };
}

function toSocket(fd: number): Socket {
  const socket = new Socket({ fd, readable: false, writable: true });
  return socket.on('error', () => undefined); // the write that failed tells of it
}

function writeTo(socket: Socket | undefined, bytes: Buffer): Promise<number> {
  return new Promise((resolve, reject) => {
    if (!socket || socket.destroyed) return reject(new Error('its reader has gone'));
    socket.write(bytes, (error) => (error ? reject(error) : resolve(bytes.length)));
  });
}
