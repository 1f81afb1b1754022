/** Random things from a seed, so that a failure can be had again. */
import { randomInt } from 'node:crypto';
import type { Identity } from '../../src/identity/identity.ts';

export interface Random {
  /** From 0 up to, not including, the bound. */
  below(bound: number): number;
  pick<T>(from: readonly [T, ...T[]]): T;
}

/** The seed in the environment variable SEED, or a new one. */
export function chooseSeed(): number {
  const given = process.env['SEED'];
  return given === undefined ? randomInt(2 ** 31) : Number(given);
}

/** Mulberry32. */
export function createRandom(seed: number): Random {
  let state = seed;
  const below = (bound: number): number => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * bound);
  };
  return { below, pick: (from) => from[below(from.length)] ?? from[0] };
}

const plainParts = [
  'alice',
  'dev',
  'ops',
  'system:masters',
  'A',
  'Z',
  '0',
  'proto',
  '__proto__',
] as const;
const oddParts = [
  ',',
  ':',
  '/',
  '%',
  '%2f',
  '=',
  '"',
  '\\',
  "'",
  '&',
  '<',
  '|',
  ';',
  '(',
  '@',
] as const;
const foreignParts = [
  'ß',
  'é',
  '日本',
  '😀',
  '\u0085',
  '\u200b',
  '\u202e',
  '\u0301',
  '\uffff',
] as const;
const blankParts = [' ', '\t', '\u00a0', '\u2003', '\ufeff'] as const;
const harmfulParts = ['\u0000', '\r', '\n', '\u001b', '\u007f', '\ud800', '\udc00'] as const;

/** A name of up to four parts; one in eight has a part that no header carries. */
export function randomName(random: Random): string {
  const kinds =
    random.below(8) === 0
      ? ([harmfulParts, blankParts] as const)
      : ([plainParts, oddParts, foreignParts] as const);
  const parts = Array.from({ length: 1 + random.below(4) }, () => {
    const kind =
      random.below(3) === 0 ? random.pick<readonly [string, ...string[]]>([...kinds]) : plainParts;
    return random.pick<string>(kind);
  });
  return random.below(40) === 0 ? '' : parts.join(random.pick(['', '', ' ', '-']));
}

export function randomIdentity(random: Random): Identity {
  const some = <T>(most: number, make: () => T): T[] =>
    Array.from({ length: random.below(most + 1) }, make);
  const name = (): string => randomName(random);
  return {
    username: name(),
    uid: random.below(2) === 0 ? '' : name(),
    groups: some(6, name),
    extra: Object.fromEntries(some(4, () => [name(), some(3, name)] as const)),
  };
}
