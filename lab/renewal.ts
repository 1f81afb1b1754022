/** Keeps short-lived credentials fresh in place, as a kubelet does with the tokens of its pods. */

export interface Lifetime {
  /** Milliseconds since the epoch. */
  readonly begins: number;
  readonly ends: number;
}

export interface Renewal {
  stop(): void;
}

// The wall clock is looked at this often: a timer of the whole length would sleep on while the machine is suspended.
const checkMs = 10_000;

/**
 * Calls `renew`, which puts a new credential in place and returns how long it lives, now and whenever 80 % of that is over; rejects
 * when the first call does. A later failure is told to `onFailure`, and tried again in ten seconds.
 */
export async function keepRenewed(
  renew: () => Promise<Lifetime>,
  onFailure: (error: unknown) => void,
): Promise<Renewal> {
  let dueAt = renewalTime(await renew());
  let busy = false;
  const check = async (): Promise<void> => {
    if (busy || Date.now() < dueAt) return;
    busy = true;
    try {
      dueAt = renewalTime(await renew());
    } catch (error) {
      onFailure(error);
    } finally {
      busy = false;
    }
  };
  const timer = setInterval(() => void check(), checkMs).unref();
  return { stop: () => clearInterval(timer) };
}

function renewalTime({ begins, ends }: Lifetime): number {
  return begins + 0.8 * (ends - begins);
}
