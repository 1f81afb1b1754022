/** The walk of a request: in which order it is refused, and that whatever goes wrong is a denial. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  decide,
  type CheckContext,
  type Deciders,
  type Verdict,
} from '../../../src/decision/decide.ts';
import type { Decision, Deny } from '../../../src/decision/decision.ts';
import type { ClientHeaders, KubeRequest } from '../../../src/request/request.ts';
import { Denial } from '../../../src/denial/denial.ts';
import type { DenyReason } from '../../../src/denial/reasons.ts';
import type { VerifiedToken } from '../../../src/token/verifier.ts';
import { identity, verified, willing } from '../../support/deciders.ts';
import { kubeRequest } from '../../support/kube-request.ts';

const badConnection = { connection: ['Impersonate-User'] };
const impersonating = {
  identityNames: ['impersonate-user'],
  impersonation: [{ name: 'impersonate-user', value: 'bob' }],
};
const refusing = {
  authenticate: () => {
    throw new Denial('token_expired', 'expired');
  },
};
const penniless = {
  upstreamToken: () => {
    throw new Denial('credential_unavailable', 'none');
  },
};

const order: readonly (readonly [
  title: string,
  headers: Partial<ClientHeaders>,
  deciders: Partial<Deciders>,
  reason: DenyReason,
])[] = [
  [
    'bytes that are not UTF-8 before the Connection header',
    { ...badConnection, undecodable: ['upgrade'] },
    {},
    'request_malformed',
  ],
  [
    'the Connection header before a missing token',
    { ...badConnection, authorization: [] },
    {},
    'connection_header',
  ],
  ['the Connection header before a bad token', badConnection, refusing, 'connection_header'],
  [
    'two tokens before a bad one',
    { authorization: ['a', 'b'] },
    refusing,
    'authorization_ambiguous',
  ],
  [
    'a missing token before impersonation',
    { ...impersonating, authorization: [] },
    {},
    'token_missing',
  ],
  ['a bad token before impersonation', impersonating, refusing, 'token_expired'],
  ['a bad token before our own', {}, { ...refusing, ...penniless }, 'token_expired'],
  ['impersonation before our own token', impersonating, penniless, 'impersonation_denied'],
  ['our own token at last', {}, penniless, 'credential_unavailable'],
];

const secret = 'eyJhbGciOiJSUzI1NiJ9.c2VjcmV0';
const thrown: readonly (readonly [what: string, value: unknown])[] = [
  ['an error', new Error(secret)],
  ['a type error', new TypeError(secret)],
  ['a text', secret],
  ['nothing', undefined],
  ['null', null],
  ['a number', 7],
  [
    'an object that looks like a denial',
    { name: 'Denial', reason: 'token_expired', message: secret },
  ],
  [
    'an error that looks like a denial',
    Object.assign(new Error(secret), { reason: 'token_expired' }),
  ],
];

const upgrades: readonly (readonly [
  title: string,
  headers: Partial<ClientHeaders>,
  is: boolean,
])[] = [
  ['a WebSocket', { upgrade: ['websocket'], connection: ['Upgrade'] }, true],
  ['SPDY', { upgrade: ['SPDY/3.1'], connection: ['upgrade'] }, true],
  ['an option among others', { upgrade: ['websocket'], connection: ['keep-alive, Upgrade'] }, true],
  [
    'an option on a line of its own',
    { upgrade: ['websocket'], connection: ['close', 'UPGRADE'] },
    true,
  ],
  ['no Connection', { upgrade: ['websocket'] }, false],
  [
    'a Connection that does not say so',
    { upgrade: ['websocket'], connection: ['keep-alive'] },
    false,
  ],
  ['no Upgrade', { connection: ['Upgrade'] }, false],
  ['neither', {}, false],
];

describe('decide', () => {
  it('allows who was verified, as they are, with our own token', async () => {
    const verdict = await ask({ identityNames: ['x-remote-user'] });
    assert.deepEqual(verdict, {
      decision: {
        kind: 'allow',
        auditID: 'audit-1',
        issuer: 'people',
        actAs: 'impersonate',
        outbound: identity,
        token: 'own-token',
        isUpgrade: false,
        subprotocols: undefined,
        remove: ['x-remote-user'],
      },
      issuer: 'people',
      inbound: identity,
      actAs: 'impersonate',
    });
  });

  it('hands the token itself to be verified, and waits for the answer', async () => {
    const asked: string[] = [];
    const authenticate = async (token: string): Promise<VerifiedToken> => {
      asked.push(token);
      return verified;
    };
    const { decision } = await ask({ authorization: ['Bearer abc'] }, { authenticate });
    assert.equal(decision.kind, 'allow');
    assert.deepEqual(asked, ['abc']);
  });

  for (const [title, headers, deciders, reason] of order) {
    it(`refuses for ${title}`, async () => {
      assert.equal(denial((await ask(headers, deciders)).decision).reason, reason);
    });
  }

  it('does not ask who it is when the request is refused anyway', async () => {
    const { decision } = await ask(badConnection, {
      authenticate: () => assert.fail('it asked'),
    });
    assert.equal(denial(decision).reason, 'connection_header');
  });

  it('does not touch our own token for somebody who is refused', async () => {
    const { decision } = await ask(impersonating, {
      upstreamToken: () => assert.fail('it took the token'),
    });
    assert.equal(denial(decision).reason, 'impersonation_denied');
  });

  it('tells who was refused once that is proven, and not before', async () => {
    const proven = await ask(impersonating);
    assert.deepEqual([proven.issuer, proven.inbound], ['people', identity]);
    const unproven = await ask(impersonating, refusing);
    assert.deepEqual([unproven.issuer, unproven.inbound], [undefined, undefined]);
  });

  it('keeps the message of a denial for the caller and its cause for the log', async () => {
    const cause = new Error(secret);
    const authenticate = async (): Promise<never> => {
      throw new Denial('issuer_unavailable', 'try again', { cause });
    };
    const verdict = await ask({}, { authenticate });
    assert.deepEqual(verdict, {
      decision: {
        kind: 'deny',
        auditID: 'audit-1',
        reason: 'issuer_unavailable',
        message: 'try again',
      },
      cause,
    });
  });
});

describe('whatever is thrown', () => {
  for (const [what, value] of thrown) {
    for (const [when, deciders] of Object.entries(failing(value))) {
      it(`is a denial that says nothing of it: ${what} ${when}`, async () => {
        const verdict = await ask({}, deciders);
        const { reason, message } = denial(verdict.decision);
        assert.equal(reason, 'internal_error');
        assert.doesNotMatch(message, /eyJ/);
        assert.match(message, /audit ID/);
        assert.equal(verdict.cause, value);
      });
    }
  }

  it('is a denial when a request lacks what every request has', async () => {
    for (const broken of ['{}', '{"headers":{}}', '{"headers":{"connection":null}}']) {
      const request: KubeRequest = JSON.parse(broken);
      const { decision } = await decide(request, willing, soon());
      assert.equal(denial(decision).reason, 'internal_error');
    }
  });
});

describe('an upgrade', () => {
  for (const [title, headers, is] of upgrades) {
    it(`${is ? 'is' : 'is not'} recognised by ${title}`, async () => {
      const { decision } = await ask(headers);
      assert.equal(decision.kind === 'allow' && decision.isUpgrade, is);
    });
  }

  const offered = [
    `base64url.bearer.authorization.k8s.io.${Buffer.from('abc').toString('base64url')}, v5`,
  ];
  it('to a WebSocket may bring its token as a subprotocol', async () => {
    const websocket = { upgrade: ['WebSocket'], connection: ['Upgrade'] };
    const { decision } = await ask({ ...websocket, authorization: [], subprotocols: offered });
    assert.equal(decision.kind === 'allow' && decision.subprotocols, 'v5');
  });

  for (const headers of [
    { upgrade: ['SPDY/3.1'], connection: ['Upgrade'] },
    { upgrade: ['websocket'] },
    { connection: ['Upgrade'] },
  ]) {
    it(`may not bring its token as a subprotocol with ${JSON.stringify(headers)}`, async () => {
      const { decision } = await ask({ ...headers, authorization: [], subprotocols: offered });
      assert.equal(denial(decision).reason, 'token_missing');
    });
  }
});

/** Every place where something may be thrown. */
function failing(value: unknown): Readonly<Record<string, Partial<Deciders>>> {
  const throwIt = (): never => {
    throw value;
  };
  return {
    'while verifying': { authenticate: throwIt },
    'as a rejection': { authenticate: async () => throwIt() },
    'by our own token': { upstreamToken: throwIt },
  };
}

function ask(
  headers: Partial<ClientHeaders> = {},
  deciders: Partial<Deciders> = {},
): Promise<Verdict> {
  return decide(kubeRequest(headers), { ...willing, ...deciders }, soon());
}

function soon(): CheckContext {
  const { signal } = new AbortController();
  return { auditID: 'audit-1', deadline: Date.now() + 10_000, signal };
}

function denial(decision: Decision): Deny {
  assert.equal(decision.kind, 'deny');
  return decision;
}
