/** Kubernetes' functions on IP addresses and networks. */
import { CelError } from './cel-error.ts';
import {
  contains,
  inRange,
  mask,
  parseAddress,
  parseNetwork,
  showAddress,
  showNetwork,
  type Address,
  type Network,
} from './ip-address.ts';
import { define, isOpaque, noOverload, text, type Overload } from './library.ts';
import { opaque, type Value } from './value.ts';

// The data of an opaque value: what it is, and the text that two equal ones share.
interface Held<T> {
  readonly identity: string;
  readonly held: T;
}

const addresses = new WeakMap<object, Address>();
const prefixes = new WeakMap<object, Network>();

function addressValue(address: Address): Value {
  const data: Held<Address> = { identity: showAddress(address), held: address };
  addresses.set(data, address);
  return opaque('net.IP', data);
}

function networkValue(network: Network): Value {
  const data: Held<Network> = { identity: showNetwork(network), held: network };
  prefixes.set(data, network);
  return opaque('net.CIDR', data);
}

function addressOf(value: Value | undefined): Address {
  const address = isOpaque(value, 'net.IP') ? addresses.get(value.data) : undefined;
  if (!address) throw noOverload();
  return address;
}

function networkOf(value: Value | undefined): Network {
  const network = isOpaque(value, 'net.CIDR') ? prefixes.get(value.data) : undefined;
  if (!network) throw noOverload();
  return network;
}

function readAddress(value: Value | undefined): Address {
  const address = parseAddress(text(value));
  if (!address) throw new CelError('IP address parse error during conversion from string');
  return address;
}

function readNetwork(value: Value | undefined): Network {
  const network = parseNetwork(text(value));
  if (!network) throw new CelError('network address parse error during conversion from string');
  return network;
}

function covers(outer: Network, inner: Network): boolean {
  return outer.length <= inner.length && contains(outer, inner.address);
}

function isGlobalUnicast(address: Address): boolean {
  return !inRange(
    address,
    '0.0.0.0/32',
    '255.255.255.255/32',
    '127.0.0.0/8',
    '224.0.0.0/4',
    '169.254.0.0/16',
    '::/128',
    '::1/128',
    'ff00::/8',
    'fe80::/10',
  );
}

function isLinkLocalMulticast(address: Address): boolean {
  if (address.bits === 32) return inRange(address, '224.0.0.0/24');
  return ((address.value >> 112n) & 0xff0fn) === 0xff02n;
}

export const networks: readonly Overload[] = [
  define('ip(string): net.IP', ([a]) => addressValue(readAddress(a))),
  define('isIP(string): bool', ([a]) => parseAddress(text(a)) !== undefined),
  define('ip.isCanonical(string): bool', ([a]) => showAddress(readAddress(a)) === text(a)),
  define('net.IP.family(): int', ([a]) => (addressOf(a).bits === 32 ? 4n : 6n)),
  define('net.IP.isUnspecified(): bool', ([a]) => addressOf(a).value === 0n),
  define('net.IP.isLoopback(): bool', ([a]) => inRange(addressOf(a), '127.0.0.0/8', '::1/128')),
  define('net.IP.isLinkLocalMulticast(): bool', ([a]) => isLinkLocalMulticast(addressOf(a))),
  define('net.IP.isLinkLocalUnicast(): bool', ([a]) =>
    inRange(addressOf(a), '169.254.0.0/16', 'fe80::/10'),
  ),
  define('net.IP.isGlobalUnicast(): bool', ([a]) => isGlobalUnicast(addressOf(a))),
  define('string(net.IP): string', ([a]) => showAddress(addressOf(a))),
  define('cidr(string): net.CIDR', ([a]) => networkValue(readNetwork(a))),
  define('isCIDR(string): bool', ([a]) => parseNetwork(text(a)) !== undefined),
  define('net.CIDR.containsIP(string): bool', ([a, b]) => contains(networkOf(a), readAddress(b))),
  define('net.CIDR.containsIP(net.IP): bool', ([a, b]) => contains(networkOf(a), addressOf(b))),
  define('net.CIDR.containsCIDR(string): bool', ([a, b]) => covers(networkOf(a), readNetwork(b))),
  define('net.CIDR.containsCIDR(net.CIDR): bool', ([a, b]) => covers(networkOf(a), networkOf(b))),
  define('net.CIDR.ip(): net.IP', ([a]) => addressValue(networkOf(a).address)),
  define('net.CIDR.prefixLength(): int', ([a]) => BigInt(networkOf(a).length)),
  define('net.CIDR.masked(): net.CIDR', ([a]) => networkValue(mask(networkOf(a)))),
  define('string(net.CIDR): string', ([a]) => showNetwork(networkOf(a))),
];
