/** Kubernetes' named formats, such as `format.dns1123Label()`. */
import { CelError } from './cel-error.ts';
import { define, isOpaque, noOverload, text, type Overload } from './library.ts';
import { parseUrl } from './url.ts';
import { nativeList, opaque, optional, type Value } from './value.ts';

type Test = (value: string) => boolean;

const label = /^[a-z0-9](?:[-a-z0-9]*[a-z0-9])?$/;
const oldLabel = /^[a-z](?:[-a-z0-9]*[a-z0-9])?$/;
const name = /^[A-Za-z0-9](?:[-A-Za-z0-9_.]*[A-Za-z0-9])?$/;
const uuid = /^[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}$/i;
const base64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

const tests: Readonly<Record<string, Test>> = {
  dns1123Label: isLabel,
  dns1123Subdomain: isSubdomain,
  dns1035Label: isOldLabel,
  qualifiedName: isQualifiedName,
  dns1123LabelPrefix: (value) => isLabel(withoutDash(value)),
  dns1123SubdomainPrefix: (value) => isSubdomain(withoutDash(value)),
  dns1035LabelPrefix: (value) => isOldLabel(withoutDash(value)),
  labelValue: (value) => value === '' || isName(value),
  uri: (value) => parseUrl(value) !== undefined,
  uuid: (value) => uuid.test(value),
  byte: (value) => value !== '' && base64.test(value),
  date: isDate,
  datetime: () => {
    throw new CelError('the format datetime is not supported');
  },
};

export const formats: readonly Overload[] = [
  ...Object.keys(tests).map((format) =>
    define(`format.${format}(): kubernetes.NamedFormat`, () => wrap(format)),
  ),
  define('format.named(string): optional_type(kubernetes.NamedFormat)', ([a]) =>
    optional(Object.hasOwn(tests, text(a)) ? wrap(text(a)) : undefined),
  ),
  define('kubernetes.NamedFormat.validate(string): optional_type(list(string))', ([a, b]) =>
    optional(testOf(a)(text(b)) ? undefined : nativeList(['the format does not match'])),
  ),
];

function wrap(format: string): Value {
  return opaque('kubernetes.NamedFormat', { identity: format });
}

function testOf(value: Value | undefined): Test {
  if (isOpaque(value, 'kubernetes.NamedFormat') && 'identity' in value.data) {
    const test = tests[String(value.data.identity)];
    if (test) return test;
  }
  throw noOverload();
}

function isLabel(value: string): boolean {
  return value.length <= 63 && label.test(value);
}

function isOldLabel(value: string): boolean {
  return value.length <= 63 && oldLabel.test(value);
}

function isSubdomain(value: string): boolean {
  return value.length <= 253 && value.split('.').every((part) => label.test(part));
}

function isName(value: string): boolean {
  return value.length <= 63 && name.test(value);
}

function isQualifiedName(value: string): boolean {
  const [first = '', second, ...more] = value.split('/');
  if (second === undefined) return isName(first);
  return more.length === 0 && isSubdomain(first) && isName(second);
}

/** What Kubernetes does to a name that ends in a dash, when it is to be completed. */
function withoutDash(value: string): string {
  return value.length > 1 && value.endsWith('-') ? `${value.slice(0, -2)}a` : value;
}

function isDate(value: string): boolean {
  const [, year, month, day] = /^(\d{4})-(\d\d)-(\d\d)$/.exec(value) ?? [];
  const date = new Date(0);
  date.setUTCFullYear(Number(year), Number(month) - 1, Number(day));
  return date.getUTCMonth() === Number(month) - 1 && date.getUTCDate() === Number(day);
}
