/** Tokens for the checks: alice's, signed with both kinds of keys that issuers use, and the one that stands for our own. */
import { mintForAlice } from '../lab/alice.ts';
import {
  createSigningKey,
  jwksPath,
  publicPart,
  startIssuer,
  type Issuer,
  type SigningKey,
} from '../lab/issuer.ts';
import { encodeCheck } from './check-request.ts';
import type { EncodedRequest } from './http2-frames.ts';

export interface TwoKeyIssuer {
  readonly issuer: Issuer;
  readonly keys: { readonly RS256: SigningKey; readonly ES256: SigningKey };
}

/** An issuer that publishes an RSA key of 2048 bits and a P-256 key. */
export async function startTwoKeyIssuer(): Promise<TwoKeyIssuer> {
  const issuer = await startIssuer({ algorithm: 'RS256' });
  const keys = { RS256: issuer.key, ES256: await createSigningKey('ES256') };
  const published = JSON.stringify({ keys: Object.values(keys).map(publicPart) });
  issuer.replaceHandler(jwksPath, (_, response) => response.end(published));
  return { issuer, keys };
}

/** Checks with `size` tokens nobody has seen, for each of the rounds. */
export async function mintChecks(
  { issuer, key }: { readonly issuer: Issuer; readonly key: SigningKey },
  rounds: number,
  size: number,
): Promise<readonly (readonly EncodedRequest[])[]> {
  const batches: EncodedRequest[][] = [];
  for (let round = 0; round < rounds; round += 1) {
    const mints = Array.from({ length: size }, () => mintForAlice(issuer, { key }));
    batches.push((await Promise.all(mints)).map(({ token }) => encodeCheck(token)));
  }
  return batches;
}

/** As long as a service account's token that is bound to a pod. */
export function mintUpstreamToken(issuer: Issuer): Promise<string> {
  const uid = 'f6a54d06-3e0f-4a53-9d8b-9a36cf2ef37c';
  return issuer.mint({
    iss: 'https://kubernetes.default.svc.cluster.local',
    aud: ['https://kubernetes.default.svc.cluster.local'],
    exp: Math.floor(Date.now() / 1000) + 3600,
    jti: uid,
    sub: 'system:serviceaccount:kube-ext-authz:kube-ext-authz',
    'kubernetes.io': {
      namespace: 'kube-ext-authz',
      node: { name: 'node-1', uid },
      pod: { name: 'kube-ext-authz-5c8d7b9f6-x2x7p', uid },
      serviceaccount: { name: 'kube-ext-authz', uid },
    },
  });
}
