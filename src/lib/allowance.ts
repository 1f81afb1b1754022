// Bounds how often something is done, with some in reserve for a burst.

export interface AllowanceOptions {
  /** How many at once after a quiet time. */
  readonly burst: number;
  /** How many come back each second. */
  readonly perSecond: number;
  /** Milliseconds, of a clock that is never set back; default performance.now. */
  readonly now?: () => number;
}

/** Each call takes one; false when there is none left. */
export function createAllowance(options: AllowanceOptions): () => boolean {
  const { burst, perSecond, now = () => performance.now() } = options;
  let left = burst;
  let lastAt = now();
  return () => {
    const at = now();
    left = Math.min(burst, left + ((at - lastAt) / 1000) * perSecond);
    lastAt = at;
    if (left < 1) return false;
    left -= 1;
    return true;
  };
}
