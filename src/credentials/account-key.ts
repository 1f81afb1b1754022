import type { TokenAccount } from '../kube/token-account.ts';
import { rememberByObject } from '../lib/remember-by-object.ts';

/** Tells accounts apart: the same for two that one token serves. */
export const accountKey = rememberByObject((account: TokenAccount): string => {
  const { namespace, name, audiences, expirationSeconds, boundPod } = account;
  const pod = boundPod && [boundPod.name, boundPod.uid];
  return JSON.stringify([namespace, name, audiences, expirationSeconds, pod]);
});
