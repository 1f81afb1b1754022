/** docs/audit.md and its JSON Schema are held against real lines, and the queries against the schema. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { z } from 'zod';
import { schemaVersion } from '../../../src/audit/event.ts';
import type { CheckRecord } from '../../../src/decision/decision.ts';
import { denyReasons } from '../../../src/denial/reasons.ts';
import {
  acting,
  allow,
  allowed,
  denied,
  impersonating,
  lineOf,
  places,
  recordWith,
} from '../../support/audit-records.ts';
import { identity } from '../../support/deciders.ts';
import { kubeRequest } from '../../support/kube-request.ts';
import { blocks, readDocument, root, tableRows } from '../../support/documents.ts';

const name = 'docs/audit.md';
const text = readFileSync(join(root, 'docs/audit-event.schema.json'), 'utf8');
const schema = JSON.parse(text);
const validator = z.fromJSONSchema(JSON.parse(text));
const fields = fieldsOf(schema);

const account = { ...allow, actAs: 'serviceAccount' } as const;

const records: readonly CheckRecord[] = [
  allowed,
  denied,
  impersonating,
  { ...allowed, decision: account, actAs: 'serviceAccount' },
  { ...denied, issuer: 'people', inbound: { ...identity, uid: '7', extra: { a: ['b', 'c'] } } },
  { ...denied, request: { ...kubeRequest({}, ''), method: '' } },
  ...acting.map(([, character]) => recordWith(character)),
  ...places.map(([, request]) => ({ ...denied, request: { ...kubeRequest(), ...request } })),
  ...Object.keys(denyReasons).map((reason) => withReason(reason)),
];

describe('the JSON Schema of the audit event', () => {
  it('takes every line, and knows every field of it', () => {
    for (const record of records) {
      const event: unknown = JSON.parse(lineOf('json', record));
      assert.deepEqual(validator.safeParse(event).error, undefined);
      for (const field of namesIn(event)) assert.ok(fields.has(field), field);
    }
  });

  it('knows no field that no line has', () => {
    const seen = new Set(records.flatMap((record) => namesIn(JSON.parse(lineOf('json', record)))));
    for (const field of fields.keys()) assert.ok(seen.has(field), field);
  });

  it('is strict enough to refuse a line that is wrong', () => {
    const event = JSON.parse(lineOf('json', allowed));
    const wrong: readonly object[] = [
      ...schema.required.map((field: string) => ({ ...event, [field]: undefined })),
      { ...event, decision: 'maybe' },
      { ...event, reason: 'no_reason' },
      { ...event, schemaVersion: schemaVersion + 1 },
      { ...event, time: '25 Nov 2026' },
      { ...event, durationMs: -1 },
      { ...event, source: { peer: '192.0.2.7' } },
      { ...event, inbound: { username: 'alice' } },
      { ...event, outbound: { ...event.outbound, groups: 'dev' } },
      { ...event, inbound: { ...event.inbound, extra: { key: 'value' } } },
    ];
    for (const one of wrong) {
      assert.equal(validator.safeParse(one).success, false, JSON.stringify(one));
    }
  });

  it('is the one of this version', () => {
    assert.equal(schema.properties.schemaVersion.const, schemaVersion);
    assert.ok(schema.$id.endsWith(`:${schemaVersion}`));
  });

  it('lists the reasons that there are', () => {
    assert.deepEqual(schema.properties.reason.enum, ['', ...Object.keys(denyReasons)]);
  });
});

describe(name, () => {
  it('has a row for every field, in order, and no other', () => {
    const rows = tableRows(name).map(([field = '']) => field);
    const begin = rows.indexOf('time');
    assert.deepEqual(
      rows.slice(begin, rows.indexOf('durationMs') + 1),
      [...fields.keys()].filter((field) => field !== 'source'),
    );
  });

  it('names only fields of the schema in its queries', () => {
    const queries = ['esql', 'kql', 'logql'].flatMap((language) => blocks(language));
    const own = queries.filter(({ file }) => file === name);
    assert.ok(own.length >= 9);
    const named = own.flatMap(({ text: query }) => fieldsInQuery(query));
    assert.ok(named.length >= 20);
    for (const field of named) {
      const known = [...fields.keys()].some(
        (one) => field === one || (one.endsWith('.extra') && field.startsWith(`${one}.`)),
      );
      assert.ok(known, field);
    }
  });

  it('asks only for reasons that there are', () => {
    const [, ...words] = readDocument(name).split(/^## Queries$/m);
    const reasons = [...words.join('').matchAll(/reason(?: ==|:|=~) "?([\w.*|]+)"/g)].flatMap(
      ([, list = '']) => list.split('|'),
    );
    const asked = [...reasons, 'token_*'].filter((reason) => !/^\w+=/.test(reason));
    assert.ok(asked.length >= 3);
    for (const reason of asked) {
      const pattern = new RegExp(`^${reason.replace(/\.?\*$/, '.*')}$`);
      assert.ok(
        Object.keys(denyReasons).some((one) => pattern.test(one)),
        reason,
      );
    }
  });

  it('shows lines of kube-oidc-proxy as they are', () => {
    const shown = blocks('').find(
      ({ file, text: lines }) => file === name && lines.includes('AuSuccess'),
    );
    const [first, , last] = shown?.text.split('\n') ?? [];
    const startedAt = new Date('2021-11-25T01:05:17Z');
    const source = { peer: '10.42.0.5', forwardedFor: '10.42.1.3' };
    const request = { ...kubeRequest({}, '/api/v1/namespaces/openunison/pods?limit=500'), source };
    const groups = ['system:masters', 'system:authenticated'];
    const inbound = { ...identity, username: 'mlbadmin1', groups };
    assert.equal(
      `${first}\n`,
      lineOf('kube-oidc-proxy', { ...allowed, request, inbound, startedAt }),
    );
    const later = { ...denied, startedAt: new Date('2021-11-25T01:05:24Z') };
    const nodes = { ...kubeRequest({}, '/api/v1/nodes'), source };
    assert.equal(`${last}\n`, lineOf('kube-oidc-proxy', { ...later, request: nodes }));
  });
});

function withReason(reason: string): CheckRecord {
  if (!isReason(reason)) throw new Error(reason);
  return { ...denied, decision: { kind: 'deny', auditID: 'a', reason, message: 'a sentence' } };
}

function isReason(word: string): word is keyof typeof denyReasons {
  return Object.hasOwn(denyReasons, word);
}

interface Schema {
  readonly $ref?: string;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly $defs?: Readonly<Record<string, Schema>>;
}

/** Every field by its path, in order, with its schema. */
function fieldsOf(whole: Schema): ReadonlyMap<string, Schema> {
  const below = (one: Schema, path: string): readonly (readonly [string, Schema])[] =>
    Object.entries(resolve(one, whole).properties ?? {}).flatMap(([key, value]) => [
      [`${path}${key}`, value] as const,
      ...below(value, `${path}${key}.`),
    ]);
  return new Map(below(whole, ''));
}

function resolve(one: Schema, whole: Schema): Schema {
  return one.$ref === undefined ? one : (whole.$defs?.[one.$ref.replace('#/$defs/', '')] ?? {});
}

/** The fields of an event, by path; the keys of extras are no fields. */
function namesIn(value: unknown, path = ''): readonly string[] {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return [];
  if (path.endsWith('extra.')) return [];
  return Object.entries(value).flatMap(([key, inner]) => [
    `${path}${key}`,
    ...namesIn(inner, `${path}${key}.`),
  ]);
}

/** `kube_ext_authz.FIELD` of Elastic; what `json label="FIELD"` takes out of a line in Loki. */
function fieldsInQuery(query: string): readonly string[] {
  const elastic = [...query.matchAll(/kube_ext_authz\.([\w.-]+)/g)].map(([, field = '']) => field);
  const loki = [...query.matchAll(/\| json ([^|\n]*)/g)].flatMap(([, list = '']) =>
    [...list.matchAll(/\w+="((?:\\.|[^"\\])*)"/g)].map(([, field = '']) =>
      field.replaceAll(/\[\\"(.*?)\\"\]/g, '.$1'),
    ),
  );
  return [...elastic, ...loki];
}
