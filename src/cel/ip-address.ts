/** IP addresses and networks as Go's net/netip has them; zones and IPv4 in IPv6 are none, as in Kubernetes. */
import { isIPv4, isIPv6 } from 'node:net';

export interface Address {
  readonly bits: 32 | 128;
  readonly value: bigint;
}

export interface Network {
  readonly address: Address;
  readonly length: number;
}

/** The address, or undefined for another text. */
export function parseAddress(text: string): Address | undefined {
  if (isIPv4(text)) return { bits: 32, value: ipv4(text) };
  if (!isIPv6(text) || text.includes('%')) return undefined;
  const value = ipv6(text);
  return value >> 32n === 0xffffn ? undefined : { bits: 128, value };
}

export function parseNetwork(text: string): Network | undefined {
  const [, before = '', digits = ''] = /^([^/]+)\/(0|[1-9]\d{0,2})$/.exec(text) ?? [];
  const address = parseAddress(before);
  if (!address || Number(digits) > address.bits) return undefined;
  return { address, length: Number(digits) };
}

/** Canonical: lower case, the longest run of zeros cut out. */
export function showAddress({ bits, value }: Address): string {
  if (bits === 32) {
    return [24n, 16n, 8n, 0n].map((by) => String((value >> by) & 0xffn)).join('.');
  }
  const groups = Array.from({ length: 8 }, (_, at) =>
    ((value >> BigInt(112 - 16 * at)) & 0xffffn).toString(16),
  );
  const runs = Array.from(` ${groups.join(' ')} `.matchAll(/(?= ((?:0 )+))(?<! 0(?= ))/g));
  const longest = runs.reduce((best, [, run = '']) => (run.length > best.length ? run : best), '');
  const count = longest.length / 2;
  if (count < 2) return groups.join(':');
  const start = groups.findIndex((_, at) =>
    groups.slice(at, at + count).every((one) => one === '0'),
  );
  return `${groups.slice(0, start).join(':')}::${groups.slice(start + count).join(':')}`;
}

export function showNetwork({ address, length }: Network): string {
  return `${showAddress(address)}/${length}`;
}

export function mask({ address, length }: Network): Network {
  const host = BigInt(address.bits - length);
  return { address: { ...address, value: (address.value >> host) << host }, length };
}

export function contains(network: Network, { bits, value }: Address): boolean {
  const host = BigInt(network.address.bits - network.length);
  return bits === network.address.bits && value >> host === network.address.value >> host;
}

/** Whether the first bits of an address are those of a prefix: `inRange(a, '127.0.0.0/8')`. */
export function inRange(address: Address, ...prefixes: readonly string[]): boolean {
  return prefixes.some((prefix) => {
    const network = parseNetwork(prefix);
    return network !== undefined && contains(network, address);
  });
}

function ipv4(text: string): bigint {
  return text.split('.').reduce((sum, part) => sum * 256n + BigInt(part), 0n);
}

function ipv6(text: string): bigint {
  const plain = text.replace(/[\d.]+\.[\d.]+$/, (tail) => {
    const value = ipv4(tail);
    return `${(value >> 16n).toString(16)}:${(value & 0xffffn).toString(16)}`;
  });
  const [head = '', tail] = plain.split('::');
  const before = groupsOf(head);
  const after = groupsOf(tail ?? '');
  const zeros = Array.from({ length: 8 - before.length - after.length }, () => '0');
  const groups = [...before, ...(tail === undefined ? [] : zeros), ...after];
  return groups.reduce((sum, group) => sum * 0x10000n + BigInt(`0x${group}`), 0n);
}

function groupsOf(part: string): string[] {
  return part === '' ? [] : part.split(':');
}
