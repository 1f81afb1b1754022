/** Random identities on their whole way out: what arrives is who was proven, or nothing is sent. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Allow } from '../../../src/decision/decision.ts';
import type { Identity } from '../../../src/identity/identity.ts';
import { refuseUncarriableNames } from '../../../src/identity/names.ts';
import { toCheckResponse } from '../../../src/transport/check-response.ts';
import { Denial } from '../../../src/denial/denial.ts';
import { chooseSeed, createRandom, randomIdentity } from '../../support/random.ts';
import {
  finisherLines,
  impersonated,
  overHttp1,
  plainMetadata,
  throughBytes,
} from '../../support/reply-round-trip.ts';

const rounds = 2_000;

describe('a random identity', () => {
  it('arrives as it is or is refused, and every metadata value has a kind', () => {
    const seed = chooseSeed();
    const random = createRandom(seed);
    let arrived = 0;
    for (let round = 0; round < rounds; round += 1) {
      const identity = randomIdentity(random);
      const context = `SEED=${seed}, round ${round}: ${JSON.stringify(identity)}`;
      if (isRefused(identity)) {
        assert.ok(!arrivesUnchanged(identity) || hasForeignBlank(identity), `refused: ${context}`);
        continue;
      }
      assert.ok(arrivesUnchanged(identity), `not refused: ${context}`);
      const reply = throughBytes(toCheckResponse(allow(identity), '/api/v1/pods'));
      const lines = finisherLines(reply);
      assert.deepEqual(impersonated(lines), withoutEmpty(identity), context);
      assert.deepEqual(plainMetadata(reply)['decision'], {
        username: identity.username,
        issuer: 'people',
        actAs: 'impersonate',
        auditID: 'audit-1',
      });
      const set =
        reply.ok_response?.headers.map(({ header }) => [header.key, header.value] as const) ?? [];
      assert.equal(impersonated(set).username, identity.username, context);
      arrived += 1;
    }
    assert.ok(
      arrived > rounds / 20 && arrived < rounds,
      `SEED=${seed}: ${arrived} of ${rounds} arrived`,
    );
  });
});

function isRefused(identity: Identity): boolean {
  try {
    refuseUncarriableNames(identity);
    return false;
  } catch (error) {
    assert.ok(error instanceof Denial);
    assert.equal(error.reason, 'name_not_carriable');
    return true;
  }
}

function textsOf({ username, uid, groups, extra }: Identity): readonly string[] {
  const uids = uid === '' ? [] : [uid];
  return [username, ...uids, ...groups, ...Object.keys(extra), ...Object.values(extra).flat()];
}

function arrivesUnchanged(identity: Identity): boolean {
  const { username, extra } = identity;
  if ([username, ...Object.keys(extra)].includes('')) return false;
  return textsOf(identity).every(
    // eslint-disable-next-line no-control-regex
    (text) => overHttp1(text) === text && !/[\u0000-\u001f\u007f]/.test(text),
  );
}

/** White space beyond ASCII would arrive, but is refused at the ends all the same. */
function hasForeignBlank(identity: Identity): boolean {
  return textsOf(identity).some((text) => text.trim() !== text);
}

function withoutEmpty(identity: Identity): Identity {
  const extra = Object.entries(identity.extra).filter(([, values]) => values.length > 0);
  return { ...identity, extra: Object.fromEntries(extra) };
}

function allow(outbound: Identity): Allow {
  return {
    kind: 'allow',
    auditID: 'audit-1',
    issuer: 'people',
    actAs: 'impersonate',
    outbound,
    token: 'own-token',
    isUpgrade: false,
    remove: [],
  };
}
