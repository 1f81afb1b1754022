// What a token says without being proven: when it ends, and how large an identity it becomes.
import type { Config } from '../config/config.ts';
import { isRecord, type Claims } from '../identity/claims.ts';
import type { Identity } from '../identity/identity.ts';
import { mapClaims } from '../identity/map-claims.ts';
import { errorMessage } from '../lib/error-message.ts';
import { configField, type IdentityFact } from './installation.ts';

/** The claims of a JWT; undefined when it is none. */
export function claimsOf(token: string): Claims | undefined {
  try {
    const payload = Buffer.from(token.split('.')[1] ?? '', 'base64url').toString('utf8');
    const claims: unknown = JSON.parse(payload);
    return isRecord(claims) ? claims : undefined;
  } catch {
    return undefined; // not a JWT
  }
}

/** A number among the claims. */
export function numberClaim(claims: Claims | undefined, name: string): number | undefined {
  const value = claims?.[name];
  return typeof value === 'number' ? value : undefined;
}

/** Lines that every request has besides those of an identity: about as many as kubectl and Envoy send. */
const ordinaryLines = 20;
const ordinaryBytes = 2_048;

/** How large the request of that token's user gets; nothing is verified. */
export function identityFact(config: Config, token: string): IdentityFact {
  const field = configField('--token-file');
  const bytes = Buffer.byteLength(token);
  const refused = (fault: string): IdentityFact => ({ field, fault, lines: 0, bytes });
  const claims = claimsOf(token);
  if (!claims) return refused('it is no JWT');
  const entry = config.jwt.find(({ issuer }) => issuer.url === claims['iss']);
  if (!entry) return refused('no entry of jwt has its issuer');
  try {
    const lines = linesOf(withOwnExtra(mapClaims(claims, entry), config));
    const total = lines.reduce(
      (sum, [name, value]) => sum + Buffer.byteLength(name + value) + 4,
      0,
    );
    return {
      field,
      fault: undefined,
      lines: lines.length + ordinaryLines,
      bytes: total + bytes + ordinaryBytes,
    };
  } catch (error) {
    return refused(errorMessage(error));
  }
}

function linesOf({
  username,
  uid,
  groups,
  extra,
}: Identity): readonly (readonly [string, string])[] {
  return [
    ['impersonate-user', username],
    ...(uid === '' ? [] : [['impersonate-uid', uid] as const]),
    ...[...groups, 'system:authenticated'].map((group) => ['impersonate-group', group] as const),
    ...Object.entries(extra).flatMap(([key, values]) =>
      values.map((value) => [`impersonate-extra-${key}`, value] as const),
    ),
  ];
}

function withOwnExtra(identity: Identity, { extra }: Config): Identity {
  return { ...identity, extra: { ...identity.extra, ...extra.static } };
}
