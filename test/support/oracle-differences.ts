/** Where the two may end differently, each with its reason: we refuse what kube-apiserver takes, and never the other way. */
import { isUtf8 } from 'node:buffer';
import type { Draft } from './oracle-drafts.ts';
import type { EntryRules } from './oracle-entries.ts';
import type { UserInfo } from './oracle-pair.ts';

interface Difference {
  readonly reason: string;
  /** Whether it is this that we refuse in a token which kube-apiserver took for this user. */
  readonly applies: (user: UserInfo, draft: Draft, rules: EntryRules) => boolean;
}

/** What only we refuse. */
export const differences: readonly Difference[] = [
  {
    reason:
      'a blank name proves nobody, whatever stands before it; upstream it could be the proxy itself',
    applies: ({ username }, _, { claimMappings }) =>
      username.trim() === '' || isOnlyPrefix(username, claimMappings['username']),
  },
  {
    reason: 'nobody can be system:anonymous here, because every request must prove somebody',
    applies: ({ username }) => username === 'system:anonymous',
  },
  {
    reason: 'HTTP does not carry empty names, control characters or white space at the ends',
    applies: (user) => namesOf(user).some((name) => !isCarriable(name)),
  },
  {
    reason:
      'half a surrogate pair is no text; Go replaces it with U+FFFD, and two names become one',
    applies: (user, draft) =>
      namesOf(user).some((name) => name.includes('\ufffd')) && halfSurrogate.test(payloadOf(draft)),
  },
  {
    reason:
      'an extension that must be understood is refused, because none is known here (RFC 7515 §4.1.11)',
    applies: (_, { header }) => header.some(([name]) => name === 'crit'),
  },
  {
    reason:
      'the payload is always in base64url: RFC 7797 is not supported, least of all without crit',
    applies: (_, { header }) => header.some(([name, json]) => name === 'b64' && json === 'false'),
  },
  {
    reason: 'an RSA key has at least 2048 bits (RFC 7518 §3.3)',
    applies: (_, { key }) => (key.publicKey.asymmetricKeyDetails?.modulusLength ?? 2048) < 2048,
  },
  {
    reason: 'each ES algorithm has its own curve (RFC 7518 §3.4)',
    applies: (_, { key, alg }) => {
      const curve = key.publicKey.asymmetricKeyDetails?.namedCurve;
      return curve !== undefined && curve !== curveOf[alg];
    },
  },
  {
    reason: 'the salt of a PSS signature is as long as the hash (RFC 7518 §3.5)',
    applies: (_, { alg, sign }) => alg.startsWith('PS') && sign !== undefined,
  },
  {
    reason:
      'the signature covers the letters that were sent (RFC 7515 §5.2), not others for the same bytes',
    applies: (_, { finish }) => finish !== undefined,
  },
  {
    reason: 'the claims are UTF-8 (RFC 7519 §7.2); what is not, the two would replace differently',
    applies: (_, { claimBytes }) => typeof claimBytes === 'object' && !isUtf8(claimBytes),
  },
  {
    reason: 'claims are told apart by case (RFC 7519 §10.1.1), and Go reads EXP for exp',
    applies: (_, { claims }) =>
      claims.some(([name, json]) => isMisspelt(name) || json.includes('"Endpoint"')),
  },
  {
    reason: 'no name stands twice in an object (RFC 7519 §4), and Go reads both',
    applies: (_, { claims }) => repeats(claims) || repeatsInside(claims),
  },
  {
    reason: 'a number beyond all that can be held is refused wherever it stands, used or not',
    applies: (_, { claims }) => claims.some(([, json]) => /\b1e400\b/.test(json)),
  },
  {
    reason: 'a time beyond every calendar, which Go takes for one long ago',
    applies: (_, { claims }) =>
      claims.some(([name, json]) => name === 'nbf' && Number(json) > 1e18),
  },
];

/** Whether groups or an extra come from a map's keys, which Go gives in another order each time. */
export function isUnordered(draft: Draft, rules: EntryRules): boolean {
  return dynamicClaims(rules, /\.(map|filter)\(/).some((name) =>
    jsonOf(draft, name).startsWith('{'),
  );
}

/** The claims that stand as `dyn(claims.x)` in expressions with such a call. */
function dynamicClaims({ claimMappings }: EntryRules, call: RegExp): readonly string[] {
  const text = JSON.stringify(claimMappings);
  if (!call.test(text)) return [];
  return Array.from(text.matchAll(/dyn\(claims\.(\w+)\)/g), ([, name = '']) => name);
}

function jsonOf({ claims }: Draft, name: string): string {
  return claims.findLast(([other]) => other === name)?.[1] ?? '';
}

const registered = /^(iss|sub|aud|exp|iat|nbf|nonce|at_hash)$/iu;

function isMisspelt(name: string): boolean {
  return registered.test(name) && !/^[a-z_]+$/.test(name);
}

function repeats(claims: Draft['claims']): boolean {
  return new Set(claims.map(([name]) => name.toWellFormed())).size < claims.length;
}

function repeatsInside(claims: Draft['claims']): boolean {
  return claims.some(([, json]) => /"(\w+)":[^,]*,"\1":/.test(json));
}

const halfSurrogate = /\\ud[89a-f][0-9a-f]{2}/i;
const curveOf: Readonly<Record<string, string>> = {
  ES256: 'prime256v1',
  ES384: 'secp384r1',
  ES512: 'secp521r1',
};

function isOnlyPrefix(username: string, mapping: unknown): boolean {
  if (typeof mapping !== 'object' || mapping === null || !('prefix' in mapping)) return false;
  const { prefix } = mapping;
  return (
    typeof prefix === 'string' &&
    username.startsWith(prefix) &&
    username.slice(prefix.length).trim() === ''
  );
}

function payloadOf({ claims, claimBytes }: Draft): string {
  return claimBytes === undefined ? JSON.stringify(claims) : claimBytes.toString();
}

function namesOf({ username, uid, groups, extra }: UserInfo): readonly string[] {
  return [username, ...(uid === '' ? [] : [uid]), ...groups, ...Object.values(extra).flat()];
}

function isCarriable(name: string): boolean {
  // eslint-disable-next-line no-control-regex
  return name.trim() === name && !/[\u0000-\u001f\u007f]/.test(name);
}
