/** How much is measured: the rounds, and the requests that each way gets in a round of a contest. */

export interface Plan {
  readonly rounds: number;
  readonly knownToken: number;
  readonly newTokens: number;
  readonly throughEnvoy: number;
  /** The same, one request at a time. */
  readonly alone: number;
  readonly newAlone: number;
  readonly throughEnvoyAlone: number;
  /** Of somebody whom nobody asked to be before. */
  readonly newTargets: number;
  /** Different tokens that one server is shown. */
  readonly manyTokens: number;
}

/** More than ten thousand new tokens: kube-ext-authz remembers no more than that. */
export const fullPlan: Plan = {
  rounds: 5,
  knownToken: 10_000,
  newTokens: 2_000,
  throughEnvoy: 3_000,
  alone: 1_000,
  newAlone: 200,
  throughEnvoyAlone: 500,
  newTargets: 200,
  manyTokens: 100_000,
};

export const quickPlan: Plan = {
  rounds: 2,
  knownToken: 200,
  newTokens: 100,
  throughEnvoy: 100,
  alone: 20,
  newAlone: 20,
  throughEnvoyAlone: 20,
  newTargets: 10,
  manyTokens: 2_000,
};
