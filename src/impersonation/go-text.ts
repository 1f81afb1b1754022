// Text as Go's fmt package writes it, for sentences that must read as kube-apiserver's own.

const escapes: ReadonlyMap<string, string> = new Map([
  ['"', '\\"'],
  ['\\', '\\\\'],
  ['\u0007', '\\a'],
  ['\b', '\\b'],
  ['\f', '\\f'],
  ['\n', '\\n'],
  ['\r', '\\r'],
  ['\t', '\\t'],
  ['\v', '\\v'],
]);

/** `%q` of a string (strconv.Quote). */
export function goQuote(text: string): string {
  return `"${Array.from(text, quoteRune).join('')}"`;
}

function quoteRune(rune: string): string {
  const known = escapes.get(rune);
  if (known !== undefined) return known;
  // What strconv.IsPrint takes for printable: letters, marks, numbers, punctuation, symbols, and the space.
  if (rune === ' ' || /^[\p{L}\p{M}\p{N}\p{P}\p{S}]$/u.test(rune)) return rune;
  const code = rune.codePointAt(0) ?? 0;
  if (code < 0x80) return `\\x${hex(code, 2)}`;
  return code < 0x1_0000 ? `\\u${hex(code, 4)}` : `\\U${hex(code, 8)}`;
}

function hex(code: number, digits: number): string {
  return code.toString(16).padStart(digits, '0');
}

/** `%#v` of a []string; an empty one is nil where it comes from. */
export function goStrings(values: readonly string[]): string {
  return values.length === 0 ? '[]string(nil)' : `[]string{${values.map(goQuote).join(', ')}}`;
}

/** `%#v` of a map[string][]string, which Go prints with its keys in order of their bytes. */
export function goStringLists(lists: Readonly<Record<string, readonly string[]>>): string {
  const entries = Object.entries(lists).toSorted(([one], [other]) =>
    Buffer.compare(Buffer.from(one), Buffer.from(other)),
  );
  if (entries.length === 0) return 'map[string][]string(nil)';
  const texts = entries.map(([key, values]) => `${goQuote(key)}:${goStrings(values)}`);
  return `map[string][]string{${texts.join(', ')}}`;
}
