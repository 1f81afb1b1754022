// Remembers answers for a short time, and a bounded number of them.

export interface BriefMemory<T> {
  readonly get: (key: string) => T | undefined;
  /** `at`: from when it counts, in milliseconds since 1970. */
  readonly set: (key: string, value: T, at: number) => void;
}

export interface BriefMemoryOptions {
  readonly ttlMs: number;
  readonly maxEntries: number;
  readonly now: () => number;
}

interface Entry<T> {
  readonly value: T;
  readonly at: number;
}

/** A memory that drops its oldest entries when it is full, and what has become too old at the next set. */
export function createBriefMemory<T>(options: BriefMemoryOptions): BriefMemory<T> {
  const { ttlMs, maxEntries, now } = options;
  const entries = new Map<string, Entry<T>>(); // a Map keeps the order in which they came

  function isFresh({ at }: Entry<T>): boolean {
    const age = now() - at;
    return age >= 0 && age < ttlMs; // a clock that was set back makes nothing last longer
  }
  return {
    get: (key) => {
      const entry = entries.get(key);
      return entry && isFresh(entry) ? entry.value : undefined;
    },
    set: (key, value, at) => {
      entries.delete(key);
      entries.set(key, { value, at });
      for (const [oldest, entry] of entries) {
        if (entries.size <= maxEntries && isFresh(entry)) return;
        entries.delete(oldest);
      }
    },
  };
}
