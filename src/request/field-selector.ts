// Field selectors as apimachinery's pkg/fields/selector.go reads them, at v0.36.3.

export interface FieldTerm {
  readonly field: string;
  readonly isEqual: boolean;
  readonly value: string;
}

const escaped = /\\([\\,=])/g;

/** Its terms, in Kubernetes' order; undefined when it can't be read. */
export function parseFieldSelector(selector: string): readonly FieldTerm[] | undefined {
  const parsed = splitTerms(selector)
    .filter((term) => term !== '')
    .toSorted((one, other) => Buffer.compare(Buffer.from(one), Buffer.from(other)))
    .map(parseTerm);
  const terms = parsed.filter((term) => term !== undefined);
  return terms.length === parsed.length ? terms : undefined;
}

/** The value that the first term on `field` which asks for equality wants. */
export function requiredValue(terms: readonly FieldTerm[], field: string): string | undefined {
  return terms.find((term) => term.isEqual && term.field === field)?.value;
}

/** At commas, but for those behind a backslash. */
function splitTerms(selector: string): readonly string[] {
  const terms = [];
  let start = 0;
  for (let at = 0; at < selector.length; at += 1) {
    if (selector[at] === '\\') at += 1;
    else if (selector[at] === ',') {
      terms.push(selector.slice(start, at));
      start = at + 1;
    }
  }
  return [...terms, selector.slice(start)];
}

function parseTerm(term: string): FieldTerm | undefined {
  const [, field = '', operator, raw] = /^(.*?)(!=|==|=)(.*)$/s.exec(term) ?? [];
  if (raw === undefined || /[\\,=]/.test(raw.replaceAll(escaped, ''))) return undefined;
  return { field, isEqual: operator !== '!=', value: raw.replaceAll(escaped, '$1') };
}
