/** Kubernetes' own CEL environment, the program of test/oracle/cel: what it is asked, and what it answers. */
import type { Progress } from '../../lab/parts/step.ts';
import { askGoOracle, provideGoOracle } from './go-oracle.ts';

export interface Question {
  readonly variable: 'claims' | 'user';
  readonly source: string;
  readonly input: unknown;
}

export interface Answer {
  readonly compileError?: string;
  readonly type?: string;
  /** Numbers as Go prints them; absent for what oidc.go can't take apart. */
  readonly value?: unknown;
  readonly error?: string;
}

/** The program's path; builds it when these sources were not built yet. Throws a sentence when Go is missing. */
export function provideCelOracle(progress: Progress): Promise<string> {
  return provideGoOracle('cel', progress);
}

/** Asks all questions at once; the answers come in their order. */
export function askOracle(
  program: string,
  questions: readonly Question[],
): Promise<readonly Answer[]> {
  return askGoOracle<Answer>(program, questions);
}
