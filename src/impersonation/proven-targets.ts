// Remembers for a short time who was allowed to be whom, so that of a repeated request only what
// depends on the request itself is asked.
import { hash } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import type { Identity } from '../identity/identity.ts';
import { rememberByObject } from '../lib/remember-by-object.ts';
import type { ModeName } from './modes.ts';

export interface TargetKey {
  readonly mode: ModeName;
  readonly requester: Identity;
  readonly requested: Identity;
}

export interface ProvenTargets {
  readonly get: (key: TargetKey) => Identity | undefined;
  /** `at`: when the oldest answer was given that it rests on, in milliseconds since 1970. */
  readonly set: (key: TargetKey, outbound: Identity, at: number) => void;
}

export interface ProvenTargetsOptions {
  readonly ttlMs: number;
  readonly now: () => number;
}

interface Entry {
  readonly outbound: Identity;
  readonly at: number;
}

const maxRemembered = 10_000;

/** The same target is the same object each time, so that its headers are made once. */
export function createProvenTargets({ ttlMs, now }: ProvenTargetsOptions): ProvenTargets {
  const entries = new LRUCache<string, Entry>({ max: maxRemembered });
  return {
    get: (key) => {
      const entry = entries.get(digest(key));
      const age = entry ? now() - entry.at : ttlMs;
      return entry && age >= 0 && age < ttlMs ? entry.outbound : undefined;
    },
    set: (key, outbound, at) => void entries.set(digest(key), { outbound, at }),
  };
}

/** JSON keeps every part apart from the next. */
function digest({ mode, requester, requested }: TargetKey): string {
  const text = JSON.stringify([mode, digestOf(requester), textOf(requested)]);
  return hash('sha256', text, 'base64');
}

/** A remembered token's identity is the same object at every check. */
const digestOf = rememberByObject((identity: Identity) =>
  hash('sha256', textOf(identity), 'base64'),
);

function textOf({ username, uid, groups, extra }: Identity): string {
  return JSON.stringify([username, uid, groups, Object.entries(extra)]);
}
