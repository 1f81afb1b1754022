// Who a request asks to be (kubectl --as), as kube-apiserver reads the Impersonate-* headers:
// pkg/endpoints/filters/impersonation (processImpersonationHeaders, buildImpersonationRequests) at v0.36.3.
import { isUtf8 } from 'node:buffer';
import { Denial } from '../denial/denial.ts';
import type { Identity } from '../identity/identity.ts';
import type { ClientHeaders, HeaderLine } from '../request/request.ts';
import { refuseWithoutUser } from './without-user.ts';

export interface ReadingRules {
  /** Which of kube-apiserver's two filters is meant; they word one refusal differently. */
  readonly constrained: boolean;
  /** Of user, uid, groups and extras together. */
  readonly maxHeaderValues: number;
}

type Lists = Readonly<Record<string, readonly string[]>>;

const extraPrefix = 'impersonate-extra-';
const names: readonly string[] = ['impersonate-user', 'impersonate-uid', 'impersonate-group'];

/**
 * The user that is asked for, nothing added to it; undefined when nobody is. Throws Denial: 400 for
 * what is malformed, 431 for more values than are looked at.
 */
export function readRequestedUser(
  { impersonation, joined }: Pick<ClientHeaders, 'impersonation' | 'joined'>,
  { constrained, maxHeaderValues }: ReadingRules,
): Identity | undefined {
  if (impersonation.length === 0) return undefined;
  refuseUnknown(impersonation);
  if (joined) refuseJoined(impersonation);
  const requested = {
    username: valuesOf(impersonation, 'impersonate-user')[0] ?? '',
    uid: valuesOf(impersonation, 'impersonate-uid')[0] ?? '',
    groups: valuesOf(impersonation, 'impersonate-group'),
    extra: readExtra(impersonation),
  };
  if (requested.username === '') {
    refuseWithoutUser(requested, constrained);
    return undefined;
  }
  refuseTooMany(requested, maxHeaderValues);
  return requested;
}

function valuesOf(lines: readonly HeaderLine[], wanted: string): readonly string[] {
  return lines.filter(({ name }) => name === wanted).map(({ value }) => value);
}

function readExtra(lines: readonly HeaderLine[]): Lists {
  const extra = new Map<string, string[]>();
  for (const { name, value } of lines) {
    if (!name.startsWith(extraPrefix)) continue;
    const key = unescapeKey(name.slice(extraPrefix.length));
    const values = extra.get(key) ?? [];
    values.push(value);
    extra.set(key, values);
  }
  return Object.fromEntries(extra);
}

/** Go's url.PathUnescape; what it can't read stays as it is. */
function unescapeKey(escaped: string): string {
  if (/[^!-~]/.test(escaped))
    throw malformed('the name of an Impersonate-Extra header is not ASCII');
  if (/%(?![0-9a-f]{2})/.test(escaped)) return escaped;
  const bytes = Buffer.from(
    escaped.replaceAll(/%(..)/g, (_, code: string) => String.fromCharCode(parseInt(code, 16))),
    'latin1',
  );
  if (isUtf8(bytes)) return bytes.toString('utf8');
  throw malformed('the key of an Impersonate-Extra header is not UTF-8');
}

function refuseUnknown(lines: readonly HeaderLine[]): void {
  const unknown = lines.find(({ name }) => !names.includes(name) && !name.startsWith(extraPrefix));
  if (unknown === undefined) return;
  throw malformed(
    `the header "${unknown.name}" is none of Kubernetes: Impersonate-User, Impersonate-Uid, Impersonate-Group and Impersonate-Extra-<key> are`,
  );
}

/** A comma may stand between two lines or inside of one. */
function refuseJoined(lines: readonly HeaderLine[]): void {
  const unclear = lines.find(({ value }) => value.includes(','));
  if (unclear === undefined) return;
  throw malformed(
    `it can't be told whether the header "${unclear.name}" came once or several times; have Envoy keep header lines apart (encode_raw_headers in its ext_authz filter)`,
  );
}

function refuseTooMany({ uid, groups, extra }: Identity, most: number): void {
  const values = Object.values(extra).reduce((sum, list) => sum + list.length, groups.length);
  const count = 1 + (uid === '' ? 0 : 1) + values;
  if (count <= most) return;
  throw new Denial(
    'impersonation_too_large',
    `the request asks for an identity of ${count} values, and at most ${most} are looked at; leave out groups or extras`,
  );
}

function malformed(message: string): Denial {
  return new Denial('impersonation_malformed', message);
}
