// A JWT in the open: what is in it is shown, not believed.

export interface DecodedToken {
  readonly text: string;
  readonly header: Readonly<Record<string, unknown>>;
  readonly claims: Readonly<Record<string, unknown>>;
  /** Whether there is a third part with anything in it. */
  readonly isSigned: boolean;
}

/** Takes a compact JWS apart, less strictly than the server does. Throws a sentence that quotes nothing of it. */
export function decodeToken(input: string): DecodedToken {
  const text = input.trim().replace(/^(?:authorization:\s*)?bearer\s+/i, '');
  if (text === '') throw new Error('there is no token: what was read is empty');
  const parts = text.split('.');
  if (parts.length === 5) {
    throw new Error('the token is encrypted (a JWE): only the holder of its key can read it');
  }
  if (parts.length !== 3) {
    throw new Error(
      `what was read is no JWT: a JWT has three parts with dots between them, not ${parts.length}`,
    );
  }
  const [header = '', payload = '', signature = ''] = parts;
  return {
    text,
    header: decodeObject(header, 'first'),
    claims: decodeObject(payload, 'second'),
    isSigned: signature !== '',
  };
}

function decodeObject(part: string, which: string): Readonly<Record<string, unknown>> {
  const value = parseJson(Buffer.from(part, 'base64url').toString('utf8'));
  if (isObject(value)) return value;
  throw new Error(`what was read is no JWT: its ${which} part is no JSON object in base64url`);
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
