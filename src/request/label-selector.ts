// Whether a label selector can be read: apimachinery's pkg/labels/selector.go and
// pkg/api/validate/content/kube.go at v0.36.3.
import { isInt64 } from './int64.ts';

const dnsLabel = '[a-z0-9](?:[-a-z0-9]*[a-z0-9])?';
const isSubdomain = new RegExp(`^${dnsLabel}(?:\\.${dnsLabel})*$`);
const isWord = /^(?:[A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]$/;

/** The operators, and what they are told from: a word, which may be `in` or `notin` too. */
const lexer = /[ \t\r\n]*(==|!=|[=!(),<>]|[^=!(),<> \t\r\n\0]+)\0?/y;

/** What labels.Parse takes; the empty selector too. */
export function isLabelSelector(selector: string): boolean {
  const tokens = scan(selector);
  if (tokens.length === 0) return true;
  let at = 0;
  for (;;) {
    const end = readRequirement(tokens, at);
    if (end === undefined) return false;
    if (end === tokens.length) return true;
    if (tokens[end] !== ',') return false;
    at = end + 1;
  }
}

/** A NUL ends a token, and the selector where a token would begin. */
function scan(selector: string): readonly string[] {
  const tokens = [];
  lexer.lastIndex = 0;
  for (let match = lexer.exec(selector); match !== null; match = lexer.exec(selector)) {
    tokens.push(match[1] ?? '');
  }
  return tokens;
}

/** Where the requirement that begins at `at` ends; undefined when it can't be read. */
function readRequirement(tokens: readonly string[], at: number): number | undefined {
  const isNegated = tokens[at] === '!';
  const keyAt = isNegated ? at + 1 : at;
  if (!isLabelKey(tokens[keyAt])) return undefined;
  const operator = tokens[keyAt + 1];
  if (operator === undefined || operator === ',' || isNegated) return keyAt + 1;
  if (operator === 'in' || operator === 'notin') return readValues(tokens, keyAt + 2);
  if (!['=', '==', '!=', '<', '>'].includes(operator)) return undefined;
  const value = tokens[keyAt + 2];
  const isEmpty = value === undefined || value === ',';
  if (operator === '<' || operator === '>') {
    return !isEmpty && isInt64(value) && isLabelValue(value) ? keyAt + 3 : undefined;
  }
  if (isEmpty) return keyAt + 2;
  return isLabelValue(value) ? keyAt + 3 : undefined;
}

/** A list in parentheses; each value may be missing. */
function readValues(tokens: readonly string[], at: number): number | undefined {
  if (tokens[at] !== '(') return undefined;
  const end = tokens.indexOf(')', at);
  if (end < 0) return undefined;
  const inner = tokens.slice(at + 1, end);
  const isList = inner.every((one, index) =>
    one === ',' ? true : isLabelValue(one) && (index === 0 || inner[index - 1] === ','),
  );
  return isList ? end + 1 : undefined;
}

/** A name of up to 63 characters, behind a DNS subdomain and a slash or by itself. */
function isLabelKey(key: string | undefined): boolean {
  if (key === undefined) return false;
  const parts = key.split('/');
  const name = parts.pop() ?? '';
  const [prefix, ...others] = parts;
  if (others.length > 0 || name.length > 63 || !isWord.test(name)) return false;
  return prefix === undefined || (prefix.length <= 253 && isSubdomain.test(prefix));
}

/** Not empty: an empty value is no token. */
function isLabelValue(value: string): boolean {
  return value.length <= 63 && isWord.test(value);
}
