// kubectl --as, mode by mode and question by question: src/impersonation/outbound-identity.ts and impersonator.ts
// without their memory, so that nothing is passed over because of what was allowed before.
import type { Identity } from '../identity/identity.ts';
import { refuseUncarriableNames } from '../identity/names.ts';
import { readInfo } from '../impersonation/impersonator.ts';
import { constrainedModes, legacyModes } from '../impersonation/modes.ts';
import { refuseOwnExtra, ownExtraKeys, withOriginalUser } from '../impersonation/own-extra.ts';
import { readRequestedUser } from '../impersonation/requested-user.ts';
import type { RequestInfo } from '../request/request-info.ts';
import type { KubeRequest } from '../request/request.ts';
import { tryModes, type ModesTrace } from './modes.ts';
import type { Recorder } from './recorder.ts';
import type { World } from './world.ts';

export interface Recorders {
  /** Of what comes before the questions to the API server. */
  readonly impersonation: Recorder;
  /** Of what comes after them. */
  readonly upstream: Recorder;
}

export interface ImpersonationTrace extends Omit<ModesTrace, 'target'> {
  /** Who goes upstream, but for the configured extras. */
  readonly identity?: Identity;
}

const nothingAsked = { modes: [], lacking: [] } as const;

/** Whom the request may be made as. Never rejects: a refusal is part of the answer. */
export async function traceImpersonation(
  requester: Identity,
  request: KubeRequest,
  world: World,
  { impersonation, upstream }: Recorders,
): Promise<ImpersonationTrace> {
  let asked: ModesTrace = nothingAsked;
  try {
    const wanted = await readWanted(requester, request, world, impersonation);
    if (!wanted) return { ...nothingAsked, identity: requester };
    const { requested, info, constrained } = wanted;
    const modes = constrained
      ? constrainedModes(requester, requested, info)
      : legacyModes(requester, requested);
    asked = await tryModes(modes, constrained, world);
    const { target } = asked;
    if (!target) return asked;
    const identity = await upstream.take({
      step: 'target',
      work: () => {
        refuseUncarriableNames(target, 'the request asks for');
        return withOriginalUser(target, requester, world.ownExtra.originalUserExtra);
      },
      says: ({ username }) => `the request is ${JSON.stringify(username)}'s then`,
    });
    return { ...asked, identity };
  } catch (refusal) {
    return { ...asked, refusal };
  }
}

interface Wanted {
  readonly requested: Identity;
  readonly info: RequestInfo;
  readonly constrained: boolean;
}

/** Undefined when the request asks to be nobody else. */
async function readWanted(
  requester: Identity,
  request: KubeRequest,
  { ownExtra, impersonation: { constrained: ask, maxHeaderValues } }: World,
  recorder: Recorder,
): Promise<Wanted | undefined> {
  const own = ownExtraKeys(ownExtra);
  const { headers } = request;
  const isAsking = headers.impersonation.length > 0;
  if (isAsking || Object.keys(requester.extra).length > 0) {
    await recorder.take({
      step: 'extras',
      work: () => refuseOwnExtra(requester, own, 'token'),
      says: () => 'the token brings no extra that only the proxy may set',
    });
  }
  if (!isAsking) return undefined;
  const known = await ask();
  const constrained = known ?? false;
  const requested = await recorder.take({
    step: 'requestedUser',
    work: () => {
      const found = readRequestedUser(headers, { constrained, maxHeaderValues });
      if (found) refuseOwnExtra(found, own, 'request');
      return found;
    },
    says: (found) =>
      found
        ? `the request asks to be ${JSON.stringify(found.username)}`
        : 'the request asks to be nobody else',
  });
  if (!requested) return undefined;
  const info = await recorder.take({
    step: 'request',
    work: () => readInfo(request),
    says: ({ verb, resource, path }) => `what it wants to do then: ${verb} ${resource || path}`,
  });
  if (known === undefined) {
    recorder.leaveOut(
      'reviews',
      'the version of the API server is not known, so that only the mode of old is shown',
    );
  }
  return { requested, info, constrained };
}
