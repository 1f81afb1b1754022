// Reads what the doctor is given: YAML or JSON, with the line of every field.
import { isAlias, isMap, isSeq, LineCounter, parseDocument, type Document, type Node } from 'yaml';
import { pathText, type Field, type Path } from './field.ts';
import type { Place } from './finding.ts';

export interface Source extends Place {
  readonly root: Field;
}

/** Throws a sentence, which quotes nothing of the text, when it is neither YAML nor JSON. */
export function readSource(name: string, text: string): Source {
  const trimmed = text.trimStart();
  if (trimmed.startsWith('{') || trimmed.startsWith('[')) {
    const json = parseJson(text);
    if (json !== undefined) return withoutLines(name, json);
  }
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, ...envoyYaml });
  const [error] = document.errors;
  if (error) throw new Error(`${name}: ${error.message.split('\n')[0]?.replace(/:$/, '')}`);
  const value: unknown = document.toJS({ maxAliasCount: 1000 });
  return {
    name,
    root: { value, path: [] },
    describe: ({ path }) => ({ field: pathText(path), line: lineOf(document, path, lines) }),
  };
}

/** Envoy reads `yes` and `on` as true; Kubernetes, too. */
export const envoyYaml = { version: '1.1', merge: true } as const;

/** A value that came without a text: fields have paths and no lines. */
export function withoutLines(name: string, value: unknown): Source {
  return {
    name,
    root: { value, path: [] },
    describe: ({ path }) => ({ field: pathText(path) }),
  };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // YAML's flow style may begin so, too; its parser tells the line
  }
}

/** The line of the field, or of the innermost one around it that is there. */
export function lineOf(
  document: Document.Parsed | Document,
  path: Path,
  lines: LineCounter,
): number | undefined {
  let offset = startOf(document.contents);
  let node: unknown = document.contents;
  for (const name of path) {
    const inner = isAlias(node) ? node.resolve(document) : node;
    if (!isMap(inner) && !isSeq(inner)) break;
    const next: unknown = inner.get(name, true);
    if (next === undefined || next === null) break;
    offset = startOfEntry(inner, name) ?? offset;
    node = next;
  }
  return offset === undefined ? undefined : lines.linePos(offset).line;
}

/** Where its key stands: the value of a map begins on another line. */
function startOfEntry(parent: Node, name: string | number): number | undefined {
  if (isSeq(parent)) return startOf(parent.items[Number(name)]);
  if (!isMap(parent)) return undefined;
  const pair = parent.items.find(({ key }) => String(key) === String(name));
  return startOf(pair?.key);
}

function startOf(node: unknown): number | undefined {
  if (typeof node !== 'object' || node === null || !('range' in node)) return undefined;
  return Array.isArray(node.range) ? Number(node.range[0]) : undefined;
}
