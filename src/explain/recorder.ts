// Does the steps of the walk one by one and notes how each ends: the first that throws is the last.
import type { Row, Step, StepName } from './trace.ts';

/** What there is to say of a step, whether it goes well or not. */
export interface Work<T> {
  readonly step: StepName;
  readonly rows?: () => readonly Row[];
  readonly work: () => T | Promise<T>;
  readonly says: (value: T) => string;
}

export interface Recorder {
  readonly steps: readonly Step[];
  /** Resolves as the work does; what it throws is noted and thrown on. */
  readonly take: <T>(work: Work<T>) => Promise<T>;
  /** Notes what is not looked at. */
  readonly leaveOut: (step: StepName, says: string, rows?: readonly Row[]) => void;
}

/** Nothing is noted yet. */
export function createRecorder(): Recorder {
  const steps: Step[] = [];
  return {
    steps,
    take: async ({ step, rows = () => [], work, says }) => {
      try {
        const value = await work();
        steps.push({ step, outcome: 'good', says: says(value), rows: rows() });
        return value;
      } catch (error) {
        steps.push({ step, outcome: 'refused', says: sentenceOf(error), rows: rows() });
        throw error;
      }
    },
    leaveOut: (step, says, rows = []) => void steps.push({ step, outcome: 'leftOut', says, rows }),
  };
}

/** A refusal's sentence, and the reason behind it that the server would write to its log. */
export function sentenceOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { message, cause } = error;
  return cause instanceof Error ? `${message} (${cause.message})` : message;
}
