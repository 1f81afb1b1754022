// Service accounts whose tokens are minted: how they are told apart, and what is said of them.
import { Denial } from '../denial/denial.ts';
import { rememberByObject } from '../lib/remember-by-object.ts';

/** Whose token, and which one (TokenRequest, authentication.k8s.io/v1). */
export interface Account {
  readonly namespace: string;
  readonly name: string;
  /** Empty: the API server's own. */
  readonly audiences: readonly string[];
  readonly expirationSeconds: number;
  /** The Pod that the token dies with. */
  readonly boundPod?: { readonly name: string; readonly uid: string } | undefined;
}

/** The same for two that one token serves. */
export const accountKey = rememberByObject((account: Account): string => {
  const { namespace, name, audiences, expirationSeconds, boundPod } = account;
  const pod = boundPod && [boundPod.name, boundPod.uid];
  return JSON.stringify([namespace, name, audiences, expirationSeconds, pod]);
});

/** Denial `credential_unavailable`. */
export function noToken({ namespace, name }: Account, why: string): Denial {
  return new Denial(
    'credential_unavailable',
    `there is no token of the service account ${namespace}/${name}: ${why}`,
  );
}
