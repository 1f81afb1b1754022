/** docs/configuration.md is held against the schema and the flags that it is made from. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { parse } from 'yaml';
import { z } from 'zod';
import { schemaKeys } from '../../docs/generate/schema-keys.ts';
import { withTables } from '../../docs/generate/tables.ts';
import { authenticationConfigurationSchema } from '../../src/config/jwt-authenticator-schema.ts';
import { loadConfig } from '../../src/config/load.ts';
import { configurationSchema } from '../../src/config/schema.ts';
import { authenticationFile, writeFiles } from '../support/config-files.ts';
import { blocks, readDocument, root } from '../support/documents.ts';

const name = 'docs/configuration.md';

const keys = schemaKeys(configurationSchema);

describe('docs/configuration.md', () => {
  it('has the tables that the schema and the flags make', async () => {
    const document = readDocument(name);
    const fresh = await withTables(document, join(root, name));
    assert.equal(document, fresh, `${name} is not what the code says: run npm run docs`);
  });

  it('tells what every key means', () => {
    for (const { path, description } of [
      ...keys,
      ...schemaKeys(authenticationConfigurationSchema),
    ]) {
      const meaning = description.replace(/^Required\. ?/, '');
      assert.ok(meaning !== '', `${path} has no description: add .describe(…) in src/config/`);
    }
  });

  it('says of every key that the schema wants that it is required', () => {
    for (const { path, description, isRequired } of keys) {
      if (isRequired) assert.match(description, /^Required\./, `the description of ${path}`);
    }
  });

  it('has an example without a fault', () => {
    const text = example();
    const folder = writeFiles({ ...filesOf(text), 'config.yaml': text });
    const { jwt, warnings } = loadConfig(join(folder, 'config.yaml'));
    assert.deepEqual(warnings, []);
    assert.deepEqual(
      jwt.map((entry) => entry.name),
      [authenticationFile.jwt[0]?.issuer.url, 'company', 'pipelines', 'east'],
    );
  });

  it('has an example with every key, in use or in a line that is a comment', () => {
    const text = example();
    const used = pathsIn(parse(text));
    const comments = text.split('\n').filter((line) => line.trimStart().startsWith('#'));
    for (const { path } of keys.filter(({ isRefused }) => !isRefused)) {
      const last = new RegExp(`\\b${path.split('.').at(-1)}:`);
      const isThere = used.has(path) || comments.some((line) => last.test(line));
      assert.ok(isThere, `the example of ${name} has no ${path}: add a line`);
    }
  });

  it('is not made when a place for a table is missing', async () => {
    const without = readDocument(name).replace('<!-- flags -->', '');
    await assert.rejects(
      withTables(without, join(root, name)),
      /the document has no <!-- flags -->/,
    );
  });
});

describe('the keys of a schema', () => {
  const key = { path: 'a', fallback: undefined, description: '', isRequired: true };
  const optional = { ...key, isRequired: false, isRefused: false };

  const cases: readonly (readonly [what: string, shape: z.ZodType, expected: object])[] = [
    ['a text', z.string(), { ...key, type: 'string', isRefused: false }],
    [
      'a description',
      z.string().optional().describe('x'),
      { ...optional, type: 'string', description: 'x' },
    ],
    ['a default', z.string().default('5s'), { ...optional, type: 'string', fallback: '5s' }],
    ['an empty default', z.string().default(''), { ...optional, type: 'string' }],
    [
      'a default that is false',
      z.boolean().default(false),
      { ...optional, type: 'boolean', fallback: 'false' },
    ],
    [
      'a list',
      z.array(z.string()).default([]),
      { ...optional, type: 'list of strings', fallback: '[]' },
    ],
    [
      'an integer',
      z.int().min(1).max(9).default(3),
      { ...optional, type: 'integer, 1 to 9', fallback: '3' },
    ],
    ['words', z.enum(['x', 'y']).optional(), { ...optional, type: '`x`, `y`' }],
    [
      'a map',
      z.record(z.string(), z.array(z.string())).default({}),
      { ...optional, type: 'map of lists of strings' },
    ],
    ['nothing', z.undefined().optional(), { ...optional, type: 'none', isRefused: true }],
  ];
  for (const [what, shape, expected] of cases) {
    it(`are told for ${what}`, () => {
      assert.deepEqual(schemaKeys(z.strictObject({ a: shape })), [expected]);
    });
  }

  it('are told once for alternatives, and required when every one of them wants them', () => {
    const one = z.strictObject({ kind: z.literal('x'), p: z.string() });
    const other = z.strictObject({ kind: z.literal('y'), q: z.string().optional() });
    const told = schemaKeys(z.strictObject({ list: z.array(z.union([one, other])) }));
    assert.deepEqual(
      told.map(({ path, type, isRequired }) => [path, type, isRequired]),
      [
        ['list', 'list of objects', true],
        ['list[].kind', '`x` or `y`', true],
        ['list[].p', 'string', false],
        ['list[].q', 'string', false],
      ],
    );
  });
});

function example(): string {
  const [found, ...others] = blocks('yaml').filter(({ file }) => file === name);
  assert.ok(found !== undefined && others.length === 0, `${name} has one YAML block`);
  return found.text;
}

/** The files that the example names, so that reading it finds them. */
function filesOf(text: string): Readonly<Record<string, string | object>> {
  const certificate: string = parse(text).jwt[0].issuer.certificateAuthority;
  return {
    'tls/tls.crt': certificate,
    'tls/tls.key': '',
    'tls/ca.crt': certificate,
    'pipeline.crt': certificate,
    'authentication.yaml': authenticationFile,
    kubeconfig: {
      'current-context': 'c',
      contexts: [{ name: 'c', context: { cluster: 'k', user: 'u' } }],
      clusters: [{ name: 'k', cluster: { server: 'https://127.0.0.1:6443' } }],
      users: [{ name: 'u' }],
    },
  };
}

/** Every key in a value, as a schema's keys are written: `jwt[].name`. */
function pathsIn(value: unknown, path = ''): ReadonlySet<string> {
  if (Array.isArray(value)) {
    return new Set(value.flatMap((one) => [...pathsIn(one, `${path}[]`)]));
  }
  if (typeof value !== 'object' || value === null) return new Set();
  return new Set(
    Object.entries(value).flatMap(([key, one]) => {
      const own = path === '' ? key : `${path}.${key}`;
      return [own, ...pathsIn(one, own)];
    }),
  );
}
