/** Makes a syntax tree of an expression, by cel-go's grammar (parser/gen/CEL.g4 at v0.26.0). */
import { globalCall, type Element, type Entry, type Expr } from './ast.ts';
import { CelError } from './cel-error.ts';
import { tokenize } from './lexer.ts';
import { expandCall } from './macros.ts';
import { parseNumber } from './number-literal.ts';
import {
  endOf,
  expect,
  expectName,
  isNumber,
  peek,
  take,
  trailingComma,
  unexpected,
  type Reader,
} from './reader.ts';

// cel-go counts how deep its grammar rules nest and stops at 250; several of its rules are one step here.
const maxDepth = 80;
const reserved = new Set(
  (
    'as break const continue else false for function if import in let loop package namespace ' +
    'null return true var void while'
  ).split(' '),
);

/** Parses and expands macros; throws CelError. */
export function parse(source: string): Expr {
  const reader: Reader = { tokens: tokenize(source), at: 0, depth: 0 };
  const expr = parseExpr(reader);
  if (peek(reader).kind !== 'end') throw unexpected(reader);
  return expr;
}

function parseExpr(reader: Reader): Expr {
  reader.depth += 1;
  if (reader.depth > maxDepth) throw new CelError('expression recursion limit exceeded');
  const condition = parseOr(reader);
  const { at } = peek(reader);
  if (!take(reader, '?')) {
    reader.depth -= 1;
    return condition;
  }
  const yes = parseOr(reader);
  expect(reader, ':');
  const no = parseExpr(reader);
  reader.depth -= 1;
  return globalCall('_?_:_', [condition, yes, no], at);
}

function parseOr(reader: Reader): Expr {
  return parseBinary(reader, ['||'], parseAnd);
}

function parseAnd(reader: Reader): Expr {
  return parseBinary(reader, ['&&'], parseRelation);
}

function parseRelation(reader: Reader): Expr {
  return parseBinary(reader, ['<', '<=', '>=', '>', '==', '!=', 'in'], parseSum);
}

function parseSum(reader: Reader): Expr {
  return parseBinary(reader, ['+', '-'], parseProduct);
}

function parseProduct(reader: Reader): Expr {
  return parseBinary(reader, ['*', '/', '%'], parseUnary);
}

function parseBinary(
  reader: Reader,
  operators: readonly string[],
  parseOperand: (reader: Reader) => Expr,
): Expr {
  let left = parseOperand(reader);
  // `||` and `&&` are balanced by cel-go; the others nest with every operator.
  const balanced = operators.length === 1;
  for (let count = 1; ; count += 1) {
    const { kind, text, at } = peek(reader);
    if (kind !== 'sign' || !operators.includes(text)) return left;
    if (count > maxDepth && !balanced) throw new CelError('expression recursion limit exceeded');
    reader.at += 1;
    const right = parseOperand(reader);
    left = globalCall(text === 'in' ? '@in' : `_${text}_`, [left, right], at);
  }
}

function parseUnary(reader: Reader): Expr {
  const { text, kind, at } = peek(reader);
  if (kind !== 'sign' || (text !== '!' && text !== '-')) return parseMember(reader);
  if (text === '-' && isNumber(peek(reader, 1))) return parseMember(reader);
  let count = 0;
  while (take(reader, text)) count += 1;
  const operand = parseMember(reader);
  if (count % 2 === 0) return operand;
  return globalCall(text === '!' ? '!_' : '-_', [operand], at);
}

function parseMember(reader: Reader): Expr {
  let expr = parsePrimary(reader);
  for (let count = 1; ; count += 1) {
    if (count > maxDepth) throw new CelError('expression recursion limit exceeded');
    const { at } = peek(reader);
    if (take(reader, '.')) expr = parseSelection(reader, expr, at);
    else if (take(reader, '[')) expr = parseIndex(reader, expr, at);
    else return expr;
  }
}

function parseSelection(reader: Reader, operand: Expr, dot: number): Expr {
  const optional = take(reader, '?');
  // The lexer knows these as literals: they can be no field.
  const isLiteral = ['true', 'false', 'null'].includes(peek(reader).text);
  if (isLiteral && peek(reader, 1).text !== '(') throw unexpected(reader);
  const field = expectName(reader);
  const { at } = peek(reader);
  if (!optional && take(reader, '(')) {
    const args = parseArguments(reader);
    return expandCall({ op: 'call', name: field, target: operand, args, at });
  }
  return { op: 'select', operand, field, test: false, optional, at: dot };
}

function parseIndex(reader: Reader, operand: Expr, at: number): Expr {
  const name = take(reader, '?') ? '_[?_]' : '_[_]';
  const index = parseExpr(reader);
  expect(reader, ']');
  return globalCall(name, [operand, index], at);
}

function parseArguments(reader: Reader): readonly Expr[] {
  if (take(reader, ')')) return [];
  const args = [parseExpr(reader)];
  while (take(reader, ',')) args.push(parseExpr(reader));
  expect(reader, ')');
  return args;
}

function parsePrimary(reader: Reader): Expr {
  const token = peek(reader);
  const { at } = token;
  if (token.kind === 'sign') {
    if (take(reader, '(')) {
      const inner = parseExpr(reader);
      expect(reader, ')');
      return inner;
    }
    if (take(reader, '[')) return { op: 'list', elements: parseElements(reader), at };
    if (take(reader, '{')) return { op: 'map', entries: parseEntries(reader), at };
    if (take(reader, '-')) return parseNumber(reader, '-');
    if (take(reader, '.')) return parseName(reader, `.${expectName(reader)}`, at + 1);
    throw unexpected(reader);
  }
  if (isNumber(token)) return parseNumber(reader, '');
  if (token.kind === 'name') return parseName(reader, expectName(reader), at);
  if (token.kind !== 'string' && token.kind !== 'bytes') throw unexpected(reader);
  reader.at += 1;
  return { op: 'literal', value: token.value, at };
}

function parseName(reader: Reader, name: string, start: number): Expr {
  if (name === 'true' || name === 'false')
    return { op: 'literal', value: name === 'true', at: start };
  if (name === 'null') return { op: 'literal', value: null, at: start };
  if (reserved.has(name.replace(/^\./, '')))
    throw new CelError(`reserved identifier: ${name}`, start);
  // A message literal: no message type is of use in these environments.
  if (peek(reader).text === '{') throw unexpected(reader);
  const { at } = peek(reader);
  if (!take(reader, '(')) return { op: 'ident', name, at: start };
  const args = parseArguments(reader);
  return expandCall({ op: 'call', name, target: undefined, args, at });
}

function parseElements(reader: Reader): readonly Element[] {
  const elements: Element[] = [];
  if (take(reader, ',')) return endOf(reader, ']');
  while (!take(reader, ']')) {
    if (elements.length > 0 && trailingComma(reader, ']')) return elements;
    const optional = take(reader, '?');
    elements.push({ value: parseExpr(reader), optional });
  }
  return elements;
}

function parseEntries(reader: Reader): readonly Entry[] {
  const entries: Entry[] = [];
  if (take(reader, ',')) return endOf(reader, '}');
  while (!take(reader, '}')) {
    if (entries.length > 0 && trailingComma(reader, '}')) return entries;
    const optional = take(reader, '?');
    const key = parseExpr(reader);
    expect(reader, ':');
    entries.push({ key, value: parseExpr(reader), optional });
  }
  return entries;
}
