/** Requests that act as a service account: in which order they are refused, and which account it is. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  decide,
  type CheckContext,
  type Deciders,
  type Verdict,
} from '../../../src/decision/decide.ts';
import type { Allow, Deny } from '../../../src/decision/decision.ts';
import { Denial } from '../../../src/denial/denial.ts';
import type { DenyReason } from '../../../src/denial/reasons.ts';
import { accountIdentity } from '../../../src/identity/service-account.ts';
import type { ClientHeaders } from '../../../src/request/request.ts';
import type { AccountTerms } from '../../../src/token/account-of-token.ts';
import { identity, verified, willing } from '../../support/deciders.ts';
import { kubeRequest } from '../../support/kube-request.ts';

const red = { namespace: 'red', name: 'deployer' };
const terms: AccountTerms = { account: red, audiences: ['x'], expirationSeconds: 900 };
const acting = { ...verified, issuer: 'pipelines', actAs: 'serviceAccount' } as const;

/** Nothing that only an impersonated request needs may be touched. */
const pipeline: Deciders = {
  ...willing,
  authenticate: () => ({ ...acting, account: terms }),
  findOutbound: () => assert.fail('it asked whom to impersonate'),
  upstreamToken: () => assert.fail('it took the token for impersonation'),
};

const asked = (name: string, value = 'bob'): Partial<ClientHeaders> => ({
  identityNames: [name],
  impersonation: [{ name, value }],
});
const penniless = {
  accountCredential: () => {
    throw new Denial('credential_unavailable', 'none');
  },
};
const refusing = (reason: DenyReason): Partial<Deciders> => ({
  authenticate: () => {
    throw new Denial(reason, 'no');
  },
});

const order: readonly (readonly [
  title: string,
  headers: Partial<ClientHeaders>,
  deciders: Partial<Deciders>,
  reason: DenyReason,
])[] = [
  [
    'the Connection header before a bad token',
    { connection: ['Impersonate-User'] },
    refusing('token_expired'),
    'connection_header',
  ],
  [
    'a missing token before --as',
    { ...asked('impersonate-user'), authorization: [] },
    {},
    'token_missing',
  ],
  [
    'a bad token before --as',
    asked('impersonate-user'),
    refusing('token_expired'),
    'token_expired',
  ],
  [
    'an account that is not allowed before --as',
    asked('impersonate-user'),
    refusing('account_not_allowed'),
    'account_not_allowed',
  ],
  ['--as before our credential', asked('impersonate-user'), penniless, 'impersonation_denied'],
  ['a credential that there is not at last', {}, penniless, 'credential_unavailable'],
];

const impersonateNames: readonly string[] = [
  'impersonate-user',
  'impersonate-group',
  'impersonate-uid',
  'impersonate-extra-scopes',
  'impersonate-extra-',
  'impersonate-anything',
  'impersonate-',
];

describe('a request that acts as a service account', () => {
  it('goes on as the account of its token, with that account’s token and no other', async () => {
    const seen: unknown[] = [];
    const context = soon();
    const verdict = await ask(
      { identityNames: ['x-remote-user'] },
      {
        accountCredential: (account, limits) => {
          seen.push(account, limits);
          return { token: 'account-token', outbound: accountIdentity(red) };
        },
      },
      context,
    );
    assert.deepEqual(seen, [terms, context]);
    assert.deepEqual(verdict, {
      decision: {
        kind: 'allow',
        auditID: 'audit-1',
        issuer: 'pipelines',
        actAs: 'serviceAccount',
        outbound: accountIdentity(red),
        token: 'account-token',
        isUpgrade: false,
        subprotocols: undefined,
        remove: ['x-remote-user'],
      },
      issuer: 'pipelines',
      inbound: identity,
      actAs: 'serviceAccount',
    });
  });

  it('asks for our own credential when the token names no account', async () => {
    const seen: unknown[] = [];
    const { token } = allowed(
      await ask(
        {},
        {
          authenticate: () => acting,
          accountCredential: async (account) => {
            seen.push(account);
            return { token: 'own', outbound: accountIdentity(red) };
          },
        },
      ),
    );
    assert.deepEqual([token, seen], ['own', [undefined]]);
  });

  it('never takes that credential for somebody who is impersonated', async () => {
    const verdict = await ask(
      {},
      {
        ...willing,
        accountCredential: () => assert.fail('it took the account’s'),
      },
    );
    assert.deepEqual(
      [allowed(verdict).actAs, allowed(verdict).token],
      ['impersonate', 'own-token'],
    );
  });

  for (const [title, headers, deciders, reason] of order) {
    it(`is refused for ${title}`, async () => {
      assert.equal(denial(await ask(headers, deciders)).reason, reason);
    });
  }

  for (const name of impersonateNames) {
    for (const value of ['bob', '', 'system:serviceaccount:red:deployer']) {
      it(`is refused ${name}: ${JSON.stringify(value)}, and told why`, async () => {
        const { reason, message } = denial(
          await ask(asked(name, value), {
            accountCredential: () => assert.fail('it took a credential'),
          }),
        );
        assert.equal(reason, 'impersonation_denied');
        assert.equal(
          message,
          `requests of this issuer act as a service account, so they can't ask to be somebody else (kubectl --as); send them without the header "${name}"`,
        );
      });
    }
  }

  it('tells who was refused', async () => {
    const { issuer, inbound } = await ask(asked('impersonate-user'));
    assert.deepEqual([issuer, inbound], ['pipelines', identity]);
  });

  it('is denied, with the fault for the log alone, when the token can’t be minted', async () => {
    const cause = new Error('what the API server said');
    const fault = new Denial('credential_unavailable', 'there is no token of red', { cause });
    const verdict = await ask({}, { accountCredential: () => Promise.reject(fault) });
    const { reason, message } = denial(verdict);
    assert.deepEqual([reason, message], ['credential_unavailable', 'there is no token of red']);
    assert.equal(verdict.cause, cause);
  });

  for (const value of [new Error('eyJ.secret'), 'eyJ.secret', undefined]) {
    it(`is denied and told nothing when ${String(value)} is thrown for a credential`, async () => {
      const verdict = await ask(
        {},
        {
          accountCredential: () => {
            throw value;
          },
        },
      );
      const { reason, message } = denial(verdict);
      assert.equal(reason, 'internal_error');
      assert.doesNotMatch(message, /eyJ/);
      assert.equal(verdict.cause, value);
    });
  }

  it('is denied by its deadline when a token is slow, and later ones are nobody’s', async (t) => {
    t.mock.timers.enable({ apis: ['setTimeout', 'Date'], now: 1_000 });
    const late = Promise.withResolvers<never>();
    const context = { ...soon(), deadline: 1_500 };
    const waiting = ask({}, { accountCredential: () => late.promise }, context);
    await new Promise((resolve) => setImmediate(resolve));
    t.mock.timers.tick(500);
    const { reason, message } = denial(await waiting);
    assert.equal(reason, 'deadline_exceeded');
    assert.match(message, /did not give out a token of the service account in time/);
    late.reject(new Error('too late')); // an unhandled rejection would fail the test
    await new Promise((resolve) => setImmediate(resolve));
  });
});

function ask(
  headers: Partial<ClientHeaders> = {},
  deciders: Partial<Deciders> = {},
  context = soon(),
): Promise<Verdict> {
  return decide(kubeRequest(headers), { ...pipeline, ...deciders }, context);
}

function soon(): CheckContext {
  const { signal } = new AbortController();
  return { auditID: 'audit-1', deadline: Date.now() + 10_000, signal };
}

function allowed({ decision }: Verdict): Allow {
  assert.equal(decision.kind, 'allow');
  return decision;
}

function denial({ decision }: Verdict): Deny {
  assert.equal(decision.kind, 'deny');
  return decision;
}
