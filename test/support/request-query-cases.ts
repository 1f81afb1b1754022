/** Queries, and what kube-apiserver makes of a request for a collection with them. */
import type { RequestCase } from './request-case.ts';

interface Reading {
  /** Default: list. */
  readonly verb?: string;
  readonly name?: string;
  /** Raw, as they are told to an authorizer. */
  readonly fields?: string;
  readonly labels?: string;
}

const isWatch = { verb: 'watch' };

const watches: readonly (readonly [what: string, query: string, reading: Reading])[] = [
  ['watch=true is a watch', 'watch=true', isWatch],
  ['watch=1 is a watch', 'watch=1', isWatch],
  ['watch without a value is one', 'watch', isWatch],
  ['watch with an empty value is one', 'watch=', isWatch],
  ['watch with any word is one', 'watch=no', isWatch],
  ['watch=00 is a watch', 'watch=00', isWatch],
  ['watch with a space is one', 'watch=+0', isWatch],
  ['watch=false is a list', 'watch=false', {}],
  ['capitals make no difference', 'watch=FaLsE', {}],
  ['watch=0 is a list', 'watch=0', {}],
  ['a long s is an s in false', 'watch=fal%C5%BFe', {}],
  ['a long s is none where options are read a second time', 'watch=fal%C5%BFe&limit=x', isWatch],
  ['capitals make no difference there, too', 'watch=FALSE&limit=x', {}],
  ['watch=0 is a list there, too', 'watch=0&limit=x', {}],
  ['bytes that are no UTF-8 are not false', 'watch=%FF', isWatch],
  ['the first value counts', 'watch=0&watch=1', {}],
  ['the first value counts when it is empty', 'watch&watch=0', isWatch],
  ['Watch is something else', 'Watch=true', {}],
  ['watch with a space before it is something else', '+watch=true', {}],
  ['the name may be escaped', 'w%61tch=%74rue', isWatch],
  ['a semicolon spoils its pair', 'watch=1;limit=5', {}],
  ['a semicolon spoils no other pair', 'a;b&watch=1', isWatch],
  ['an escaped semicolon is a value', 'watch=%3B', isWatch],
  ['a bad escape in a value spoils its pair', 'watch=%zz&watch=0', {}],
  ['a bad escape in a name spoils its pair', 'watch%=1', {}],
  ['a question mark is part of a name', '?watch=1', {}],
  ['a second equals sign is part of the value', 'watch=0=', isWatch],
  ['an option that is no number spoils no watch', 'watch=1&timeoutSeconds=x', isWatch],
  ['empty pairs do not count', '&&watch=1&', isWatch],
];

const isEnd = { verb: 'deletecollection' };
const foo = { name: 'foo' };
const byName = 'metadata.name=foo';

/** Values of fieldSelector, and the name that each gives; they are told as they are. */
const fields: readonly (readonly [what: string, selector: string, name: string])[] = [
  ['an equal name is one', 'metadata.name=foo', 'foo'],
  ['two equals signs are one', 'metadata.name==foo', 'foo'],
  ['the name is found among others', 'spec.a!=b,metadata.name=foo,z=1', 'foo'],
  ['empty terms do not count', ',,metadata.name=foo,', 'foo'],
  ['the first name by its bytes counts', 'metadata.name=b,metadata.name=a', 'a'],
  ['an equals sign comes before letters', 'metadata.name=a,metadata.name==b', 'b'],
  ['an empty name comes first and is none', 'metadata.name=a,metadata.name=', ''],
  ['bytes are not UTF-16 units', 'metadata.name=😀,metadata.name=\uffee', '\uffee'],
  ['a name may be UTF-8', 'metadata.name=größe', 'größe'],
  ['an escaped comma is part of it', 'metadata.name=a\\,b', 'a,b'],
  ['an escaped equals sign is part of it', 'metadata.name=a\\=b', 'a=b'],
  ['an escaped backslash is part of it', 'metadata.name=a\\\\', 'a\\'],
  ['a comma behind two backslashes separates', 'metadata.name=a\\\\,b=c', 'a\\'],
  ['any other escape spoils it', 'metadata.name=a\\b', ''],
  ['a backslash at the end spoils it', 'metadata.name=a\\', ''],
  ['an equals sign in the value spoils it', 'metadata.name=a=b', ''],
  ['three equals signs spoil it', 'metadata.name===a', ''],
  ['a term without an operator spoils it', 'metadata.name=foo,bar', ''],
  ['an unequal name is none', 'metadata.name!=foo', ''],
  ['an exclamation mark alone is part of the field', 'metadata.name!x=foo', ''],
  ['another field is no name', 'metadata.namespace=foo', ''],
  ['spaces are part of the field', ' metadata.name=foo', ''],
  ['spaces are part of the name', 'metadata.name= foo', ' foo'],
  ['a line feed is part of the name', 'metadata.name=a\nb', 'a\nb'],
  ['terms of nothing do not count', '=,metadata.name=foo', 'foo'],
  ['a dot is no name', 'metadata.name=.', ''],
  ['two dots are no name', 'metadata.name=..', ''],
  ['three dots are a name', 'metadata.name=...', '...'],
  ['a name has no slash', 'metadata.name=a/b', ''],
  ['a name has no percent sign', 'metadata.name=a%b', ''],
  ['a selector may be empty', '', ''],
];

/** Values of labelSelector that can be read: a name in the field selector counts. */
const goodLabels = [
  ['', ' ', 'a', '!a', ' a , b ', 'a=b', 'a==b', 'a!=b', 'a=', 'a!=,b', 'a=in', 'in', 'in in (in)'],
  ['a in (b)', 'a notin (b,c)', 'a in ()', 'a in(,)', 'a in (,,b)', 'a in (b,)', 'a in (b,,c)'],
  ['a>1', 'a<0', 'a > 007', 'example.com/a', 'A.b_c-d', 'x'.repeat(63), 'a=b\t', 'a\0', 'a=\0b'],
  ['a=b\0\0((', '\0((', `${'x'.repeat(253)}/a`, `a=${'x'.repeat(63)}`, 'a>9223372036854775807'],
].flat();

/** And those that can't: it doesn't. */
const badLabels = [
  ['a b', 'a=b c', 'a,', ',a', 'a,,b', '!', '!!a', '!a=b', '=', 'a===b', 'a=!b', 'a=b=c', '()'],
  ['a in', 'a in b', 'a in (b', 'a in (', 'a in (b c)', 'a in (!b)', 'a in ((b))', 'a in (b)c'],
  [
    'a>',
    'a>b',
    'a<-1',
    'a>+1',
    'a>1.5',
    'a>9223372036854775808',
    'a>=1',
    'a<,b',
    'a\0b',
    'a in (=)',
  ],
  ['/a', 'a/', 'a/b/c', 'Example.com/a', 'a..b/c', '-a', 'a-', 'a=-b', 'a=b.', 'a=b/c', 'ö', 'a=ö'],
  ['x'.repeat(64), `${'x'.repeat(254)}/a`, `a=${'x'.repeat(64)}`, 'a\u00a0', 'a\v=b', 'a in (b-)'],
].flat();

const selectors = `fieldSelector=${byName}&labelSelector=a%3Db`;
const told = { fields: byName, labels: 'a=b' };

/** Where selectors are told to an authorizer, and where they make a name. */
const places: readonly (readonly [what: string, method: string, path: string, Reading])[] = [
  ['a list tells both', 'GET', `?${selectors}`, { ...foo, ...told }],
  ['a watch tells both', 'GET', `?watch=1&${selectors}`, { ...isWatch, ...foo, ...told }],
  ['HEAD tells both', 'HEAD', `?${selectors}`, { ...foo, ...told }],
  ['the end of a collection has no name', 'DELETE', `?${selectors}`, { ...isEnd, ...told }],
  ['a name in the path is the name', 'GET', `/bar?${selectors}`, { verb: 'get', name: 'bar' }],
  ['watch=1 makes no watch of a name', 'GET', '/bar?watch=1', { verb: 'get', name: 'bar' }],
  ['watch=1 makes no watch of a removal', 'DELETE', '?watch=1', isEnd],
  [
    'a removal of a name tells none',
    'DELETE',
    `/bar?${selectors}`,
    { verb: 'delete', name: 'bar' },
  ],
  ['a create tells none', 'POST', `?${selectors}`, { verb: 'create' }],
  ['a method of no verb tells none', 'OPTIONS', `?${selectors}`, { verb: '' }],
  [
    'what cannot be read is told',
    'GET',
    '?fieldSelector=x&labelSelector=((',
    { fields: 'x', labels: '((' },
  ],
  ['only the first is told', 'GET', '?labelSelector=a&labelSelector=b', { labels: 'a' }],
  ['a bad escape is none', 'GET', '?labelSelector=%&labelSelector=b', { labels: 'b' }],
  ['an empty one is told', 'GET', '?labelSelector=&labelSelector=b', {}],
  ['a plus is a space', 'GET', '?labelSelector=a+in+(b%2B)', { labels: 'a in (b+)' }],
  ['ASCII need not be escaped', 'GET', '?labelSelector=!a,"<>\\^`{|}', { labels: '!a,"<>\\^`{|}' }],
  [
    'UTF-8 need not be escaped',
    'GET',
    '?fieldSelector=metadata.name=ö',
    { name: 'ö', fields: 'metadata.name=ö' },
  ],
  ['a line separator need not be escaped', 'GET', '?labelSelector=\u2028', { labels: '\u2028' }],
  ['another parameter may be no UTF-8', 'GET', `?%FF=1&a=%FF&${selectors}`, { ...foo, ...told }],
  ['no UTF-8 matters to a name', 'GET', '/bar?labelSelector=%FF', { verb: 'get', name: 'bar' }],
];

const otherOptions: readonly (readonly [what: string, option: string, isRead: boolean])[] = [
  ['a limit is a number', 'limit=500', true],
  ['a number may have a sign', 'limit=%2B5&timeoutSeconds=-0', true],
  ['the least number is one', 'limit=-9223372036854775808', true],
  ['the greatest number is one', 'timeoutSeconds=009223372036854775807', true],
  ['a greater number is none', 'limit=9223372036854775808', false],
  ['a lesser number is none', 'limit=-9223372036854775809', false],
  ['a plus is a space', 'limit=+5', false],
  ['nothing is no number', 'limit=', false],
  ['a number has no fraction', 'timeoutSeconds=1.5', false],
  ['a number has no underscore', 'timeoutSeconds=1_000', false],
  ['digits of another script are none', 'limit=%D9%A1', false],
  ['bytes that are no UTF-8 are no number', 'limit=5%FF', false],
  ['only the first number is read', 'limit=5&limit=x', true],
  [
    'other options may be anything',
    'resourceVersion=x&sendInitialEvents=x&continue=%FF&a=%FF',
    true,
  ],
];

const base = '/apis/g/v1/rs';

function placed(what: string, method: string, rest: string, expected: Reading): RequestCase {
  const target = `${base}${rest}`;
  const info = {
    isResourceRequest: true,
    path: target.replace(/\?.*/s, ''),
    apiGroup: 'g',
    apiVersion: 'v1',
    resource: 'rs',
    verb: expected.verb ?? 'list',
    name: expected.name ?? '',
    fieldSelector: expected.fields ?? '',
    labelSelector: expected.labels ?? '',
  };
  return { what, method, target, info };
}

function listed(what: string, query: string, expected: Reading): RequestCase {
  return placed(what, 'GET', `?${query}`, expected);
}

/** Each holds for kube-apiserver, too: test/e2e/request-info-oracle.test.ts asks it. */
export const requestQueryCases: readonly RequestCase[] = [
  ...places.map((row) => placed(...row)),
  ...watches.map((row) => listed(...row)),
  ...fields.map(([what, selector, name]) =>
    listed(what, `fieldSelector=${encodeURIComponent(selector)}`, { name, fields: selector }),
  ),
  ...[...goodLabels, ...badLabels].map((labels, index) => {
    const isGood = index < goodLabels.length;
    const what = `the labels ${JSON.stringify(labels)} ${isGood ? 'can' : "can't"} be read`;
    const query = `labelSelector=${encodeURIComponent(labels)}&fieldSelector=${byName}`;
    return listed(what, query, { ...(isGood && foo), fields: byName, labels });
  }),
  ...otherOptions.map(([what, option, isRead]) =>
    listed(what, `fieldSelector=${byName}&${option}`, { ...(isRead && foo), fields: byName }),
  ),
];
