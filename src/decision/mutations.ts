// From an Allow to what Envoy is told to change. Everything in it is a checked string: a metadata
// value without a kind aborts Envoy, and a name in both lists ends up absent.
import type { Identity } from '../identity/identity.ts';
import { rememberByObject } from '../lib/remember-by-object.ts';
import type { Allow } from './decision.ts';

export type HeaderLists = Readonly<Record<string, readonly string[]>>;

export interface Mutations {
  /** Each replaces every line of that name. */
  readonly set: readonly (readonly [name: string, value: string])[];
  readonly remove: readonly string[];
  /** What the finisher reads: the `impersonate-*` lines to send, and the decision. */
  readonly metadata: {
    readonly headers: HeaderLists;
    readonly decision: Readonly<Record<'username' | 'issuer' | 'actAs' | 'auditID', string>>;
  };
}

/** The changes that make the request the one that was allowed. Throws when they would not be safe. */
export function toMutations(allow: Allow): Mutations {
  const { auditID, issuer, actAs, outbound, token, isUpgrade, subprotocols } = allow;
  const impersonates = actAs === 'impersonate';
  const set: (readonly [string, string])[] = [
    ['authorization', `Bearer ${token}`],
    ['audit-id', auditID],
  ];
  if (impersonates) set.push(['impersonate-user', outbound.username]);
  // Envoy forwards an upgrade's Connection header as it came; this one names no other header.
  if (isUpgrade) set.push(['connection', 'Upgrade']);
  if (subprotocols !== undefined) set.push(['sec-websocket-protocol', subprotocols]);
  const names = new Set(set.map(([name]) => name));
  return assertSafe({
    set,
    remove: allow.remove.filter((name) => !names.has(name.toLowerCase())),
    metadata: {
      headers: impersonates ? impersonateHeaders(outbound) : {},
      decision: { username: outbound.username, issuer, actAs, auditID },
    },
  });
}

/** Every `impersonate-*` line of an identity, by name. A remembered token's identity is the same object at every check. */
export const impersonateHeaders = rememberByObject(toImpersonateHeaders);

function toImpersonateHeaders({ username, uid, groups, extra }: Identity): HeaderLists {
  const entries: (readonly [string, readonly string[]])[] = [
    ['impersonate-user', [username]],
    ...(uid === '' ? [] : [['impersonate-uid', [uid]] as const]),
    ...(groups.length === 0 ? [] : [['impersonate-group', groups] as const]),
    ...Object.entries(extra)
      .filter(([, values]) => values.length > 0)
      .map(([key, values]) => [`impersonate-extra-${escapeExtraKey(key)}`, values] as const),
  ];
  return Object.fromEntries(entries);
}

/**
 * client-go's escaping (transport/round_trippers.go, headerKeyEscape, at v0.36.3) and upper-case
 * letters too, because kube-apiserver lower-cases the name before it decodes it.
 */
function escapeExtraKey(key: string): string {
  return Array.from(Buffer.from(key, 'utf8'), (byte) => {
    const character = String.fromCharCode(byte);
    const plain = /[a-z0-9!#$&'*+.^_`|~-]/.test(character);
    return plain ? character : `%${byte.toString(16).padStart(2, '0')}`;
  }).join('');
}

/** The last look before a token of ours leaves: without a user beside it, it would be us. */
function assertSafe(mutations: Mutations): Mutations {
  const { set, remove, metadata } = mutations;
  const { actAs, username } = metadata.decision;
  const user = set.find(([name]) => name === 'impersonate-user')?.[1];
  const isWhole = actAs === 'serviceAccount' ? user === undefined : user === username;
  const {
    'impersonate-user': users = [],
    'impersonate-uid': uids = [],
    ...lists
  } = metadata.headers;
  const required = [...set.map(([, value]) => value), ...users, ...uids];
  const optional = Object.values(lists)
    .flat()
    .filter((value) => value !== '');
  if (!isWhole || [...required, ...optional].some((value) => value.trim() === '')) {
    throw new Error('the mutations of an allowed request are incomplete');
  }
  if (remove.some((name) => set.some(([other]) => other === name.toLowerCase()))) {
    throw new Error('the mutations of an allowed request contradict each other');
  }
  return mutations;
}
