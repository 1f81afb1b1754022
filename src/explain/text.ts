// An explanation for people, in the order of the walk.
import { printable } from '../cli/printable.ts';
import type { Identity } from '../identity/identity.ts';
import { createPaint, markedLine, rowLines, type Colour, type Paint } from './layout.ts';
import type { EntryTrace, Explanation, Row, Step, StepName, Upstream } from './trace.ts';

const names: Readonly<Record<StepName, string>> = {
  credential: 'credential',
  form: 'form',
  algorithm: 'algorithm',
  signature: 'signature',
  audience: 'audience',
  dates: 'dates',
  lifetime: 'lifetime',
  distributedClaims: 'claim elsewhere',
  identity: 'identity',
  requiredClaims: 'required claims',
  claimRules: 'claim rules',
  userRules: 'user rules',
  names: 'names',
  serviceAccount: 'service account',
  tokenReview: 'TokenReview',
  extras: 'own extras',
  requestedUser: 'whom it asks for',
  request: 'what it wants',
  reviews: 'reviews',
  target: 'who it is',
  token: 'our own token',
  headers: 'headers',
};

const nameWidth = Math.max(...Object.values(names).map(({ length }) => length));

/** The whole explanation; `hasColours` on a terminal only. */
export function describeExplanation(explanation: Explanation, hasColours: boolean): string {
  const paint = createPaint(hasColours);
  const { request, entries, leftOut, helps } = explanation;
  const section = (title: string, lines: readonly string[]): readonly string[] =>
    lines.length === 0 ? [] : ['', paint(printable(title), 'strong'), ...lines];
  return [
    headline(explanation, paint),
    ...section('request', requestLines(request)),
    ...section('token', stepLines([...explanation.token, ...explanation.others], paint)),
    ...entries.flatMap((entry) => section(entryTitle(entry), entryLines(entry, paint))),
    ...section('as whom', stepLines(explanation.impersonation, paint)),
    ...explanation.modes.flatMap(({ mode, outcome, says, rows }) =>
      section(`mode ${mode}`, [
        markedLine({ outcome, name: says, says: '' }, paint),
        ...rowLines(rows, paint),
      ]),
    ),
    ...section('upstream', [
      ...stepLines(explanation.upstreamSteps, paint),
      ...(explanation.upstream ? upstreamLines(explanation.upstream) : []),
    ]),
    ...section(
      'what would change it',
      helps.map((one) => `  - ${printable(one)}`),
    ),
    ...section(
      'what was left out',
      leftOut.map((one) => `  - ${printable(one)}`),
    ),
    '',
  ].join('\n');
}

function headline(
  { decision, reason, status, message, inbound, upstream }: Explanation,
  paint: Paint,
): string {
  const [word, colour]: readonly [string, Colour] =
    decision === 'allow'
      ? ['allowed', 'good']
      : decision === 'deny'
        ? ['denied', 'bad']
        : ['not known', 'faint'];
  const start = paint(word, colour);
  if (decision === 'deny') return `${start}: ${reason} (${status}): ${printable(message)}`;
  const who = inbound && upstream ? asWhom(inbound, upstream) : '';
  const open = decision === 'unknown' ? 'nothing refuses it, but not all was looked at' : '';
  return [start, [open, who].filter((one) => one !== '').join('; ')]
    .filter((one) => one !== '')
    .join(': ');
}

function asWhom(inbound: Identity, { identity }: Upstream): string {
  const { username } = identity;
  const same =
    username === inbound.username ? '' : `, asked for by ${JSON.stringify(inbound.username)}`;
  return printable(`for the API server it is ${JSON.stringify(username)}${same}`);
}

function requestLines({
  method,
  path,
  verb,
  resource,
  as,
}: Explanation['request']): readonly string[] {
  const what =
    verb === '' ? "what it asks of the API can't be told" : `${verb} ${resource}`.trimEnd();
  const asked = as
    ? Object.entries(as).map(([part, value]) => `  --as ${part}: ${shown(value)}`)
    : [];
  return [`  ${printable(method)} ${printable(path)}  (${printable(what)})`, ...asked];
}

function shown(value: unknown): string {
  return printable(typeof value === 'string' ? value : JSON.stringify(value));
}

function entryTitle({ name, issuer }: EntryTrace): string {
  return name === issuer ? `entry ${name}` : `entry ${name} (${issuer})`;
}

const entryWords = {
  takes: ['good', 'takes the token: '],
  refuses: ['refused', 'refuses the token: '],
  notAsked: ['leftOut', 'not asked: '],
} as const;

function entryLines({ outcome, says, steps }: EntryTrace, paint: Paint): readonly string[] {
  const [mark, word] = entryWords[outcome];
  return [
    markedLine({ outcome: mark, name: `${word}${says}`, says: '' }, paint),
    ...stepLines(steps, paint),
  ];
}

/** A good step that says all in its sentence needs no rows; what the identity is made of is always wanted. */
function stepLines(steps: readonly Step[], paint: Paint): readonly string[] {
  return steps.flatMap(({ step, outcome, says, rows }) => [
    markedLine({ outcome, name: names[step], says }, paint, nameWidth),
    ...rowLines(outcome === 'refused' ? rows : rows.filter(() => !quiet.has(step)), paint),
  ]);
}

const quiet: ReadonlySet<StepName> = new Set(['algorithm', 'signature']);

function upstreamLines({ identity, headers, actAs }: Upstream): readonly string[] {
  const rows: readonly Row[] = [
    { name: 'user', value: identity.username },
    { name: 'groups', value: identity.groups },
  ];
  const who =
    actAs === 'impersonate'
      ? '  it goes up with these lines:'
      : '  it goes up as a service account, with these lines:';
  return [
    ...(actAs === 'impersonate' ? [] : rowLines(rows, (text) => text)),
    who,
    ...headers.map(([name, value]) => `      ${printable(name)}: ${printable(value)}`),
  ];
}
