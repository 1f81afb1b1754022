/** What `doctor --config` looks at: the API server's answers, its clock, and the files on disk. */
import assert from 'node:assert/strict';
import { chmodSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { createAuthority, type Certificate } from '../../lab/certificates.ts';
import { loadConfig } from '../../src/config/load.ts';
import { clusterFacts } from '../../src/doctor/cluster-facts.ts';
import { certificateFacts, fileFacts } from '../../src/doctor/file-facts.ts';
import { pathText } from '../../src/doctor/field.ts';
import { identityFact } from '../../src/doctor/token-facts.ts';
import { minimal, withField, writeFiles } from '../support/config-files.ts';
import {
  answerJson,
  startFakeApiServer,
  type Answerer,
  type FakeApiServer,
} from '../support/fake-api-server.ts';

const pathOfReviews = '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews';

describe('the facts about the API server', () => {
  let api: FakeApiServer;
  before(async () => {
    api = await startFakeApiServer();
  });
  after(() => api.stop());

  function facts(answerer: Answerer, more: object = {}) {
    api.answerWith(answerer);
    const kubernetes = { kubeconfig: api.kubeconfig, token: { file: 'token' } };
    const files = { 'config.yaml': { ...minimal, kubernetes, ...more }, token: 'upstream-token' };
    return clusterFacts(loadConfig(join(writeFiles(files), 'config.yaml')));
  }

  it('have the difference between the clocks', async () => {
    const { apiServer } = await facts((_, response) => {
      response.setHeader('date', new Date(Date.now() + 3_600_000).toUTCString());
      answerJson(response, 200, { status: { allowed: true } });
    });
    assert.equal(apiServer.fault, undefined);
    assert.ok(Math.abs((apiServer.skewMs ?? 0) - 3_600_000) < 60_000, String(apiServer.skewMs));
  });

  it('say that our credential is not taken', async () => {
    const { apiServer } = await facts((_, response) => answerJson(response, 401, {}));
    assert.deepEqual(
      [apiServer.fault, apiServer.refused],
      ['it does not take the credential (401)', []],
    );
  });

  it('are asked of the account that each right is for', async () => {
    const begun = api.received.length;
    const { apiServer } = await facts((_, response) =>
      answerJson(response, 201, { status: { allowed: true } }),
    );
    assert.deepEqual(apiServer.refused, []);
    const reviews = api.received.slice(begun).filter(({ url }) => url === pathOfReviews);
    assert.ok(reviews.length > 5);
    for (const { authorization, text } of reviews) {
      const { verb } = JSON.parse(text).spec.resourceAttributes;
      const token = verb === 'impersonate' ? 'upstream-token' : 'reviewer-token';
      assert.equal(authorization, `Bearer ${token}`);
    }
  });

  it('ask for what a configuration needs, extras and accounts', async () => {
    const entry = {
      ...minimal.jwt[0],
      actAs: 'serviceAccount',
      serviceAccount: { namespace: 'ns', name: 'sa' },
    };
    const more = { jwt: [entry], extra: { static: { 'example.com/a/b': ['c'] } } };
    const { apiServer } = await facts(
      ({ url }, response) =>
        answerJson(response, url === pathOfReviews ? 201 : 200, { status: { allowed: false } }),
      more,
    );
    const refused = apiServer.refused.map(({ permission }) => permission);
    for (const one of [
      'impersonate users',
      'impersonate userextras/example.com/a/b',
      'create subjectaccessreviews',
      'create serviceaccounts/token of ns/sa',
    ]) {
      assert.ok(refused.includes(one), one);
    }
  });

  const unclear: readonly (readonly [string, number, unknown, string | undefined])[] = [
    ['an error', 500, {}, 'the API server answers 500'],
    ['a text in place of a yes', 201, { status: { allowed: 'true' } }, undefined],
    ['nothing', 201, {}, undefined],
  ];
  for (const [what, status, body, fault] of unclear) {
    it(`take ${what} for no yes`, async () => {
      const { apiServer } = await facts(({ url }, response) =>
        answerJson(response, url === pathOfReviews ? status : 200, body),
      );
      assert.ok(apiServer.refused.length > 5);
      for (const one of apiServer.refused) assert.equal(one.fault, fault);
    });
  }
});

describe('the facts about files', () => {
  let leaf: Certificate;
  let other: Certificate;
  before(async () => {
    const authority = await createAuthority('CA');
    leaf = await authority.issue({ commonName: 'a', hosts: ['localhost'] });
    other = await authority.issue({ commonName: 'b', hosts: ['localhost'] });
  });

  function configOf(more: object) {
    const files = {
      'config.yaml': { ...minimal, kubernetes: { token: { file: 'token' } }, ...more },
      token: 'x',
      'tls.crt': leaf.certPem,
      'tls.key': leaf.keyPem,
      'other.key': other.keyPem,
      'pipeline.crt': leaf.certPem,
    };
    const folder = writeFiles(files);
    return { folder, config: () => loadConfig(join(folder, 'config.yaml')) };
  }

  it('have the mode of every file that the configuration names, and what it holds', async () => {
    const keys = [{ file: 'pipeline.crt' }];
    const jwt = withField(minimal.jwt, [0, 'issuer', 'keys'], keys);
    const tls = { certFile: 'tls.crt', keyFile: 'tls.key' };
    const { folder, config } = configOf({ jwt, grpc: { tls } });
    chmodSync(join(folder, 'token'), 0o644);
    chmodSync(join(folder, 'tls.key'), 0o600);
    chmodSync(join(folder, 'pipeline.crt'), 0o666);
    chmodSync(join(folder, 'config.yaml'), 0o640);
    utimesSync(join(folder, 'pipeline.crt'), 1_000, 1_000);
    const facts = await fileFacts(config(), 1);
    assert.deepEqual(
      facts.map(({ field, mode, holds }) => [pathText(field.path), mode, holds]),
      [
        ['', 0o640, 'other'],
        ['kubernetes.token.file', 0o644, 'secret'],
        ['grpc.tls.keyFile', 0o600, 'secret'],
        ['jwt[0].issuer.keys[0]', 0o666, 'key'],
      ],
    );
    assert.equal(facts.at(-1)?.changedAt, 1_000_000);
  });

  it('have the end of certificates, and whether the key is the right one', async () => {
    const jwt = withField(minimal.jwt, [0, 'issuer', 'keys'], [{ file: 'pipeline.crt' }]);
    for (const [keyFile, fault] of [
      ['tls.key', undefined],
      ['other.key', 'the private key is not its own'],
    ] as const) {
      const { config } = configOf({ jwt, grpc: { tls: { certFile: 'tls.crt', keyFile } } });
      const facts = await certificateFacts(config(), 1);
      assert.deepEqual(
        facts.map((one) => [one.of, one.fault]),
        [
          ['issuer', undefined],
          ['server', fault],
        ],
      );
      for (const { validTo } of facts) assert.ok(validTo > Date.now());
    }
  });
});

describe('the size of an identity', () => {
  it('is told of a token that the configuration takes', () => {
    const fact = identityFact(plainConfig(), tokenOf({ iss: 'https://issuer.example', sub: 'a' }));
    assert.equal(fact.fault, undefined);
    assert.ok(fact.lines > 2);
  });

  const refused: readonly (readonly [string, string, RegExp])[] = [
    ['what is no token', 'x', /no JWT/],
    ['a token of another issuer', tokenOf({ iss: 'https://other', sub: 'a' }), /no entry of jwt/],
    ['a token without a user', tokenOf({ iss: 'https://issuer.example' }), /lacks the claim "sub"/],
  ];
  for (const [what, token, fault] of refused) {
    it(`is not told of ${what}`, () => {
      assert.match(identityFact(plainConfig(), token).fault ?? '', fault);
    });
  }
});

function plainConfig(): ReturnType<typeof loadConfig> {
  const kubernetes = { token: { file: 'token' } };
  const files = { 'config.yaml': { ...minimal, kubernetes }, token: 'x' };
  return loadConfig(join(writeFiles(files), 'config.yaml'));
}

function tokenOf(claims: object): string {
  return ['{"alg":"none"}', JSON.stringify(claims), '']
    .map((part) => Buffer.from(part).toString('base64url'))
    .join('.');
}
