/** Kubernetes' functions on semantic versions. */
import { CelError } from './cel-error.ts';
import { define, isOpaque, noOverload, text, type Overload } from './library.ts';
import { opaque, type Value } from './value.ts';

interface Version {
  readonly numbers: readonly [bigint, bigint, bigint];
  readonly labels: readonly string[];
}

const versions = new WeakMap<object, Version>();
const form =
  /^(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(?:-([0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*))?(?:\+[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*)?$/;

export const semvers: readonly Overload[] = [
  define('semver(string): kubernetes.Semver', ([a]) => read(text(a))),
  define('semver(string, bool): kubernetes.Semver', ([a, b]) => read(normal(text(a), b === true))),
  define('isSemver(string): bool', ([a]) => parse(text(a)) !== undefined),
  define(
    'isSemver(string, bool): bool',
    ([a, b]) => parse(normal(text(a), b === true)) !== undefined,
  ),
  define('kubernetes.Semver.isGreaterThan(kubernetes.Semver): bool', ([a, b]) => order(a, b) > 0),
  define('kubernetes.Semver.isLessThan(kubernetes.Semver): bool', ([a, b]) => order(a, b) < 0),
  define('kubernetes.Semver.compareTo(kubernetes.Semver): int', ([a, b]) => BigInt(order(a, b))),
  define('kubernetes.Semver.major(): int', ([a]) => versionOf(a).numbers[0]),
  define('kubernetes.Semver.minor(): int', ([a]) => versionOf(a).numbers[1]),
  define('kubernetes.Semver.patch(): int', ([a]) => versionOf(a).numbers[2]),
];

function read(value: string): Value {
  const version = parse(value);
  if (!version) throw new CelError('invalid semantic version');
  // Equal ones share this: the build is no part of it.
  const data = { identity: `${version.numbers.join('.')}-${version.labels.join('.')}` };
  versions.set(data, version);
  return opaque('kubernetes.Semver', data);
}

function parse(value: string): Version | undefined {
  const [, major, minor, patch, labels] = form.exec(value) ?? [];
  if (major === undefined || minor === undefined || patch === undefined) return undefined;
  if ([major, minor, patch].some((part) => part.length > 18)) {
    throw new CelError('a semantic version with a number too large');
  }
  const split = labels === undefined ? [] : labels.split('.');
  if (split.some((label) => /^0\d+$/.test(label) || /^\d{19,}$/.test(label))) return undefined;
  return { numbers: [BigInt(major), BigInt(minor), BigInt(patch)], labels: split };
}

/** kube-apiserver's normalizeAndParse: no `v`, no leading zeros, missing parts are 0. */
function normal(value: string, wanted: boolean): string {
  if (!wanted) return value;
  const [first = '', second, ...rest] = value.replace(/^v/, '').split('.');
  const given = [first, ...(second === undefined ? [] : [second])];
  const parts = [...given, ...(rest.length === 0 ? [] : [rest.join('.')])].map((part) => {
    if (part.length <= 1) return part;
    const trimmed = part.replace(/^0+/, '');
    return /^\d/.test(trimmed) ? trimmed : `0${trimmed}`;
  });
  if (parts.length < 3 && /[+-]/.test(parts.at(-1) ?? '')) return '';
  return [...parts, '0', '0'].slice(0, 3).join('.');
}

function versionOf(value: Value | undefined): Version {
  const version = isOpaque(value, 'kubernetes.Semver') ? versions.get(value.data) : undefined;
  if (!version) throw noOverload();
  return version;
}

function order(left: Value | undefined, right: Value | undefined): number {
  const a = versionOf(left);
  const b = versionOf(right);
  for (const [at, number] of a.numbers.entries()) {
    const other = b.numbers[at] ?? 0n;
    if (number !== other) return number < other ? -1 : 1;
  }
  if (a.labels.length === 0 || b.labels.length === 0) {
    return Math.sign(b.labels.length - a.labels.length);
  }
  for (const [at, label] of a.labels.entries()) {
    const other = b.labels[at];
    if (other === undefined) return 1;
    const compared = compareLabels(label, other);
    if (compared !== 0) return compared;
  }
  return a.labels.length < b.labels.length ? -1 : 0;
}

function compareLabels(a: string, b: string): number {
  if (a === b) return 0;
  const [numericA, numericB] = [a, b].map((label) => /^\d+$/.test(label));
  if (numericA && numericB) return BigInt(a) < BigInt(b) ? -1 : 1;
  if (numericA !== numericB) return numericA ? -1 : 1;
  return a < b ? -1 : 1;
}
