// Reads the API server's answer to a TokenReview: whatever is not clearly a yes is a denial.
import { Denial } from '../denial/denial.ts';
import type { KubeAnswer } from './client.ts';
import {
  garbage as garbageOf,
  isRecord,
  readReviewStatus,
  type ReviewTerms,
} from './review-faults.ts';

export { unavailable } from './review-faults.ts';

/** TokenReview's status.user (authentication.k8s.io/v1, types.go, UserInfo). */
export interface ReviewedUser {
  /** Not blank. */
  readonly username: string;
  /** Empty when there is none. */
  readonly uid: string;
  readonly groups: readonly string[];
  readonly extra: Readonly<Record<string, readonly string[]>>;
}

/** What was asked. */
export interface Asked {
  readonly token: string;
  readonly audiences: readonly string[];
}

const terms: ReviewTerms = {
  kind: 'TokenReview',
  apiVersion: 'authentication.k8s.io/v1',
  resource: 'tokenreviews.authentication.k8s.io',
  topics: 'tokens',
  topic: 'the token',
};

/** Who the token proves. Throws Denial: `token_rejected` when the API server says no, else `review_unavailable`. */
export function readReviewAnswer(answer: KubeAnswer, asked: Asked): ReviewedUser {
  const result = readReviewStatus(answer, terms, (text) => withoutToken(text, asked));
  const { authenticated = false, error = '', user } = result;
  if (typeof authenticated !== 'boolean') throw garbage('status.authenticated is not a boolean');
  if (typeof error !== 'string') throw garbage('status.error is not a string');
  if (!authenticated || error !== '') throw rejected(error, asked);
  const confirmed = strings(result['audiences'], 'audiences');
  // An API server that doesn't know of audiences leaves them out: its yes is for any audience.
  if (asked.audiences.length > 0 && !confirmed.some((one) => asked.audiences.includes(one))) {
    throw new Denial(
      'token_rejected',
      'the API server does not say that the token is for an audience that is accepted here',
    );
  }
  const found = readUser(user);
  // To a blank token kube-apiserver says yes, and that it is nobody's.
  if (found.username === 'system:anonymous') throw rejected('', asked);
  return found;
}

function readUser(user: unknown): ReviewedUser {
  if (!isRecord(user)) throw garbage('it has no user');
  const { username, uid = '', groups, extra = {} } = user;
  if (typeof username !== 'string' || username.trim() === '') throw garbage('the user has no name');
  if (typeof uid !== 'string') throw garbage('the uid is not a string');
  if (!isRecord(extra)) throw garbage('the extra is not an object');
  const lists = Object.entries(extra).map(
    ([key, values]) => [key, strings(values, 'values of an extra')] as const,
  );
  return { username, uid, groups: strings(groups, 'groups'), extra: Object.fromEntries(lists) };
}

/** Go leaves an empty list out, or writes null. */
function strings(value: unknown, what: string): readonly string[] {
  const list: unknown = value ?? [];
  if (Array.isArray(list) && list.every((one) => typeof one === 'string')) return list;
  throw garbage(`the ${what} are not a list of strings`);
}

function rejected(error: string, asked: Asked): Denial {
  return new Denial(
    'token_rejected',
    'the API server does not accept the bearer token; get a new one',
    { cause: new Error(withoutToken(error, asked) || 'it gave no reason') },
  );
}

function garbage(what: string): Denial {
  return garbageOf(what, terms);
}

/** Long enough to be no coincidence, too short to be of use. */
const tellingLength = 8;
const longestText = 300;

/** A text of the API server's for the log, or nothing when it quotes from the token. */
function withoutToken(text: string, { token }: Asked): string {
  const start = text.slice(0, longestText);
  const length = Math.min(tellingLength, token.length);
  for (let at = 0; at + length <= start.length; at += 1) {
    if (token.includes(start.slice(at, at + length))) return 'its reason quotes the token';
  }
  return start;
}
