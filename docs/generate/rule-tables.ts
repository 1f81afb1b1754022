// The tables of docs/doctor.md, made from the rules; the rest of that document is written by hand.
import { format, resolveConfig } from 'prettier';
import { envoyRules } from '../../src/doctor/envoy-rules.ts';
import type { Rule } from '../../src/doctor/finding.ts';
import { pairRules } from '../../src/doctor/rules/both-sides.ts';
import { envoyGatewayRules } from '../../src/doctor/rules/envoy-gateway.ts';
import { istioRules } from '../../src/doctor/rules/istio.ts';
import { ourRules } from '../../src/doctor/rules/our-side.ts';
import { cut } from './tables.ts';

type Described = Pick<Rule<never>, 'id' | 'severity' | 'title' | 'why' | 'fix' | 'source'>;

/** By the name of the place: what stands between `<!-- NAME -->` and `<!-- end of NAME -->`. */
export const ruleGroups: Readonly<Record<string, readonly Described[]>> = {
  'rules about Envoy': envoyRules,
  'rules about our own side': ourRules,
  'rules about both sides': pairRules,
  'rules about Istio': istioRules,
  'rules about Envoy Gateway': envoyGatewayRules,
};

/** The document with its tables made anew. Throws when one of their places is missing. */
export async function withRuleTables(document: string, file: string): Promise<string> {
  let text = document;
  for (const [name, rules] of Object.entries(ruleGroups)) {
    const [start, end] = [`<!-- ${name} -->`, `<!-- end of ${name} -->`];
    const [before, rest] = cut(text, start);
    const [, after] = cut(rest, end);
    text = `${before}${start}\n\n${table(rules)}\n\n${end}${after}`;
  }
  return format(text, { ...(await resolveConfig(file)), parser: 'markdown' });
}

function table(rules: readonly Described[]): string {
  const head = '| Rule | Severity | What must be so | Why | Fix |\n| --- | --- | --- | --- | --- |';
  const rows = rules.map(({ id, severity, title, why, fix, source }) => {
    const cells = [`[${id}](${source})`, severity, title, why, fix];
    return `| ${cells.map(escaped).join(' | ')} |`;
  });
  return [head, ...rows].join('\n');
}

/** What Markdown would take for something else, outside of code. */
function escaped(text: string): string {
  return text
    .split('`')
    .map((part, index) => (index % 2 === 0 ? part.replaceAll(/[*<|]/g, String.raw`\$&`) : part))
    .join('`');
}
