/** Regular expressions of RE2's kind: they run in linear time, whatever the token holds. */
import { RE2JS } from 're2js';
import { CelError } from './cel-error.ts';
import type { Spend } from './equality.ts';
import { define, int, text, type Overload } from './library.ts';
import { nativeList } from './value.ts';

/** Beyond these RE2 itself refuses, later or sooner. */
const maxPattern = 1000;
const maxRepeats = 1000;
const cacheSize = 500;
const compiled = new Map<string, RE2JS>();

export const regexes: readonly Overload[] = [
  define('matches(string, string): bool', ([a, b], spend) => matches(text(a), text(b), spend)),
  define('string.matches(string): bool', ([a, b], spend) => matches(text(a), text(b), spend)),
  define(
    'string.find(string): string',
    ([a, b], spend) => findAll(text(a), text(b), 1n, spend)[0] ?? '',
  ),
  define('string.findAll(string): list(string)', ([a, b], spend) =>
    nativeList(findAll(text(a), text(b), -1n, spend)),
  ),
  define('string.findAll(string, int): list(string)', ([a, b, c], spend) =>
    nativeList(findAll(text(a), text(b), int(c), spend)),
  ),
];

const perCompilation = 1000;

/** Throws CelError when it is no pattern, or one that would take too much to compile. */
export function compilePattern(pattern: string, spend?: Spend): RE2JS {
  const known = compiled.get(pattern);
  if (known) return known;
  const repeats = Array.from(pattern.matchAll(/\{(\d*),?(\d*)\}/g), ([, least, most]) =>
    Math.max(1, Number(least), Number(most)),
  );
  const product = repeats.reduce((all, one) => all * one, 1);
  if (pattern.length > maxPattern || product > maxRepeats) {
    throw new CelError('the regular expression is too large');
  }
  spend?.(perCompilation + pattern.length);
  const made = tryCompile(pattern);
  if (compiled.size >= cacheSize) compiled.clear();
  compiled.set(pattern, made);
  return made;
}

function tryCompile(pattern: string): RE2JS {
  try {
    return RE2JS.compile(pattern);
  } catch {
    throw new CelError('error parsing regexp');
  }
}

function matches(value: string, pattern: string, spend: Spend): boolean {
  charge(value, pattern, spend);
  return compilePattern(pattern, spend).matcher(value).find();
}

function findAll(value: string, pattern: string, most: bigint, spend: Spend): string[] {
  const found: string[] = [];
  if (most === 0n) return found;
  const matcher = compilePattern(pattern, spend).matcher(value);
  charge(value, pattern, spend);
  let end = -1;
  while (matcher.find()) {
    const match = matcher.group() ?? '';
    // Go takes no empty match directly after another match.
    if (match === '' && matcher.start() === end) continue;
    end = matcher.end();
    found.push(match);
    spend(1 + match.length / 10);
    if (BigInt(found.length) === most) break;
  }
  return found;
}

/** On top of Kubernetes' price: RE2 in JavaScript is slower than in Go. */
function charge(value: string, pattern: string, spend: Spend): void {
  spend((value.length * (10 + pattern.length)) / 20);
}
