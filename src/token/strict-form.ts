// What Go's decoders in kube-apiserver refuse of a token's form, though JSON.parse takes it:
// go-jose v2 (shared.go, rawHeader; json/decode.go) and go-oidc v2.5.0 (verify.go, idToken).
import { createPublicKey, X509Certificate, type JsonWebKey } from 'node:crypto';
import { isRecord, isStringArray, type Claims } from '../identity/claims.ts';

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

/** Whether the registered claims have the types they must have, and no other spelling of them is there: Go reads `EXP` as `exp`. */
export function hasStrictClaims(claims: Claims): boolean {
  return (
    hasEverySource(claims) &&
    Object.entries(claims).every(([name, value]) => {
      const check = registered[name];
      if (Object.hasOwn(registered, name) && check) return check(value);
      return !Object.hasOwn(registered, name.toLowerCase());
    })
  );
}

/** Whether every header that go-jose decodes has its type; keys that a header brings are looked at for that alone. */
export function hasStrictHeader(header: Claims, text: string): boolean {
  const { kid, nonce, jwk, x5c, b64 } = header;
  return (
    isTextOrNone(kid) &&
    isTextOrNone(nonce) &&
    (jwk === undefined || jwk === null || isPublicJwk(jwk)) &&
    (x5c === undefined || x5c === null || (isStringArray(x5c) && x5c.every(isCertificate))) &&
    b64 !== false &&
    !hasNameTwice(text)
  );
}

/** Each claim that is kept elsewhere names where. */
function hasEverySource({ _claim_names: names, _claim_sources: sources }: Claims): boolean {
  if (!isRecord(names)) return true;
  const known = isRecord(sources) ? sources : {};
  return Object.values(names).every(
    (name) => typeof name === 'string' && Object.hasOwn(known, name),
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
  return isTextOrNull(value['endpoint'] ?? null) && isTextOrNull(value['access_token'] ?? null);
}

function isPublicJwk(value: unknown): boolean {
  if (!isRecord(value) || 'd' in value || 'k' in value) return false;
  try {
    const key: JsonWebKey = { ...value };
    return createPublicKey({ key, format: 'jwk' }).type === 'public';
  } catch {
    return false; // not a key, or one of a kind that is not known
  }
}

function isCertificate(base64: string): boolean {
  try {
    return new X509Certificate(Buffer.from(base64, 'base64')).raw.length > 0;
  } catch {
    return false; // not a certificate
  }
}

/** Names of the outermost object only; the text is known to be JSON. */
function hasNameTwice(text: string): boolean {
  const names = new Set<string>();
  let depth = 0;
  for (const [token] of text.matchAll(/"(?:[^"\\]|\\.)*"(?:\s*:)?|[{}[\]]/g)) {
    if (token === '{' || token === '[') depth += 1;
    else if (token === '}' || token === ']') depth -= 1;
    else if (depth === 1 && token.endsWith(':')) {
      const name = String(JSON.parse(token.replace(/\s*:$/, '')));
      if (names.has(name)) return true;
      names.add(name);
    }
  }
  return false;
}
