/** The names by which expressions can select fields that are no identifiers: k8s.io/apiserver/pkg/cel/escaping.go. */

const symbols: Readonly<Record<string, string>> = {
  underscores: '__',
  dot: '.',
  dash: '-',
  slash: '/',
};

const reserved = new Set(
  (
    'true false null in as break const continue else for function if import let loop package ' +
    'namespace return var void while'
  ).split(' '),
);

/** The field that an escaped name means, or undefined when it holds an unknown escape. */
export function unescapeField(name: string): string | undefined {
  if (!name.includes('__')) return name;
  let bad = false;
  const field = name.replaceAll(/__([^_]+)__/g, (sequence, word: string) => {
    if (Object.hasOwn(symbols, word)) return symbols[word] ?? '';
    if (!reserved.has(word) || sequence.length !== name.length) bad = true;
    return word;
  });
  return bad ? undefined : field;
}
