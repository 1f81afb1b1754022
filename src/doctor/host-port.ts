// The addresses of our own configuration.
import type { Endpoint } from './clusters.ts';

/** `host:port`, `[::1]:port` or `unix:/path`, whose port is undefined. */
export function readHostPort(address: string): Pick<Endpoint, 'host' | 'port'> {
  if (address.startsWith('unix:')) {
    return { host: address.replace(/^unix:(\/\/)?/, ''), port: undefined };
  }
  const colon = address.lastIndexOf(':');
  const host = address.slice(0, colon).replace(/^\[(.*)\]$/, '$1');
  return { host, port: Number(address.slice(colon + 1)) };
}
