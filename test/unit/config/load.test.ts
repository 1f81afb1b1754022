/** A configuration as a whole: its defaults, every fault at once, and what no message may hold. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { inClusterTokenFile, loadConfig } from '../../../src/config/load.ts';
import { assertFrozen } from '../../support/assert-frozen.ts';
import {
  authenticationFile,
  jwtEntry,
  minimal,
  problemsOf,
  withField,
  writeConfig,
  writeFiles,
} from '../../support/config-files.ts';

const other = withField(jwtEntry, ['issuer', 'url'], 'https://other.example');

describe('loadConfig', () => {
  it('fills every default', () => {
    const file = writeConfig(minimal);
    const { jwt, ...config } = loadConfig(file);
    assert.deepEqual(config, {
      grpc: { address: '127.0.0.1:9001', drainPeriodMs: 5_000, tls: undefined },
      admin: { address: '127.0.0.1:9090', metrics: { authorize: false } },
      kubernetes: { kubeconfig: undefined, token: { file: inClusterTokenFile } },
      audit: [{ format: 'json', path: '-', queueBytes: 16_777_216, onFull: 'block' }],
      log: { level: 'info' },
      tokenReview: undefined,
      impersonation: {
        constrained: true,
        maxHeaderValues: 64,
        reviewTimeoutMs: 5_000,
        allowCacheTtlMs: 10_000,
        denyCacheTtlMs: 5_000,
        originalUserExtra: 'originaluser.jetstack.io',
      },
      extra: { clientIP: false, static: {} },
      files: [file],
      warnings: [],
    });
    assert.deepEqual(jwt, [
      {
        name: 'https://issuer.example',
        issuer: {
          url: 'https://issuer.example',
          discoveryURL: undefined,
          certificateAuthority: undefined,
          audiences: ['kubernetes'],
          keys: undefined,
          discoveryTokenFile: undefined,
        },
        signingAlgorithms: jwt[0]?.signingAlgorithms,
        requiredClaims: [],
        claimRules: [],
        userRules: [],
        maxTokenLifetimeMs: undefined,
        tokenReview: false,
        username: { claim: 'sub', prefix: '' },
        groups: undefined,
        uid: undefined,
        extra: [],
        allowReservedNames: false,
        actAs: 'impersonate',
        serviceAccount: undefined,
      },
    ]);
  });

  it('returns what nobody can change any more', () => {
    assertFrozen(loadConfig(writeConfig(minimal)));
  });

  it('puts the entries of the authentication file first', () => {
    const { jwt } = loadBoth({ jwt: [other] });
    assert.deepEqual(
      jwt.map(({ issuer }) => issuer.url),
      ['https://issuer.example', 'https://other.example'],
    );
  });

  it('lets reserved names through for the entries that were allowed to, and no others', () => {
    const own = { ...other, allowReservedNames: true };
    assert.deepEqual(reservedNamesAllowed({}, own), [false, true]);
    assert.deepEqual(reservedNamesAllowed({ allowReservedNames: true }, other), [true, false]);
  });

  it('tells every fault of every file at once, each with its file', () => {
    const folder = writeFiles({
      'config.yaml': {
        ...minimal,
        grpc: { address: 'nowhere', drainPeriod: 'soon', tls: { certFile: 'a', keyFile: 'b' } },
        kubernetes: { kubeconfig: 'kubeconfig' },
        authentication: { configFile: 'authentication.yaml' },
        jwt: [{ ...jwtEntry, issuer: { url: 'http://x', audiences: [] }, nmae: 'x' }],
      },
      'authentication.yaml': withField(authenticationFile, ['jwt', 0, 'issuer', 'audiences'], []),
      kubeconfig: { 'current-context': 'c', contexts: [], clusters: [], users: [] },
    });
    const file = (name: string): string => join(folder, name);
    const problems = problemsOf(() => loadConfig(file('config.yaml')));
    const about = problems.map((problem) => problem.replace(/^(\S+: \S+).*/s, '$1'));
    assert.deepEqual(about.toSorted(), [
      `${file('authentication.yaml')}: jwt[0].issuer.audiences:`,
      `${file('config.yaml')}: grpc.address:`,
      `${file('config.yaml')}: grpc.drainPeriod:`,
      `${file('config.yaml')}: grpc.tls.certFile:`,
      `${file('config.yaml')}: grpc.tls.keyFile:`,
      `${file('config.yaml')}: jwt[0].issuer.audiences:`,
      `${file('config.yaml')}: jwt[0].issuer.url:`,
      `${file('config.yaml')}: unknown`,
      `${file('kubeconfig')}: current-context:`,
    ]);
  });

  it('does not tell what only follows from another fault', () => {
    const file = writeConfig(withField(minimal, ['jwt', 0, 'issuer', 'url'], 7));
    const problems = problemsOf(() => loadConfig(file), file);
    assert.deepEqual(
      problems.map((problem) => problem.split(':')[0]),
      ['jwt[0].issuer.url'],
    );
  });

  it('refuses a configuration without a source of tokens', () => {
    const file = writeConfig({ ...minimal, jwt: [] });
    assert.deepEqual(
      problemsOf(() => loadConfig(file), file),
      ['jwt: at least one of jwt, authentication.configFile and tokenReview is required'],
    );
  });

  it('takes an issuer twice in its own list, and refuses one that the other file has', () => {
    const duplicate = 'Duplicate value: "https://issuer.example"';
    const file = writeConfig({ ...minimal, jwt: [jwtEntry, { ...jwtEntry, name: 'again' }] });
    assert.equal(loadConfig(file).jwt.length, 2);
    const problems = problemsOf(() => loadBoth({ jwt: [other, { ...jwtEntry, name: 'again' }] }));
    assert.equal(problems.length, 1);
    assert.ok(problems[0]?.endsWith(`config.yaml: jwt[1].issuer.url: ${duplicate}`), problems[0]);
  });

  it('refuses a name twice: audit and metrics could not tell the two apart', () => {
    const jwt = [jwtEntry, other].map((entry) => ({ ...entry, name: 'same' }));
    const file = writeConfig({ ...minimal, jwt });
    assert.deepEqual(
      problemsOf(() => loadConfig(file), file),
      ['jwt[1].name: Duplicate value: "same"'],
    );
  });

  it('takes URLs that differ in a slash for two issuers', () => {
    const slash = withField(jwtEntry, ['issuer', 'url'], 'https://issuer.example/');
    assert.equal(loadConfig(writeConfig({ ...minimal, jwt: [jwtEntry, slash] })).jwt.length, 2);
  });

  for (const field of ['grpc.tls.certFile', 'kubernetes.kubeconfig', 'authentication.configFile']) {
    it(`says of a file in ${field} that is not there`, () => {
      const tls = { certFile: 'absent', keyFile: '.' };
      const files: Readonly<Record<string, object>> = {
        'grpc.tls.certFile': { grpc: { tls } },
        'kubernetes.kubeconfig': { kubernetes: { kubeconfig: 'absent' } },
        'authentication.configFile': { authentication: { configFile: 'absent' } },
      };
      const file = writeConfig({ ...minimal, ...files[field] });
      const problems = problemsOf(() => loadConfig(file));
      assert.equal(problems.length, 1, problems.join('\n'));
      assert.match(problems[0] ?? '', /the file can't be read: ENOENT/);
    });
  }

  it('shows nothing of a file that is no configuration, whatever was named by mistake', () => {
    const secret = 'eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhIn0.c2ln';
    const mistakes = [secret, `${secret}\n${secret}: [`, `"${secret}": {${secret}`, `- ${secret}`];
    const key = '-----BEGIN PRIVATE KEY-----\nMIIEsecret\n-----END PRIVATE KEY-----\n';
    for (const content of [
      ...mistakes,
      key,
      JSON.stringify({ token: secret, password: 'MIIEsecret' }),
    ]) {
      const named = writeFiles({
        'config.yaml': {
          ...minimal,
          authentication: { configFile: 'mistake' },
          kubernetes: { kubeconfig: 'mistake' },
        },
        mistake: content,
      });
      for (const name of ['config.yaml', 'mistake']) {
        const problems = problemsOf(() => loadConfig(join(named, name))).join('\n');
        assert.doesNotMatch(problems, /eyJ|MIIE/);
      }
    }
  });
});

function loadBoth(content: object, settings: object = {}): ReturnType<typeof loadConfig> {
  const folder = writeFiles({
    'config.yaml': {
      ...minimal,
      authentication: { configFile: 'authentication.yaml', ...settings },
      ...content,
    },
    'authentication.yaml': authenticationFile,
  });
  return loadConfig(join(folder, 'config.yaml'));
}

function reservedNamesAllowed(settings: object, entry: object): readonly boolean[] {
  return loadBoth({ jwt: [entry] }, settings).jwt.map((one) => one.allowReservedNames);
}
