import { Denial } from '../denial/denial.ts';
import type { Identity } from './identity.ts';

/**
 * Refuses names that Kubernetes keeps for itself: an issuer that may say `system:masters` owns the
 * cluster. Throws Denial.
 */
export function refuseReservedNames({ username, groups }: Identity): void {
  if (username.startsWith('system:')) {
    throw new Denial(
      'reserved_name',
      'the token names a user that starts with "system:", which only Kubernetes may give out; ' +
        'set a username prefix for its issuer, or allowReservedNames if it is a cluster',
    );
  }
  if (groups.some((group) => group.startsWith('system:'))) {
    throw new Denial(
      'reserved_name',
      'the token names a group that starts with "system:", which only Kubernetes may give out; ' +
        'set a groups prefix for its issuer, or allowReservedNames if it is a cluster',
    );
  }
}

/** Refuses a token for nobody, whatever its issuer may say: unproven users have no way in here. Throws Denial. */
export function refuseAnonymous({ username }: Identity): void {
  if (username !== 'system:anonymous') return;
  throw new Denial('reserved_name', 'the token names the user "system:anonymous", who is nobody');
}

/**
 * Refuses what a header line would not carry unchanged: HTTP trims white space at the ends, NUL
 * cuts, and a blank user would be the proxy's own account. Throws Denial.
 */
export function refuseUncarriableNames(identity: Identity): void {
  refuseUncarriable(identity, { source: 'the token gives', mayBeEmpty: false });
}

/**
 * The same for an identity that a request asks for. Empty groups and extras are carried as they are,
 * if the API server allows them. Throws Denial.
 */
export function refuseUncarriableRequest(identity: Identity): void {
  refuseUncarriable(identity, { source: 'the request asks for', mayBeEmpty: true });
}

interface Wording {
  readonly source: string;
  readonly mayBeEmpty: boolean;
}

function refuseUncarriable(
  { username, uid, groups, extra }: Identity,
  { source, mayBeEmpty }: Wording,
): void {
  const refuse = (what: string, text: string, canBeEmpty: boolean): void => {
    const fault = text === '' && canBeEmpty ? undefined : uncarriable(text);
    if (fault === undefined) return;
    throw new Denial(
      'name_not_carriable',
      `${source} a ${what} that ${fault}, which no header can carry to the API server unchanged`,
    );
  };
  if (username.trim() === '') {
    throw new Denial('name_not_carriable', `${source} a blank user name`);
  }
  refuse('user name', username, false);
  refuse('uid', uid, true);
  for (const group of groups) refuse('group', group, mayBeEmpty);
  for (const [key, values] of Object.entries(extra)) {
    refuse('extra key', key, false);
    for (const value of values) refuse('extra value', value, mayBeEmpty);
  }
}

// eslint-disable-next-line no-control-regex
const controlCharacter = /[\u0000-\u001f\u007f]/;

function uncarriable(text: string): string | undefined {
  if (text === '') return 'is empty';
  if (text.trim() !== text) return 'starts or ends with white space';
  if (controlCharacter.test(text)) return 'holds a control character';
  if (!text.isWellFormed()) return 'is not well-formed Unicode';
  return undefined;
}
