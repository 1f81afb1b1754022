// As whom a request goes upstream: the walk's second question.
import type { Identity } from '../identity/identity.ts';
import { deepFreeze } from '../lib/deep-freeze.ts';
import { rememberByObject } from '../lib/remember-by-object.ts';
import type { KubeRequest } from '../request/request.ts';
import type { Impersonator, Limits } from './impersonator.ts';
import {
  ownExtraKeys,
  refuseOwnExtra,
  withConfiguredExtra,
  type OwnExtraSettings,
} from './own-extra.ts';
import { readRequestedUser, type ReadingRules } from './requested-user.ts';

export interface OutboundOptions {
  readonly impersonator: Impersonator;
  readonly rules: ReadingRules;
  readonly ownExtra: OwnExtraSettings;
}

/**
 * Whom the token proves, or whom the request asks to be and may be, with the configured extras.
 * Throws or rejects with Denial.
 */
export type FindOutbound = (
  requester: Identity,
  request: KubeRequest,
  limits: Limits,
) => Identity | Promise<Identity>;

/** The question, with the settings that it is answered by. */
export function createFindOutbound(options: OutboundOptions): FindOutbound {
  const { impersonator, rules, ownExtra } = options;
  const ownKeys = ownExtraKeys(ownExtra);
  const addsExtra = ownExtra.clientIP || Object.keys(ownExtra.static).length > 0;
  const withStatic = rememberByObject((identity: Identity) =>
    deepFreeze(withConfiguredExtra(identity, ownExtra, '')),
  );
  function finish(identity: Identity, { source }: KubeRequest): Identity {
    if (!addsExtra) return identity;
    if (!ownExtra.clientIP) return withStatic(identity);
    return withConfiguredExtra(identity, ownExtra, source.peer);
  }
  return (requester, request, limits) => {
    refuseOwnExtra(requester, ownKeys, 'token');
    const requested = readRequestedUser(request.headers, rules);
    if (requested === undefined) return finish(requester, request);
    refuseOwnExtra(requested, ownKeys, 'request');
    const target = impersonator.impersonate(requester, requested, request, limits);
    return target instanceof Promise
      ? target.then((identity) => finish(identity, request))
      : finish(target, request);
  };
}
