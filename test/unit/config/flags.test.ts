/** The two forms without a configuration file of ours: kube-apiserver's file, and kube-oidc-proxy's flags. */
import assert from 'node:assert/strict';
import { join, relative } from 'node:path';
import { before, describe, it } from 'node:test';
import { createAuthority } from '../../../lab/certificates.ts';
import type { JwtConfig } from '../../../src/config/config.ts';
import { configFromFlags } from '../../../src/config/flags.ts';
import { inClusterTokenFile } from '../../../src/config/load.ts';
import { assertFrozen } from '../../support/assert-frozen.ts';
import {
  authenticationFile,
  minimal,
  problemsOf,
  writeConfig,
  writeFiles,
} from '../../support/config-files.ts';

const url = 'https://issuer.example';
const needed = ['--oidc-issuer-url', url, '--oidc-client-id', 'kubernetes'];

const prefixes: readonly (readonly [
  title: string,
  flags: readonly string[],
  claim: string,
  prefix: string,
])[] = [
  ['puts the issuer and # before sub by default', [], 'sub', `${url}#`],
  ['puts the issuer and # before another claim', ['--oidc-username-claim=name'], 'name', `${url}#`],
  ['puts nothing before an email address', ['--oidc-username-claim=email'], 'email', ''],
  ['puts nothing before the claim for "-"', ['--oidc-username-prefix=-'], 'sub', ''],
  [
    'puts nothing before an email address for "-"',
    ['--oidc-username-claim=email', '--oidc-username-prefix=-'],
    'email',
    '',
  ],
  ['takes an empty prefix for none given', ['--oidc-username-prefix='], 'sub', `${url}#`],
  ['puts the prefix before the claim', ['--oidc-username-prefix=oidc:'], 'sub', 'oidc:'],
  [
    'puts the prefix before an email address',
    ['--oidc-username-claim=email', '--oidc-username-prefix=oidc:'],
    'email',
    'oidc:',
  ],
];

const refused: readonly (readonly [what: string, args: readonly string[], problem: RegExp])[] = [
  ['nothing', [], /^one of --config, --authentication-config or --oidc-\* is required$/],
  ['the addresses alone', ['--grpc-address', ':1'], /^one of --config/],
  [
    'an extra without a value',
    [...needed, '--extra-user-headers=a'],
    /^--extra-user-headers: must/,
  ],
  ['an extra of two values', [...needed, '--extra-user-headers=a=b=c'], /^--extra-user-headers: m/],
  ['an extra without a key', [...needed, '--extra-user-headers==b'], /^--extra-user-headers: must/],
  ['an unknown flag', ['--bogus'], /'--bogus'/],
  ['a word that is no flag', ['config.yaml'], /'config\.yaml'/],
  ['a flag without its value', ['--config'], /--config/],
  [
    'an issuer without a client',
    needed.slice(0, 2),
    /^--oidc-issuer-url and --oidc-client-id must/,
  ],
  ['a client without an issuer', needed.slice(2), /^--oidc-issuer-url and --oidc-client-id must/],
  [
    'both forms',
    ['--authentication-config', 'x', '--oidc-client-id', 'y'],
    /^--authentication-config can't be combined with --oidc-client-id$/,
  ],
  ['--config with flags', ['--config', 'x', '--grpc-address', ':1'], /^--config can't be combined/],
  ['--config with --oidc-*', ['--config', 'x', ...needed], /^--config can't be combined with --o/],
  ['an algorithm without a key pair', [...needed, '--oidc-signing-algs=HS256'], /HS256: must be/],
  ['the algorithm none', [...needed, '--oidc-signing-algs=RS256,none'], /algs: none: must be/],
  ['an empty algorithm', [...needed, '--oidc-signing-algs='], /--oidc-signing-algs: : must be/],
  [
    'a required claim without a value',
    [...needed, '--oidc-required-claim=hd'],
    /"hd" is not key=v/,
  ],
  [
    'a required value without a claim',
    [...needed, '--oidc-required-claim==x'],
    /"=x" is not key=v/,
  ],
  ['a CA file that is not there', [...needed, '--oidc-ca-file=/absent'], /^--oidc-ca-file: ENOENT/],
  [
    'an issuer over plain HTTP',
    ['--oidc-issuer-url=http://x', '--oidc-client-id=y'],
    /^the command line: jwt\[0\]\.issuer\.url: .*: URL scheme must be https$/,
  ],
  ['an address without a port', [...needed, '--grpc-address=nowhere'], /^grpc\.address: must be h/],
];

describe('--oidc-*', () => {
  for (const [title, flags, claim, prefix] of prefixes) {
    it(title, () => assert.deepEqual(entry(flags).username, { claim, prefix }));
  }

  it("is one entry for one audience, with kube-apiserver's defaults", () => {
    const { issuer, signingAlgorithms, groups, uid, extra, requiredClaims, ...rest } = entry([]);
    assert.deepEqual([issuer.url, issuer.audiences], [url, ['kubernetes']]);
    assert.deepEqual(signingAlgorithms, ['RS256']);
    assert.deepEqual([groups, uid, extra, requiredClaims], [undefined, undefined, [], []]);
    assert.deepEqual([rest.name, rest.allowReservedNames], [url, false]);
  });

  it('takes groups from a claim, with a prefix or without', () => {
    const groups = ['--oidc-groups-claim=roles'];
    assert.deepEqual(entry(groups).groups, { claim: 'roles', prefix: '' });
    const withPrefix = entry([...groups, '--oidc-groups-prefix=oidc:']);
    assert.deepEqual(withPrefix.groups, { claim: 'roles', prefix: 'oidc:' });
    const dash = entry([...groups, '--oidc-groups-prefix=-']);
    assert.deepEqual(dash.groups, { claim: 'roles', prefix: '-' });
  });

  it('takes no groups without a claim', () => {
    assert.equal(entry(['--oidc-groups-prefix=oidc:']).groups, undefined);
    assert.equal(entry(['--oidc-groups-claim=']).groups, undefined);
  });

  it('requires every --oidc-required-claim', () => {
    const flags = ['--oidc-required-claim=hd=example.com', '--oidc-required-claim', 'a=b=c,d'];
    assert.deepEqual(entry([...flags, '--oidc-required-claim=empty=']).requiredClaims, [
      { claim: 'hd', requiredValue: 'example.com' },
      { claim: 'a', requiredValue: 'b=c,d' },
      { claim: 'empty', requiredValue: '' },
    ]);
  });

  it('takes the signing algorithms as a list, once or repeated', () => {
    const flags = ['--oidc-signing-algs=RS256, ES256', '--oidc-signing-algs=PS512'];
    assert.deepEqual(entry(flags).signingAlgorithms, ['RS256', 'ES256', 'PS512']);
  });

  it('never lets reserved names through', () => {
    assert.equal(entry(['--oidc-username-prefix=system:']).allowReservedNames, false);
  });

  describe('with a CA file', () => {
    let certPem = '';
    before(async () => {
      ({ certPem } = await createAuthority('flags CA'));
    });

    it('trusts what is in the file', () => {
      const file = writeConfig(certPem, 'ca.crt');
      assert.equal(entry([`--oidc-ca-file=${file}`]).issuer.certificateAuthority, certPem);
    });

    it('refuses a file without certificates', () => {
      const args = [...needed, `--oidc-ca-file=${writeConfig('nothing', 'ca.crt')}`];
      assert.deepEqual(
        problemsOf(() => configFromFlags(args)),
        [
          'the command line: jwt[0].issuer.certificateAuthority: Invalid value: "<omitted>": data does not contain any valid RSA or ECDSA certificates',
        ],
      );
    });
  });
});

describe('the command line', () => {
  for (const [what, args, problem] of refused) {
    it(`is refused with ${what}`, () => {
      const problems = problemsOf(() => configFromFlags(args));
      assert.equal(problems.length, 1, problems.join('\n'));
      assert.match(problems[0] ?? '', problem);
    });
  }

  it("takes kube-apiserver's file in place of a configuration", () => {
    const file = writeConfig(authenticationFile, 'authentication.yaml');
    const config = configFromFlags(['--authentication-config', relative(process.cwd(), file)]);
    assert.deepEqual(
      config.jwt.map(({ name, allowReservedNames }) => [name, allowReservedNames]),
      [['https://issuer.example', false]],
    );
    assert.equal(config.jwt[0]?.signingAlgorithms.length, 9);
    assert.deepEqual(config.kubernetes.token, { file: inClusterTokenFile });
  });

  it("names kube-apiserver's file in its faults", () => {
    const file = writeConfig({ ...authenticationFile, bogus: 1 }, 'authentication.yaml');
    const problems = problemsOf(() => configFromFlags(['--authentication-config', file]), file);
    assert.deepEqual(problems, ['unknown field "bogus"']);
  });

  it('sets addresses and token file in both forms', () => {
    const folder = writeFiles({ 'authentication.yaml': authenticationFile });
    const both = ['--grpc-address=:1', '--admin-address=:2', '--token-file=/run/token'];
    const grpcNeedsHost = problemsOf(() => configFromFlags([...needed, ...both]));
    assert.match(grpcNeedsHost.join(), /grpc\.address/);
    const set = ['--grpc-address=[::]:1', ...both.slice(1)];
    const file = join(folder, 'authentication.yaml');
    for (const form of [needed, ['--authentication-config', file]]) {
      const { grpc, admin, kubernetes } = configFromFlags([...form, ...set]);
      assert.deepEqual(
        [grpc.address, admin.address, kubernetes.token],
        ['[::]:1', ':2', { file: '/run/token' }],
      );
    }
  });

  it('reads the configuration of --config', () => {
    assert.equal(configFromFlags(['--config', writeConfig(minimal)]).jwt.length, 1);
  });

  it('gives what nobody can change any more, in every form', () => {
    const forms = [
      needed,
      ['--config', writeConfig(minimal)],
      ['--authentication-config', writeConfig(authenticationFile, 'authentication.yaml')],
    ];
    for (const form of forms) assertFrozen(configFromFlags(form));
  });

  it('give extras as kube-oidc-proxy takes them, their keys as HTTP makes them', () => {
    const plain = configFromFlags(needed);
    assert.deepEqual(plain.extra, { clientIP: false, static: {} });
    const { extra } = configFromFlags([
      ...needed,
      '--extra-user-header-client-ip',
      '--extra-user-headers=Key1=foo,key2=foo',
      '--extra-user-headers=key1=bar',
    ]);
    assert.deepEqual(extra, { clientIP: true, static: { key1: ['foo', 'bar'], key2: ['foo'] } });
  });
});

function entry(flags: readonly string[]): JwtConfig {
  const { jwt } = configFromFlags([...needed, ...flags]);
  const [only, ...more] = jwt;
  assert.ok(only && more.length === 0);
  return only;
}
