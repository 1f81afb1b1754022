/** Methods and request targets from a seed: API requests as clients write them, and as somebody writes them who wants to be misread. */
import type { Random } from './random.ts';

export interface TargetedRequest {
  readonly method: string;
  readonly target: string;
}

type Some = readonly [string, ...string[]];

const methods: Some = ['GET', 'GET', 'GET', 'GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'];
const oddMethods: Some = ['OPTIONS', 'get', 'delete', 'TRACE', 'LIST', 'WATCH', "M-SEARCH!#$'*+"];
const prefixes: Some = ['/api/v1', '/api/v1', '/apis/apps/v1', '/apis/example.com/v1alpha1'];
const oddPrefixes: Some = [
  '',
  '/api',
  '/apis',
  '//api//v1',
  '/apis//v1',
  '/apis/v1',
  '/%61pi/v1',
  '/API/v1',
  '/x/api/v1',
  '/apis%2Fapps/v1',
  '/api/v1/.',
  '/healthz',
];
const segments: Some = ['pods', 'nodes', 'namespaces', 'oracle-a', 'oracle-b', 'status', 'log'];
const oddSegments: Some = [
  'watch',
  'proxy',
  'finalize',
  '',
  '.',
  '..',
  'a%2Fb',
  '%2f',
  'a+b',
  'a;b',
  'a=b&c',
  'gr%C3%B6%C3%9Fe',
  'größe',
  '%00',
  '%20',
  '%3Fwatch=1',
  '%23',
  '%25',
  '%2e%2e',
  'namespace%73',
  '*',
  'a:b@c',
];
const malformed: Some = [
  '%',
  '%4',
  '%zz',
  'a%',
  '%ff',
  '%C3',
  '%ED%A0%80',
  '%C0%AF',
  '%F5%80%80%80',
];

const names: Some = [
  'watch',
  'watch',
  'fieldSelector',
  'fieldSelector',
  'fieldSelector',
  'labelSelector',
  'labelSelector',
  'limit',
  'timeoutSeconds',
  'resourceVersion',
  'sendInitialEvents',
  'continue',
  'pretty',
];
const oddNames: Some = [
  'Watch',
  'wat%63h',
  'field%53elector',
  'watch%00',
  '+watch',
  '',
  'x;y',
  '%zz',
];
const values: Some = ['true', '1', '0', 'false', '', '5', 'FALSE', 'a', 'oracle-a'];
const oddValues: Some = [
  'f%61lse',
  'fal%C5%BFe',
  'falſe',
  '%30',
  '+0',
  '0+',
  '-0',
  '+5',
  '%2B5',
  '%2b',
  '-9223372036854775808',
  '9223372036854775808',
  '00000000000000000000001',
  '1_000',
  '0x1',
  '1e3',
  'a;b',
  'a%3Bb',
  '%ff',
  '%',
  'a=b',
  '%EF%BF%BE',
];

/** A request for nothing that exists; one part in five or so is odd. */
export function randomRequest(random: Random): TargetedRequest {
  const method = random.below(8) === 0 ? random.pick(oddMethods) : random.pick(methods);
  return { method, target: `${randomPath(random)}${randomQuery(random)}` };
}

function randomPath(random: Random): string {
  const prefix = random.below(6) === 0 ? random.pick(oddPrefixes) : random.pick(prefixes);
  const length = random.below(2) === 0 ? random.pick([1, 1, 3]) : random.below(6);
  const parts = Array.from({ length }, () => randomSegment(random));
  const path = [prefix, ...parts].join('/') || '/';
  return random.below(10) === 0 ? `${path}${random.pick(['/', '//', '%2F'])}` : path;
}

function randomSegment(random: Random): string {
  const kind = random.below(40);
  if (kind === 0) return random.pick(malformed);
  return kind < 9 ? random.pick(oddSegments) : random.pick(segments);
}

function randomQuery(random: Random): string {
  if (random.below(4) === 0) return random.pick(['', '', '?', '??', '?&&', '?=']);
  const pairs = Array.from({ length: 1 + random.below(4) }, () => randomPair(random));
  return `?${pairs.join(random.below(12) === 0 ? random.pick([';', '&&', '?']) : '&')}`;
}

function randomPair(random: Random): string {
  const name = random.below(12) === 0 ? random.pick(oddNames) : random.pick(names);
  if (random.below(20) === 0) return name;
  const isOdd = random.below(10) === 0;
  if (name === 'fieldSelector' && !isOdd) return `${name}=${escape(random, randomFields(random))}`;
  if (name === 'labelSelector' && !isOdd) return `${name}=${escape(random, randomLabels(random))}`;
  return `${name}=${random.pick(random.below(3) === 0 ? oddValues : values)}`;
}

const fieldParts: Some = [
  'metadata.name',
  'metadata.name',
  'metadata.name=',
  'metadata.name==oracle-b',
  'metadata.namespace',
  '=',
  '==',
  '!=',
  ',',
  'oracle-a',
  'oracle-b',
];
const oddFieldParts: Some = [
  '\\,',
  '\\=',
  '\\\\',
  '\\',
  '!',
  ' ',
  '/',
  '%',
  '.',
  '..',
  'ö',
  '😀',
  '\ue000',
];

function randomFields(random: Random): string {
  if (random.below(3) === 0)
    return `metadata.name=${random.pick(['oracle-a', '', '..', 'a/b', 'a%'])}`;
  return compose(random, fieldParts, oddFieldParts);
}

const labelParts: Some = [
  'app',
  'app',
  'example.com/app',
  'a',
  'in',
  'notin',
  '(a,b)',
  ',',
  '=',
  '==',
  '!=',
  '!',
  ' ',
  '1',
];
const oddLabelParts: Some = [
  '(',
  ')',
  '(,)',
  '()',
  '<',
  '>',
  '-1',
  '/',
  'A.b_c-',
  'x'.repeat(64),
  '\t',
  '\0',
  'ö',
  '%',
  '-',
];

function randomLabels(random: Random): string {
  if (random.below(2) === 0) {
    const key = random.pick(['app', 'example.com/app', 'app/', '/app', 'a/b/c', 'Ex.com/a', '-a']);
    const operation = random.pick([
      ' in (a,b)',
      ' notin(,a)',
      ' in (a b)',
      '=a',
      '!=',
      ' > 1',
      '<a',
      '',
    ]);
    return `${random.pick(['', '', '!', ' '])}${key}${operation}${random.pick(['', '', ',b', ',', ' c'])}`;
  }
  return compose(random, labelParts, oddLabelParts);
}

function compose(random: Random, parts: Some, oddParts: Some): string {
  const pick = (): string => random.pick(random.below(6) === 0 ? oddParts : parts);
  return Array.from({ length: random.below(8) }, pick).join('');
}

/** As clients do it, or only what a request line can't hold. */
function escape(random: Random, text: string): string {
  if (random.below(3) > 0) return encodeURIComponent(text);
  return text.replaceAll(/[\0\t #%&;]/g, encodeURIComponent);
}
