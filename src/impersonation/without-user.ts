// Groups, a uid or extras for nobody: kube-apiserver's refusal, in the words of whichever of its two
// filters is meant.
import { Denial } from '../denial/denial.ts';
import type { Identity } from '../identity/identity.ts';
import { goQuote, goStringLists, goStrings } from './go-text.ts';

/** Throws Denial when something but a user is asked for. */
export function refuseWithoutUser({ uid, groups, extra }: Identity, constrained: boolean): void {
  if (uid === '' && groups.length === 0 && Object.keys(extra).length === 0) return;
  throw new Denial(
    'impersonation_malformed',
    constrained
      ? `requested &user.DefaultInfo{Name:"", UID:${goQuote(uid)}, Groups:${goStrings(groups)}, Extra:${goStringLists(extra)}} without impersonating a user name`
      : `requested [${references(uid, groups, extra).join(' ')}] without impersonating a user`,
  );
}

const version = 'authentication.k8s.io/v1';

/** `%v` of each core/v1 ObjectReference that the legacy filter makes. */
function references(
  uid: string,
  groups: readonly string[],
  extra: Identity['extra'],
): readonly string[] {
  return [
    ...groups.map((group) => `{Group  ${group}    }`),
    ...Object.entries(extra).flatMap(([key, values]) =>
      values.map((value) => `{UserExtra  ${value}  ${version}  ${key}}`),
    ),
    ...(uid === '' ? [] : [`{UID  ${uid}  ${version}  }`]),
  ];
}
