/** Replies of kube-ext-authz, as the design has them, and what tests make of them. */
import { toStruct } from './authz-stub.ts';

export type Metadata = Parameters<typeof toStruct>[0];

export interface AllowOptions {
  readonly headers?: Readonly<Record<string, string>>;
  readonly remove?: readonly string[];
  readonly metadata?: Metadata;
}

export const decision = {
  username: 'alice',
  issuer: 'lab',
  actAs: 'impersonate',
  auditID: '2c3d5b2a-6a0e-4f4b-9f0e-0d5a7f3c1b11',
} as const;

export const groups = ['dev', 'ops,night', 'a b', 'größe', 'system:authenticated'] as const;

/** What a check that went well says of alice. */
export const aliceMetadata = {
  headers: {
    'impersonate-user': ['alice'],
    'impersonate-group': groups,
    'impersonate-extra-team%2fname': ['blue', 'green,red'],
  },
  decision,
} as const;

const aliceHeaders = {
  authorization: 'Bearer proxy-token',
  'impersonate-user': 'alice',
  'audit-id': decision.auditID,
} as const;

/** An OK reply; by default the one for alice. */
export function allow({
  headers = aliceHeaders,
  remove = [],
  metadata = aliceMetadata,
}: AllowOptions = {}): object {
  return {
    status: { code: 0 },
    ok_response: { headers: setHeaders(headers), headers_to_remove: remove },
    dynamic_metadata: toStruct(metadata),
  };
}

/** The OK reply of an issuer that acts as our own service account. */
export function allowAsServiceAccount(metadata: Metadata = {}): object {
  const { authorization, 'audit-id': auditId } = aliceHeaders;
  const acting = { headers: {}, decision: { ...decision, actAs: 'serviceAccount' }, ...metadata };
  return allow({ headers: { authorization, 'audit-id': auditId }, metadata: acting });
}

/** The OK reply for alice with other headers beside or instead of hers; undefined: without it. */
export function allowWith(headers: Readonly<Record<string, string | undefined>>): object {
  const all = Object.entries({ ...aliceHeaders, ...headers });
  const kept = all.flatMap(([key, value]) => (value === undefined ? [] : [[key, value] as const]));
  return allow({ headers: Object.fromEntries(kept) });
}

function setHeaders(headers: Readonly<Record<string, string>>): object[] {
  return Object.entries(headers).map(([key, value]) => ({
    header: { key, value },
    append: { value: false },
  }));
}
