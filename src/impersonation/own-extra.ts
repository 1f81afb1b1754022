// The extras that this proxy adds to an identity by itself, which therefore nobody else may bring.
import { Denial } from '../denial/denial.ts';
import type { Identity } from '../identity/identity.ts';

export interface OwnExtraSettings {
  /** What the extras that tell of the requester begin with, when a request asks to be somebody else. */
  readonly originalUserExtra: string;
  /** Whether the address of the client goes upstream. */
  readonly clientIP: boolean;
  /** Goes upstream with every request. */
  readonly static: Identity['extra'];
}

/** kube-oidc-proxy's name for it. */
const clientIPKey = 'remote-client-ip';

const originalUserParts = ['user', 'groups', 'uid', 'extra'] as const;

/** Every key that is ours alone. */
export function ownExtraKeys(settings: OwnExtraSettings): ReadonlySet<string> {
  return new Set([
    ...originalUserParts.map((part) => `${settings.originalUserExtra}-${part}`),
    ...(settings.clientIP ? [clientIPKey] : []),
    ...Object.keys(settings.static),
  ]);
}

/** Refuses an identity that brings what only we may say. Throws Denial. */
export function refuseOwnExtra(
  { extra }: Identity,
  ownKeys: ReadonlySet<string>,
  whose: 'token' | 'request',
): void {
  // kube-apiserver may read a name in another case as the same one.
  const forged = Object.keys(extra).find((key) => ownKeys.has(key.toLowerCase()));
  if (forged === undefined) return;
  throw new Denial(
    'reserved_name',
    `the ${whose} brings the extra "${forged}", which only this proxy itself may set`,
  );
}

/** Who asked to be the target, for the API server's audit log: the form is kube-oidc-proxy's. */
export function withOriginalUser(
  target: Identity,
  { username, groups, uid, extra }: Identity,
  prefix: string,
): Identity {
  const record: Readonly<Record<(typeof originalUserParts)[number], readonly string[]>> = {
    user: [username],
    groups,
    uid: uid === '' ? [] : [uid],
    extra: Object.keys(extra).length === 0 ? [] : [JSON.stringify(extra)],
  };
  const added = originalUserParts
    .filter((part) => record[part].length > 0)
    .map((part) => [`${prefix}-${part}`, record[part]] as const);
  return { ...target, extra: { ...target.extra, ...Object.fromEntries(added) } };
}

/** What every request carries besides. */
export function withConfiguredExtra(
  identity: Identity,
  settings: OwnExtraSettings,
  clientIP: string,
): Identity {
  const address = settings.clientIP && clientIP !== '' ? { [clientIPKey]: [clientIP] } : {};
  return { ...identity, extra: { ...identity.extra, ...settings.static, ...address } };
}
