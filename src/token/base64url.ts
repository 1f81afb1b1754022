// Base64url as Go's base64.RawURLEncoding reads it; Buffer.from passes over letters that are none.

/** The bytes; undefined when it is no text or not in base64url. Line breaks may stand in it, padding may not. */
export function decodeBase64url(value: unknown): Buffer | undefined {
  if (typeof value !== 'string') return undefined;
  const letters = value.replaceAll(/[\r\n]/g, '');
  if (!/^[A-Za-z0-9_-]*$/.test(letters) || letters.length % 4 === 1) return undefined;
  return Buffer.from(letters, 'base64url');
}
