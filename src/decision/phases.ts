// The parts of a walk that may have to wait for the outside world: how long each took, and what is
// said when it takes too long.
import { Denial } from '../denial/denial.ts';
import { withinDeadline } from '../lib/within-deadline.ts';

export type Phase = 'token' | 'impersonation' | 'credential';

/** In milliseconds; a phase that had its answer at hand is not there. */
export type PhaseTimes = Partial<Record<Phase, number>>;

export interface PhaseLimits {
  /** Milliseconds since 1970: the answer must be there by then. */
  readonly deadline: number;
  /** Receives how long the parts took that had to wait. */
  readonly times?: PhaseTimes;
}

/** Resolves as the work does; rejects with Denial `deadline_exceeded` when that is too late. */
export async function runPhase<T>(
  phase: Phase,
  { deadline, times }: PhaseLimits,
  work: () => T | Promise<T>,
): Promise<T> {
  const begun = performance.now();
  const result = work();
  if (!(result instanceof Promise)) return result;
  try {
    return await withinDeadline(result, deadline, () => tooLate(phase));
  } finally {
    if (times) times[phase] = performance.now() - begun;
  }
}

const tooLateMessages: Readonly<Record<Phase, string>> = {
  token:
    'the token could not be checked in time, most likely because its issuer is slow; try again',
  impersonation:
    'the API server did not say in time whether the request may be made as somebody else; try again',
  credential: 'the API server did not give out a token of the service account in time; try again',
};

function tooLate(phase: Phase): Denial {
  return new Denial('deadline_exceeded', tooLateMessages[phase]);
}
