// What Go's decoders in kube-apiserver refuse of a token's form, though JSON.parse takes it:
// go-jose v2 (shared.go, rawHeader; json/decode.go) and go-oidc v2.5.0 (verify.go, idToken).
import { isRecord, type Claims } from '../identity/claims.ts';
import { parseCertificateChain } from './certificate-chain.ts';
import { decodeJsonWebKey } from './json-web-key.ts';

type Check = (value: unknown) => boolean;

const registered: Readonly<Record<string, Check>> = {
  iss: isTextOrNull,
  sub: isTextOrNull,
  nonce: isTextOrNull,
  at_hash: isTextOrNull,
  aud: () => true,
  exp: () => true,
  iat: () => true,
  nbf: () => true,
  _claim_names: (value) =>
    value === null || (isRecord(value) && Object.values(value).every(isTextOrNull)),
  _claim_sources: (value) =>
    value === null || (isRecord(value) && Object.values(value).every(isSource)),
};

// Go finds a member by Unicode's simple case folding, as the flag `i` does with `u`: ſ (U+017F) is an s.
const anySpelling = new RegExp(`^(?:${Object.keys(registered).join('|')})$`, 'iu');
const sourceMembers = ['endpoint', 'access_token'];
const anySourceMember = new RegExp(`^(?:${sourceMembers.join('|')})$`, 'iu');

/** Whether the registered claims have the types they must have, and no other spelling of them is there: Go reads `EXP` as `exp`. */
export function hasStrictClaims(claims: Claims): boolean {
  return (
    hasEverySource(claims) &&
    Object.entries(claims).every(([name, value]) => {
      const check = registered[name];
      if (Object.hasOwn(registered, name) && check) return check(value);
      return !anySpelling.test(name);
    })
  );
}

/** Whether every header that go-jose decodes has its type; keys that a header brings are looked at for that alone. */
export function hasStrictHeader(header: Claims): boolean {
  const { kid, nonce, jwk, x5c, b64 } = header;
  return (
    isTextOrNone(kid) &&
    isTextOrNone(nonce) &&
    (jwk === undefined || jwk === null || isPublicJwk(jwk)) &&
    succeeds(() => parseCertificateChain(x5c)) &&
    b64 !== false
  );
}

/** Each claim that is kept elsewhere names where. */
function hasEverySource({ _claim_names: names, _claim_sources: sources }: Claims): boolean {
  if (!isRecord(names)) return true;
  const known = isRecord(sources) ? sources : {};
  return Object.values(names).every(
    (name) => typeof name === 'string' && name !== '' && Object.hasOwn(known, name),
  );
}

function isTextOrNull(value: unknown): boolean {
  return value === null || typeof value === 'string';
}

function isTextOrNone(value: unknown): boolean {
  return value === undefined || isTextOrNull(value);
}

function isSource(value: unknown): boolean {
  if (!isRecord(value)) return value === null;
  return Object.entries(value).every(([name, member]) => {
    if (!anySourceMember.test(name)) return true;
    return sourceMembers.includes(name) && isTextOrNull(member);
  });
}

function isPublicJwk(value: unknown): boolean {
  return succeeds(() => {
    const { isPublic, publicKey } = decodeJsonWebKey(value);
    const exponent = publicKey?.asymmetricKeyDetails?.publicExponent ?? 1n;
    // Go holds the exponent in 64 bits.
    if (isPublic && publicKey && BigInt.asIntN(64, exponent) !== 0n) return;
    throw new Error('it is no public key');
  });
}

function succeeds(work: () => unknown): boolean {
  try {
    work();
    return true;
  } catch {
    return false; // what is wrong is said in one sentence for all
  }
}
