/** What a request that asks to be somebody else ends with, in a form that two sides can be compared in. */
import { isDeepStrictEqual } from 'node:util';
import { z } from 'zod';
import type { Line } from './impersonation-case.ts';

export interface Answer {
  readonly status: number;
  /** Ours for a denial; '' when the API server answered. */
  readonly reason: string;
  readonly body: string;
}

export interface User {
  readonly username: string;
  readonly uid: string;
  readonly groups: readonly string[];
  readonly extra: Readonly<Record<string, readonly string[]>>;
}

const userInfo = z
  .object({
    username: z.string().default(''),
    uid: z.string().default(''),
    groups: z.array(z.string()).default([]),
    extra: z.record(z.string(), z.array(z.string())).default({}),
  })
  .prefault({});

const review = z.object({ status: z.object({ userInfo }) });
const denial = z.looseObject({ kind: z.literal('Status'), message: z.string() });

/** A user as Kubernetes writes one, in an answer or in an audit event; what is empty is left out there. */
export function readUser(value: unknown): User {
  return userInfo.parse(value ?? {});
}

const ownExtra = 'originaluser.jetstack.io-';

/** Without what we tell the API server of the requester. */
export function withoutRequester(user: User): User {
  const kept = Object.entries(user.extra).filter(([key]) => !key.startsWith(ownExtra));
  return { ...user, extra: Object.fromEntries(kept) };
}

/** What we tell the API server of the requester; undefined: nothing. */
export function requesterOf({ extra }: User): User | undefined {
  const [username] = extra[`${ownExtra}user`] ?? [];
  if (username === undefined) return undefined;
  return {
    username,
    uid: extra[`${ownExtra}uid`]?.[0] ?? '',
    groups: extra[`${ownExtra}groups`] ?? [],
    extra: JSON.parse(extra[`${ownExtra}extra`]?.[0] ?? '{}'),
  };
}

/**
 * Whether Go's random order of maps shows: it does when two headers or more are extras. Which one is
 * refused first is chance then, and so is the order of values when two names mean one key.
 */
export function isUnordered(lines: readonly Line[]): boolean {
  const names = lines.map(([name]) => name.toLowerCase());
  return new Set(names.filter((name) => name.startsWith('impersonate-extra-'))).size > 1;
}

/** The user with values in order, where chance orders them. */
export function orderedUser(user: User, lines: readonly Line[]): User {
  if (!isUnordered(lines)) return user;
  const extra = Object.entries(user.extra).map(
    ([key, values]) => [key, values.toSorted()] as const,
  );
  return { ...user, extra: Object.fromEntries(extra) };
}

/** Why two answers are not the same; undefined when they are. */
export function differenceOf(
  straight: Answer,
  through: Answer,
  lines: readonly Line[],
): string | undefined {
  if (straight.status !== through.status) return 'another status';
  if (straight.status === 201) {
    const users = [straight, through].map(({ body }) => {
      const { userInfo: seen } = review.parse(JSON.parse(body)).status;
      return orderedUser(withoutRequester(seen), lines);
    });
    return isDeepStrictEqual(users[0], users[1]) ? undefined : 'another user';
  }
  if (straight.status < 400) return undefined;
  const [theirs, ours] = [straight, through].map((answer) => refusalOf(answer, lines));
  return isDeepStrictEqual(theirs, ours) ? undefined : 'another refusal';
}

/** The whole Status, or the message where ours is plain text. */
function refusalOf({ body }: Answer, lines: readonly Line[]): unknown {
  if (!body.startsWith('{')) return isUnordered(lines) ? inAnyOrder(body) : body;
  const status = denial.parse(JSON.parse(body));
  if (!isUnordered(lines)) return status;
  const message = inAnyOrder(status.message);
  return message === status.message ? status : { ...status, message, details: undefined };
}

/** Which extra is at fault is left out, and lists of them are sorted. */
function inAnyOrder(message: string): string {
  const [, about] =
    /( User "(?:\\.|[^"\\])*" cannot \S+ resource "userextras)[/"]/.exec(message) ?? [];
  if (about !== undefined) return `an extra is forbidden:${about}`;
  const [, list] = /^requested (.*) without impersonating a user( name)?$/s.exec(message) ?? [];
  return list === undefined ? message : `nobody: ${Array.from(list).toSorted().join('')}`;
}

/** A refusal compared with a text: where ours is plain text, theirs is only its message. */
export function asText(straight: Answer, through: Answer): Answer {
  if (through.body.startsWith('{') || !straight.body.startsWith('{')) return straight;
  const { message } = denial.parse(JSON.parse(straight.body));
  return { ...straight, body: message };
}
