/** The configuration file field by field: what is taken, what is refused by name, and what nobody may misspell. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import type { Config } from '../../../src/config/config.ts';
import { loadConfig } from '../../../src/config/load.ts';
import {
  authenticationFile,
  minimal,
  problemsOf,
  withField,
  writeConfig,
  writeFiles,
} from '../../support/config-files.ts';

type Path = readonly (string | number)[];

const kubeconfig = {
  apiVersion: 'v1',
  kind: 'Config',
  'current-context': 'c',
  contexts: [{ name: 'c', context: { cluster: 'k', user: 'u' } }],
  clusters: [{ name: 'k', cluster: { server: 'https://127.0.0.1:6443' } }],
  users: [{ name: 'u', user: { token: 'secret-of-u' } }],
};

type Taken = readonly [path: Path, value: unknown, read: (config: Config) => unknown, as?: unknown];

const taken: readonly Taken[] = [
  [['grpc', 'address'], '0.0.0.0:9001', ({ grpc }) => grpc.address],
  [['grpc', 'address'], '[::1]:9001', ({ grpc }) => grpc.address],
  [['grpc', 'address'], 'unix:/run/x.sock', ({ grpc }) => grpc.address],
  [['grpc', 'drainPeriod'], '1m30s', ({ grpc }) => grpc.drainPeriodMs, 90_000],
  [['grpc', 'drainPeriod'], '0s', ({ grpc }) => grpc.drainPeriodMs, 0],
  [['admin', 'address'], ':9090', ({ admin }) => admin.address],
  [['authentication', 'allowReservedNames'], true, () => true],
  [['authentication', 'disallowedIssuers'], ['https://other.example'], () => true, true],
  [['jwt', 0, 'name'], 'people', ({ jwt }) => jwt[0]?.name],
  [['jwt', 0, 'actAs'], 'impersonate', () => 'impersonate'],
  [['jwt', 0, 'tokenReview'], true, ({ jwt }) => jwt[0]?.tokenReview],
  [['jwt', 0, 'maxTokenLifetime'], '10m', ({ jwt }) => jwt[0]?.maxTokenLifetimeMs, 600_000],
  [
    ['jwt', 0, 'issuer', 'discoveryTokenFile'],
    '/run/token',
    ({ jwt }) => jwt[0]?.issuer.discoveryTokenFile,
  ],
  [['tokenReview'], {}, ({ tokenReview }) => tokenReview, { audiences: [] }],
  [['tokenReview'], { audiences: ['a'] }, ({ tokenReview }) => tokenReview],
  [['jwt', 0, 'allowReservedNames'], true, ({ jwt }) => jwt[0]?.allowReservedNames],
  [
    ['jwt', 0, 'issuer', 'discoveryURL'],
    'https://d.example/x',
    (c) => c.jwt[0]?.issuer.discoveryURL,
  ],
  [['jwt', 0, 'issuer', 'audienceMatchPolicy'], 'MatchAny', () => 'MatchAny'],
  [['jwt', 0, 'issuer', 'egressSelectorType'], 'cluster', () => 'cluster'],
  [
    ['jwt', 0, 'claimValidationRules'],
    [{ claim: 'hd', requiredValue: 'example.com' }],
    ({ jwt }) => jwt[0]?.requiredClaims,
  ],
  [
    ['jwt', 0, 'claimMappings', 'groups'],
    { claim: 'groups', prefix: 'oidc:' },
    ({ jwt }) => jwt[0]?.groups,
  ],
  [['jwt', 0, 'claimMappings', 'uid'], { claim: 'oid' }, ({ jwt }) => jwt[0]?.uid],
  [
    ['jwt', 0, 'claimMappings', 'extra'],
    [{ key: 'acme.io/team', valueExpression: 'claims.team' }],
    ({ jwt }) => jwt[0]?.extra.map(({ key, expression }) => [key, expression.source]),
    [['acme.io/team', 'claims.team']],
  ],
  [['envoy', 'finisher'], 'metadata', () => 'metadata'],
  [['audit'], [], ({ audit }) => audit],
  [
    ['audit'],
    [{ format: 'json' }],
    ({ audit }) => audit,
    [{ format: 'json', path: '-', queueBytes: 16_777_216, onFull: 'block' }],
  ],
  ...['json', 'kube-oidc-proxy', 'audit.k8s.io'].map((format): Taken => [
    ['audit'],
    [{ format, path: '-', queueBytes: 4_096, onFull: 'drop' }],
    ({ audit }) => audit,
  ]),
  ...['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'].map((level): Taken => [
    ['log', 'level'],
    level,
    ({ log }) => log.level,
  ]),
];

const notYet: readonly (readonly [path: Path, value: unknown, problem: string])[] = [
  [['envoy', 'finisher'], 'none', 'envoy.finisher: only "metadata" is supported yet'],
];

const places: readonly Path[] = [
  [],
  ['grpc'],
  ['admin'],
  ['kubernetes'],
  ['kubernetes', 'token'],
  ['authentication'],
  ['jwt', 0],
  ['jwt', 0, 'issuer'],
  ['jwt', 0, 'claimMappings'],
  ['jwt', 0, 'claimMappings', 'username'],
  ['envoy'],
  ['log'],
];

const wrong: readonly (readonly [what: string, path: Path, value: unknown, problem: RegExp])[] = [
  ['a port that is missing', ['grpc', 'address'], '127.0.0.1', /^grpc\.address: must be host:port/],
  ['a port above 65535', ['grpc', 'address'], 'a:65536', /^grpc\.address: must be host:port/],
  ['an admin port above 65535', ['admin', 'address'], ':65536', /^admin\.address: must be host:p/],
  ['an audit format that is none', ['audit'], [{ format: 'cef' }], /^audit\[0\]\.format: /],
  ['an audit log without a format', ['audit'], [{ path: '-' }], /^audit\[0\]\.format: /],
  [
    'an audit queue that is too small',
    ['audit'],
    [{ format: 'json', queueBytes: 4_095 }],
    /^audit\[0\]\.queueBytes: /,
  ],
  [
    'a queue that does something else when it is full',
    ['audit'],
    [{ format: 'json', onFull: 'wait' }],
    /^audit\[0\]\.onFull: /,
  ],
  ['an empty socket', ['grpc', 'address'], 'unix:', /^grpc\.address: must be host:port/],
  ['an admin socket', ['admin', 'address'], 'unix:/x', /^admin\.address: must be host:port/],
  ['a duration without a unit', ['grpc', 'drainPeriod'], '5', /^grpc\.drainPeriod: .* duration/],
  ['a number for a duration', ['grpc', 'drainPeriod'], 5, /^grpc\.drainPeriod: /],
  ['an unknown level', ['log', 'level'], 'verbose', /^log\.level: /],
  ['another version', ['apiVersion'], 'kube-ext-authz.dev/v1', /^apiVersion: /],
  ['another kind', ['kind'], 'configuration', /^kind: /],
  ['a text for a list', ['jwt', 0, 'issuer', 'audiences'], 'a', /^jwt\[0\]\.issuer\.audiences: /],
  ['a text for a truth', ['jwt', 0, 'allowReservedNames'], 'true', /^jwt\[0\]\.allowReserved/],
  ['an empty name', ['jwt', 0, 'name'], '', /^jwt\[0\]\.name: /],
  [
    'a number in a list',
    ['jwt', 0, 'issuer', 'audiences', 0],
    7,
    /^jwt\[0\]\.issuer\.audiences\[0\]: /,
  ],
];

describe('the configuration file', () => {
  for (const [path, value, read, as = value] of taken) {
    it(`takes ${path.join('.')} ${JSON.stringify(value)}`, () => {
      const config = loadConfig(writeConfig(set(path, value)));
      assert.deepEqual(read(config), as);
    });
  }
  for (const [path, value, problem] of notYet) {
    it(`says of ${path.join('.')} ${JSON.stringify(value)} that it is not supported yet`, () => {
      assert.deepEqual(faults(set(path, value)), [problem]);
    });
  }
  for (const path of places) {
    it(`refuses an unknown field in ${path.join('.') || 'the file'} with its path`, () => {
      const at = path.map((part) => (typeof part === 'number' ? `[${part}]` : `.${part}`)).join('');
      const name = `${at}.bogus`.slice(1);
      assert.deepEqual(faults(set([...path, 'bogus'], 1)), [`unknown field "${name}"`]);
    });
  }
  for (const [what, path, value, problem] of wrong) {
    it(`refuses ${what}`, () => {
      const problems = faults(set(path, value));
      assert.equal(problems.length, 1, problems.join('\n'));
      assert.match(problems[0] ?? '', problem);
    });
  }
  for (const field of ['apiVersion', 'kind']) {
    it(`refuses a file without ${field}`, () => {
      const problems = faults(set([field], undefined));
      assert.deepEqual(
        problems.map((problem) => problem.split(':')[0]),
        [field],
      );
    });
  }

  it('refuses field names in another case', () => {
    assert.deepEqual(faults(set(['JWT'], [])), ['unknown field "JWT"']);
    assert.deepEqual(faults(set(['jwt', 0, 'issuer', 'URL'], 'x')), [
      'unknown field "jwt[0].issuer.URL"',
    ]);
  });

  it('refuses fields that every JavaScript object has', () => {
    const own = { ...minimal, constructor: 1 };
    assert.deepEqual(faults(own), ['unknown field "constructor"']);
    const text = JSON.stringify(minimal).replace(/^\{/, '{"__proto__": {"jwt": []}, ');
    const file = writeConfig(text);
    assert.deepEqual(
      problemsOf(() => loadConfig(file), file),
      ['unknown field "__proto__"'],
    );
  });

  it('takes files that it names, relative to its own folder', () => {
    const folder = writeFiles({
      'sub/config.yaml': {
        ...minimal,
        grpc: { tls: { certFile: 'tls.crt', keyFile: '../tls.key', clientCAFile: 'ca.crt' } },
        kubernetes: { kubeconfig: 'kubeconfig', token: { file: 'token' } },
        authentication: { configFile: '../authentication.yaml' },
        jwt: [],
        audit: [{ format: 'json', path: 'audit.log', queueBytes: 4_096, onFull: 'drop' }],
      },
      'authentication.yaml': authenticationFile,
      'sub/kubeconfig': kubeconfig,
      'sub/tls.crt': '',
      'tls.key': '',
      'sub/ca.crt': '',
    });
    const sub = (name: string): string => join(folder, 'sub', name);
    const { grpc, kubernetes, audit, jwt } = loadConfig(sub('config.yaml'));
    assert.deepEqual(grpc.tls, {
      certFile: sub('tls.crt'),
      keyFile: join(folder, 'tls.key'),
      clientCAFile: sub('ca.crt'),
    });
    assert.deepEqual(kubernetes, { kubeconfig: sub('kubeconfig'), token: { file: sub('token') } });
    assert.deepEqual(audit, [
      { format: 'json', path: sub('audit.log'), queueBytes: 4_096, onFull: 'drop' },
    ]);
    assert.equal(jwt.length, 1);
  });

  it('leaves absolute paths as they are', () => {
    const config = loadConfig(
      writeConfig({ ...minimal, kubernetes: { token: { file: '/run/token' } } }),
    );
    assert.deepEqual(config.kubernetes.token, { file: '/run/token' });
  });
});

function set(path: Path, value: unknown): object {
  return withField(minimal, path, value);
}

function faults(content: object): readonly string[] {
  const file = writeConfig(content);
  return problemsOf(() => loadConfig(file), file);
}
