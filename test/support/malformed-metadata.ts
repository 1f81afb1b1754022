/** Metadata that kube-ext-authz never sends, each with what is wrong with it. */
import { aliceMetadata, decision, type Metadata } from './replies.ts';

type Row = readonly [fault: string, metadata: Metadata];
type Value = Metadata[string];

const user = { 'impersonate-user': ['alice'] };

const notMaps: readonly Value[] = [null, 'alice', 1, true, [], ['alice'], {}];
const notStrings: readonly Value[] = [undefined, null, 1, true, [], ['alice'], { alice: 'alice' }];
const notLists: readonly Value[] = ['alice', 1, true, {}, { alice: 'alice' }, { 1: 'alice' }];

/** Lists that aren't lists of text. */
const wrongLists: readonly Value[] = [
  [],
  [null],
  [null, 'alice'],
  ['alice', null, 'dev'],
  [1],
  [true],
  [{}],
  [['alice']],
  ['alice', 1],
  ['alice', ['dev']],
];

/** Text that a header line doesn't carry unchanged. Empty text is a group like any other, but no user. */
const wrongTexts: readonly string[] = [
  [' ', '\t', ' alice', 'alice ', '\talice', 'alice\t', '\u000balice'],
  ['al\0ice', 'alice\0', '\0', 'al\nice', 'al\rice', 'alice\r\nx-evil: 1', 'alice\n'],
  ['al\tice', 'al\u001bice', 'al\u007fice', 'alice\u0001'],
].flat();

const foreignNames: readonly string[] = [
  ['authorization', 'host', ':path', ':authority', 'connection', 'x-remote-user', 'cookie', ''],
  ['impersonate', 'impersonate-', 'impersonate-users', 'impersonate-foo', 'impersonate_group'],
  ['Impersonate-Group', 'IMPERSONATE-USER', 'impersonate-Extra-a', 'impersonate-extra-A'],
  ['impersonate-extra', 'impersonate-extra-', 'impersonate-extra-a b', 'impersonate-extra-ü'],
  ['impersonate-extra-a:b', 'impersonate-extra-a\r\nx-evil', 'impersonate-extra-a\0'],
  ['impersonate-group ', ' impersonate-group', 'impersonate-group\n', 'x-impersonate-group'],
].flat();

const faults: readonly Row[] = [
  ['headers are missing', { decision }],
  ['the decision is missing', { headers: aliceMetadata.headers }],
  ['the user is missing', withHeaders({ 'impersonate-group': ['dev'] })],
  ['there are two users', withHeaders({ 'impersonate-user': ['alice', 'bob'] })],
  ['there are two uids', withHeaders({ ...user, 'impersonate-uid': ['1', '2'] })],
  ['the user is empty', withHeaders({ 'impersonate-user': [''] })],
  ['the user is empty beside others', withHeaders({ ...user, 'impersonate-user': ['', 'alice'] })],
  ['the uid is empty', withHeaders({ ...user, 'impersonate-uid': [''] })],
  ...notMaps.map((value): Row => [`headers are ${show(value)}`, { headers: value, decision }]),
  ...notMaps.map((value): Row => [`the decision is ${show(value)}`, withDecision(value)]),
  ...['username', 'issuer', 'actAs', 'auditID'].flatMap((key) =>
    notStrings.map((value): Row => [
      `${key} is ${show(value)}`,
      withDecision({ ...decision, [key]: value }),
    ]),
  ),
  ...['', 'Impersonate', 'impersonate ', 'serviceaccount', 'admin'].map((actAs): Row => [
    `actAs is ${show(actAs)}`,
    withDecision({ ...decision, actAs }),
  ]),
  ...[user, { 'impersonate-group': ['dev'] }].map((headers): Row => [
    `the service account gets ${show(headers)}`,
    { headers, decision: { ...decision, actAs: 'serviceAccount' } },
  ]),
  ...[...notLists, ...wrongLists, ...wrongTexts.map((text) => [text])].flatMap((value): Row[] => [
    [`the user is ${show(value)}`, withHeaders({ 'impersonate-user': value })],
    [`groups are ${show(value)}`, withHeaders({ ...user, 'impersonate-group': value })],
    [`an extra is ${show(value)}`, withHeaders({ ...user, 'impersonate-extra-a': value })],
  ]),
  ...wrongTexts.map((text): Row => [
    `one group of three is ${show(text)}`,
    withHeaders({ ...user, 'impersonate-group': ['dev', text, 'ops'] }),
  ]),
  ...foreignNames.map((name): Row => [
    `a header is called ${show(name)}`,
    withHeaders({ ...user, [name]: ['x'] }),
  ]),
];

/** A null inside `groups` that Lua can't see is not among them: `["dev", null]` reads as `["dev"]`. */
export const malformedMetadata: readonly Row[] = faults;

function withHeaders(headers: Metadata): Metadata {
  return { headers, decision };
}

function withDecision(value: Value): Metadata {
  return { headers: aliceMetadata.headers, decision: value };
}

function show(value: Value): string {
  return JSON.stringify(value) ?? 'missing';
}
