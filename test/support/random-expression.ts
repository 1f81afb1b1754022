/** Small random expressions over claims.json: most are well-formed, some well-typed. */
import type { Random } from './random.ts';

const leaves = [
  'claims.sub',
  'claims.groups',
  'claims.level',
  'claims.nested',
  'claims.nested.list',
  'claims.nope',
  'claims.no',
  'claims.mixed',
  'claims.half',
  'claims.m',
  'dyn(claims.groups)',
  'claims.?sub',
  'claims.?nope',
  '"a"',
  '"dev"',
  '""',
  '1',
  '-2',
  '3u',
  '1.5',
  '7.0',
  'true',
  'false',
  'null',
  '[]',
  '["a", "b"]',
  '[1, 2]',
  '{}',
  '{"a": 1}',
  'b"x"',
  'x',
  'duration("1h")',
  'timestamp("2024-01-01T00:00:00Z")',
  'optional.none()',
  'type(1)',
  'int',
] as const;
const operators = [
  '+',
  '-',
  '*',
  '/',
  '%',
  '==',
  '!=',
  '<',
  '<=',
  '>',
  '>=',
  'in',
  '&&',
  '||',
] as const;
const methods = [
  'size()',
  'startsWith($)',
  'contains($)',
  'matches($)',
  'split($)',
  'join($)',
  'map(x, $)',
  'filter(x, $)',
  'all(x, $)',
  'exists(x, $)',
  'exists_one(x, $)',
  'all(i, x, $)',
  'transformList(i, x, $)',
  'transformMap(i, x, $)',
  'orValue($)',
  'or($)',
  'hasValue()',
  'value()',
  'optMap(x, $)',
  'indexOf($)',
  'replace($, $)',
  'substring($)',
  'lowerAscii()',
  'flatten()',
  'reverse()',
  'distinct()',
  'sort()',
  'sum()',
  'max()',
  'first()',
  'slice($, $)',
  'sub',
  'a',
  '?a',
] as const;
// No lists.range: Kubernetes makes the whole list before it counts, and a large number ends the oracle for want of memory.
const functions = [
  'size($)',
  'string($)',
  'int($)',
  'double($)',
  'uint($)',
  'bool($)',
  'bytes($)',
  'type($)',
  'dyn($)',
  'optional.of($)',
  'optional.ofNonZeroValue($)',
  'has(claims.$)',
  'sets.contains($, $)',
  'sets.intersects($, $)',
  'isIP($)',
  '[$, $]',
  '[?$]',
  '{"k": $}',
  '{$: $}',
  '!$',
  '-$',
  '($ ? $ : $)',
  '$[$]',
  '$[?$]',
] as const;

/** An expression of at most so many levels. */
export function randomExpression(random: Random, depth: number): string {
  const part = (): string => randomExpression(random, depth - 1);
  const fill = (form: string): string => form.replaceAll('$', part);
  if (depth === 0 || random.below(4) === 0) return random.pick<string>(leaves);
  if (random.below(3) === 0) return `${part()} ${random.pick<string>(operators)} ${part()}`;
  if (random.below(2) === 0) return `${grouped(part())}.${fill(random.pick<string>(methods))}`;
  return fill(random.pick<string>(functions));
}

function grouped(expression: string): string {
  return /^[\w.]+$/.test(expression) ? expression : `(${expression})`;
}
