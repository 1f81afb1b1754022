// What is refused for the request's own headers, whoever sent it.
import { Denial } from '../denial/denial.ts';
import type { ClientHeaders } from '../request/request.ts';

const harmlessConnectionOptions: readonly string[] = ['upgrade', 'keep-alive', 'close'];

/** Refuses headers that a later hop could read in another way than we do. Throws Denial. */
export function refuseTricks({ undecodable, connection, upgrade }: ClientHeaders): void {
  const [first] = undecodable;
  if (first !== undefined) {
    throw new Denial('request_malformed', `the header "${first}" holds bytes that are not UTF-8`);
  }
  // A hop that honours `Connection: Impersonate-User` drops that header, and what is left is the
  // proxy's own account (CVE-2021-31999, CVE-2022-23652).
  const options = connection.flatMap((line) => line.split(',')).map((option) => option.trim());
  const harmful = options.find(
    (option) => option !== '' && !harmlessConnectionOptions.includes(option.toLowerCase()),
  );
  if (harmful !== undefined) {
    throw new Denial(
      'connection_header',
      'the Connection header may only say upgrade, keep-alive or close here; it must not name other headers',
    );
  }
  if (upgrade.length > 1) {
    throw new Denial('request_malformed', 'the request has more than one Upgrade header');
  }
}

/** Refuses to be somebody else where requests act as a service account: it would be that account that impersonates. Throws Denial. */
export function refuseImpersonation({ impersonation }: ClientHeaders): void {
  const [asked] = impersonation;
  if (asked === undefined) return;
  throw new Denial(
    'impersonation_denied',
    `requests of this issuer act as a service account, so they can't ask to be somebody else (kubectl --as); send them without the header "${asked.name}"`,
  );
}
