// Remembers for a short time who was allowed to be whom: in a mode, so that of another request only
// what depends on the request is asked, and for a request, so that of the same one nothing is.
import { hash } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import type { Identity } from '../identity/identity.ts';
import { rememberByObject } from '../lib/remember-by-object.ts';

export interface TargetKey {
  /** What it was allowed for: a mode, or a request. */
  readonly about: readonly string[];
  readonly requester: Identity;
  readonly requested: Identity;
}

export interface ProvenTarget {
  readonly outbound: Identity;
  /** When the oldest answer was given that it rests on, in milliseconds since 1970. */
  readonly at: number;
}

export interface ProvenTargets {
  readonly get: (key: TargetKey) => ProvenTarget | undefined;
  readonly set: (key: TargetKey, target: ProvenTarget) => void;
}

export interface ProvenTargetsOptions {
  readonly ttlMs: number;
  readonly now: () => number;
}

const maxRemembered = 10_000;

/** The same target is the same object each time, so that its headers are made once. */
export function createProvenTargets({ ttlMs, now }: ProvenTargetsOptions): ProvenTargets {
  const entries = new LRUCache<string, ProvenTarget>({ max: maxRemembered });
  return {
    get: (key) => {
      const entry = entries.get(digest(key));
      const age = entry ? now() - entry.at : ttlMs;
      return entry && age >= 0 && age < ttlMs ? entry : undefined;
    },
    set: (key, target) => void entries.set(digest(key), target),
  };
}

/** JSON keeps every part apart from the next. */
function digest({ about, requester, requested }: TargetKey): string {
  const text = JSON.stringify([about, digestOf(requester), textOf(requested)]);
  return hash('sha256', text, 'base64');
}

/** A remembered token's identity is the same object at every check. */
const digestOf = rememberByObject((identity: Identity) =>
  hash('sha256', textOf(identity), 'base64'),
);

function textOf({ username, uid, groups, extra }: Identity): string {
  return JSON.stringify([username, uid, groups, Object.entries(extra)]);
}
