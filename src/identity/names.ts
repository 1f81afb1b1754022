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
 * cuts, and a blank user would be the proxy's own account. Empty groups and extras are carried as
 * they are. `source` is who asks for it. Throws Denial.
 */
export function refuseUncarriableNames(
  { username, uid, groups, extra }: Identity,
  source: 'the token gives' | 'the request asks for' = 'the token gives',
): void {
  if (username.trim() === '') {
    throw new Denial('name_not_carriable', `${source} a blank user name`);
  }
  refuseUncarriable(`${source} a user name`, username);
  refuseUncarriable(`${source} a uid`, uid);
  for (const group of groups) refuseUncarriable(`${source} a group`, group);
  for (const [key, values] of Object.entries(extra)) {
    if (key === '') throw uncarriable(`${source} an extra key`, 'is empty');
    refuseUncarriable(`${source} an extra key`, key);
    for (const value of values) refuseUncarriable(`${source} an extra value`, value);
  }
}

// eslint-disable-next-line no-control-regex
const controlCharacter = /[\u0000-\u001f\u007f]/;

function refuseUncarriable(what: string, text: string): void {
  if (text.trim() !== text) throw uncarriable(what, 'starts or ends with white space');
  if (controlCharacter.test(text)) throw uncarriable(what, 'holds a control character');
  if (!text.isWellFormed()) throw uncarriable(what, 'is not well-formed Unicode');
}

function uncarriable(what: string, fault: string): Denial {
  return new Denial(
    'name_not_carriable',
    `${what} that ${fault}, which no header can carry to the API server unchanged`,
  );
}
