/** Whole AuthenticationConfiguration files that kube-apiserver takes or refuses at its start. */
import { ownIssuer } from './oracle-config-parts.ts';

export interface ConfigFile {
  /** `unreadable`: refused before or after fields are checked, so they need not be the same; `ours`: refused by us alone. */
  readonly verdict: 'taken' | 'refused' | 'unreadable' | 'ours';
  readonly what: string;
  readonly text: string;
}

type Row = readonly [ConfigFile['verdict'], string, string | readonly string[]];

const head = ['apiVersion: apiserver.config.k8s.io/v1', 'kind: AuthenticationConfiguration'];

const entry = [
  'jwt:',
  '- issuer: {url: https://a.example, audiences: [a]}',
  '  claimMappings: {username: {claim: sub, prefix: ""}}',
];

/** The entry's fields with more of them at the end of one place. */
function beside(
  place: 'entry' | 'issuer' | 'mappings' | 'username',
  field: string,
): readonly string[] {
  const at = {
    entry: ['', '', field],
    issuer: [`, ${field}`, '', ''],
    mappings: ['', `, ${field}`, ''],
    username: ['', '', ''],
  }[place];
  const [inIssuer = '', inMappings = '', inEntry = ''] = at;
  const inUsername = place === 'username' ? `, ${field}` : '';
  return [
    ...head,
    'jwt:',
    `- issuer: {url: https://a.example, audiences: [a]${inIssuer}}`,
    `  claimMappings: {username: {claim: sub, prefix: ""${inUsername}}${inMappings}}`,
    ...(inEntry === '' ? [] : [`  ${inEntry}`]),
  ];
}

function entries(count: number): readonly string[] {
  return [...head, 'jwt:', ...Array.from({ length: count }, (_, index) => named(String(index)))];
}

function named(name: string, more = ''): string {
  const issuer = `{url: "https://${name}.example", audiences: [a]${more}}`;
  return `- {issuer: ${issuer}, claimMappings: {username: {claim: sub, prefix: ""}}}`;
}

function versioned(apiVersion: string): readonly string[] {
  return [`apiVersion: ${apiVersion}`, 'kind: AuthenticationConfiguration', ...entry];
}

const rows: readonly Row[] = [
  ['taken', 'one entry', [...head, ...entry]],
  ['taken', 'v1beta1', versioned('apiserver.config.k8s.io/v1beta1')],
  ['taken', 'v1alpha1', versioned('apiserver.config.k8s.io/v1alpha1')],
  ['unreadable', 'v2', versioned('apiserver.config.k8s.io/v2')],
  ['unreadable', 'another group', versioned('apiserver.k8s.io/v1')],
  ['unreadable', 'no group', versioned('v1')],
  ['unreadable', 'an empty version', versioned('""')],
  ['unreadable', 'no version', ['kind: AuthenticationConfiguration', ...entry]],
  ['unreadable', 'no kind', ['apiVersion: apiserver.config.k8s.io/v1', ...entry]],
  ['unreadable', 'another kind', [head[0] ?? '', 'kind: AuthorizationConfiguration']],
  ['unreadable', 'the kind in lower case', [head[0] ?? '', 'kind: authenticationConfiguration']],
  ['unreadable', 'an empty file', ''],
  ['unreadable', 'a line break', '\n'],
  ['unreadable', 'a comment', '# nothing\n'],
  ['unreadable', 'null', 'null\n'],
  ['unreadable', 'a text', 'x\n'],
  ['unreadable', 'a list', '- x\n'],
  ['unreadable', 'a map that is none', 'a: b: c\n'],
  ['unreadable', 'a tab', `${head.join('\n')}\n\tjwt: []\n`],
  ['taken', 'no entries', head],
  ['taken', 'an empty list of entries', [...head, 'jwt: []']],
  ['taken', 'null for the entries', [...head, 'jwt:']],
  [
    'taken',
    'JSON',
    JSON.stringify({
      apiVersion: 'apiserver.config.k8s.io/v1',
      kind: 'AuthenticationConfiguration',
      jwt: [],
    }),
  ],
  ['taken', 'the start of a document', ['---', ...head, ...entry]],
  [
    'taken',
    'an anchor and an alias',
    [
      ...head,
      'jwt:',
      '- issuer: {url: https://a.example, audiences: &a [x]}',
      '  claimMappings: &m {username: {claim: sub, prefix: ""}}',
      '- issuer: {url: https://b.example, audiences: *a}',
      '  claimMappings: *m',
    ],
  ],
  ['taken', '64 entries', entries(64)],
  ['refused', '65 entries', entries(65)],
  ['refused', 'the same issuer twice', [...entries(1), ...entries(1).slice(3)]],
  [
    'refused',
    'the same discovery URL twice',
    [
      ...head,
      'jwt:',
      ...['a', 'b'].map(
        (name) =>
          `- {issuer: {url: "https://${name}.example", discoveryURL: "https://d.example", audiences: [a]}, claimMappings: {username: {claim: sub, prefix: ""}}}`,
      ),
    ],
  ],
  ['refused', 'an unknown field of the file', [...head, ...entry, 'foo: 1']],
  ['refused', 'an unknown field of the metadata', [...head, 'metadata: {name: a}']],
  ['refused', 'an unknown field of an entry', beside('entry', 'foo: 1')],
  ['refused', 'an unknown field of an issuer', beside('issuer', 'foo: 1')],
  ['refused', 'an unknown field of the mappings', beside('mappings', 'foo: {}')],
  ['refused', 'an unknown field of the user', beside('username', 'foo: 1')],
  ['refused', 'an unknown field of the uid', beside('mappings', 'uid: {claim: u, prefix: ""}')],
  [
    'refused',
    'an unknown field of an extra',
    beside('mappings', 'extra: [{key: a.example/a, valueExpression: claims.a, foo: 1}]'),
  ],
  [
    'refused',
    'an unknown field of a rule',
    beside('entry', 'claimValidationRules: [{claim: a, foo: 1}]'),
  ],
  ['refused', 'an unknown field of anonymous', [...head, 'anonymous: {enabled: true, foo: 1}']],
  [
    'refused',
    'an unknown field of a condition',
    [...head, 'anonymous: {enabled: true, conditions: [{path: /a, foo: 1}]}'],
  ],
  ['refused', 'several unknown fields', [...beside('issuer', 'foo: 1'), 'bar: 2']],
  ['refused', 'a field in another case', beside('issuer', 'DiscoveryURL: https://d.example')],
  ['refused', 'an old name of a field', beside('issuer', 'clientID: a')],
  ['refused', 'a field of ours', beside('entry', 'allowReservedNames: true')],
  ['refused', 'a key of a number', [...head, '1: 2']],
  ['unreadable', 'a field twice', beside('issuer', 'url: https://b.example')],
  ['unreadable', 'a field of the file twice', [...head, ...entry, 'jwt: []']],
  ['unreadable', 'a map for the entries', [...head, 'jwt: {}']],
  ['unreadable', 'a text for the entries', [...head, 'jwt: x']],
  ['unreadable', 'a text as an entry', [...head, 'jwt: [x]']],
  ['refused', 'null as an entry', [...head, 'jwt: [null]']],
  ['unreadable', 'a list for the issuer', [...head, 'jwt: [{issuer: []}]']],
  ['unreadable', 'a number for the URL', [...head, 'jwt: [{issuer: {url: 1}}]']],
  [
    'refused',
    'null for the URL',
    [
      ...head,
      'jwt: [{issuer: {url: null, audiences: [a]}, claimMappings: {username: {claim: sub, prefix: ""}}}]',
    ],
  ],
  ['unreadable', 'a text for the audiences', beside('issuer', 'audienceMatchPolicy: [a]')],
  [
    'unreadable',
    'a number for an audience',
    [...head, 'jwt: [{issuer: {url: "https://a.example", audiences: [1]}}]'],
  ],
  [
    'refused',
    'null for an audience',
    [
      ...head,
      'jwt: [{issuer: {url: "https://a.example", audiences: [null]}, claimMappings: {username: {claim: sub, prefix: ""}}}]',
    ],
  ],
  ['unreadable', 'a truth for a claim', beside('mappings', 'uid: {claim: true}')],
  ['refused', 'null for a prefix', beside('mappings', 'groups: {claim: g, prefix: null}')],
  ['unreadable', 'a number for a prefix', beside('mappings', 'groups: {claim: g, prefix: 1}')],
  [
    'unreadable',
    'a number for a required value',
    beside('entry', 'claimValidationRules: [{claim: a, requiredValue: 1}]'),
  ],
  [
    'taken',
    'null for the rules and groups',
    [
      ...beside('mappings', 'groups: null, extra: null'),
      '  claimValidationRules: null',
      '  userValidationRules:',
    ],
  ],
  [
    'unreadable',
    "the API server's own issuer",
    [...head, 'jwt:', named('x').replace('https://x.example', ownIssuer)],
  ],
  ['unreadable', 'an old word of YAML for a claim', beside('mappings', 'uid: {claim: no}')],
  ['unreadable', 'another one', beside('mappings', 'uid: {claim: on}')],
  ['unreadable', 'a claim that is a number to old YAML', beside('mappings', 'uid: {claim: 0o17}')],
  ['taken', 'a claim that is a date', beside('mappings', 'uid: {claim: 2024-01-01}')],
  ['taken', 'a word in quotes', beside('mappings', 'uid: {claim: "no"}')],
  [
    'taken',
    'fields merged in',
    [
      ...head,
      'jwt:',
      '- <<: &x {issuer: {url: "https://a.example", audiences: [a]}}',
      '  claimMappings: {username: {claim: sub, prefix: ""}}',
    ],
  ],
  ['ours', 'two documents', [...head, ...entry, '---', 'foo: 1']],
  ['taken', 'everybody', [...head, 'anonymous: {enabled: true}']],
  ['taken', 'nobody without a token', [...head, 'anonymous: {enabled: false}']],
  ['taken', 'an empty anonymous', [...head, 'anonymous: {}']],
  ['taken', 'null for anonymous', [...head, 'anonymous: null']],
  [
    'taken',
    'everybody on a path',
    [...head, 'anonymous: {enabled: true, conditions: [{path: /livez}]}'],
  ],
  ['taken', 'an empty condition', [...head, 'anonymous: {enabled: true, conditions: [{}]}']],
  [
    'refused',
    'conditions without everybody',
    [...head, 'anonymous: {enabled: false, conditions: [{path: /livez}, {path: "/b"}]}'],
  ],
  ['refused', 'conditions and no more', [...head, 'anonymous: {conditions: [{path: /livez}]}']],
  ['unreadable', 'a text for enabled', [...head, 'anonymous: {enabled: "yes"}']],
  ['unreadable', 'yes for enabled', [...head, 'anonymous: {enabled: yes please}']],
  ['taken', 'an old word of YAML for enabled', [...head, 'anonymous: {enabled: yes}']],
];

export const configFiles: readonly ConfigFile[] = rows.map(([verdict, what, text]) => ({
  verdict,
  what,
  text: typeof text === 'string' ? text : `${text.join('\n')}\n`,
}));
