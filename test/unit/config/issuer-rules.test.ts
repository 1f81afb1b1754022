/** kube-apiserver's rules for an issuer, in its own paths and words. */
import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { createAuthority } from '../../../lab/certificates.ts';
import { checkIssuer } from '../../../src/config/issuer-rules.ts';
import { collectProblems } from '../../../src/config/problems.ts';

const good = { url: 'https://issuer.example', audiences: ['kubernetes'] };

type Issuer = Parameters<typeof checkIssuer>[0];
type Row = readonly [what: string, issuer: Partial<Issuer>, ...problems: string[]];

const url = 'jwt[0].issuer.url: Invalid value';
const discoveryURL = 'jwt[0].issuer.discoveryURL: Invalid value';
const policy = 'jwt[0].issuer.audienceMatchPolicy: Invalid value';

const accepted: readonly Row[] = [
  ['a URL with a port and a path', { url: 'https://issuer.example:8443/realms/one' }],
  ['a URL that ends in a slash', { url: 'https://issuer.example/' }],
  ['a scheme in capitals', { url: 'HTTPS://issuer.example' }],
  ['an empty discoveryURL, as none', { discoveryURL: '' }],
  ['a discoveryURL of another host', { discoveryURL: 'https://other.example/x' }],
  ['a discoveryURL that is a disallowed issuer', { discoveryURL: 'https://disallowed.example' }],
  ['MatchAny for one audience', { audienceMatchPolicy: 'MatchAny' }],
  ['an empty match policy for one audience', { audienceMatchPolicy: '' }],
  ['several audiences', { audiences: ['a', 'b'], audienceMatchPolicy: 'MatchAny' }],
  ['the egress selector controlplane', { egressSelectorType: 'controlplane' }],
  ['the egress selector cluster', { egressSelectorType: 'cluster' }],
  ['an empty egress selector', { egressSelectorType: '' }],
  ['an empty certificate authority, as none', { certificateAuthority: '' }],
];

const refused: readonly Row[] = [
  ['no URL', { url: '' }, 'jwt[0].issuer.url: Required value'],
  [
    'plain HTTP',
    { url: 'http://issuer.example' },
    `${url}: "http://issuer.example": URL scheme must be https`,
  ],
  [
    'a URL without a scheme',
    { url: 'issuer.example' },
    `${url}: "issuer.example": URL scheme must be https`,
  ],
  [
    'a file',
    { url: 'file:///etc/passwd' },
    `${url}: "file:///etc/passwd": URL scheme must be https`,
  ],
  [
    'a user in the URL',
    { url: 'https://me@issuer.example' },
    `${url}: "https://me@issuer.example": URL must not contain a username or password`,
  ],
  [
    'a query in the URL',
    { url: 'https://issuer.example?a=b' },
    `${url}: "https://issuer.example?a=b": URL must not contain a query`,
  ],
  [
    'a fragment in the URL',
    { url: 'https://issuer.example#a' },
    `${url}: "https://issuer.example#a": URL must not contain a fragment`,
  ],
  [
    'all of these, and says each',
    { url: 'https://me@issuer.example?a=b#c' },
    `${url}: "https://me@issuer.example?a=b#c": URL must not contain a username or password`,
    `${url}: "https://me@issuer.example?a=b#c": URL must not contain a query`,
    `${url}: "https://me@issuer.example?a=b#c": URL must not contain a fragment`,
  ],
  [
    'a disallowed issuer',
    { url: 'https://disallowed.example' },
    `${url}: "https://disallowed.example": URL must not overlap with disallowed issuers: [https://also.example https://disallowed.example]`,
  ],
  [
    'a discoveryURL that is the URL',
    { discoveryURL: 'https://issuer.example' },
    `${discoveryURL}: "https://issuer.example": discoveryURL must be different from URL`,
  ],
  [
    'a discoveryURL that differs from the URL in slashes alone',
    { url: 'https://issuer.example/', discoveryURL: 'https://issuer.example//' },
    `${discoveryURL}: "https://issuer.example//": discoveryURL must be different from URL`,
  ],
  [
    'a discoveryURL over plain HTTP',
    { discoveryURL: 'http://issuer.example/x' },
    `${discoveryURL}: "http://issuer.example/x": URL scheme must be https`,
  ],
  [
    'a discoveryURL with a query',
    { discoveryURL: 'https://issuer.example/x?y' },
    `${discoveryURL}: "https://issuer.example/x?y": URL must not contain a query`,
  ],
  [
    'no audience',
    { audiences: [] },
    'jwt[0].issuer.audiences: Required value: at least one jwt[0].issuer.audiences is required',
  ],
  ['an empty audience', { audiences: [''] }, 'jwt[0].issuer.audiences[0]: Required value'],
  [
    'an audience twice',
    { audiences: ['a', 'b', 'a'], audienceMatchPolicy: 'MatchAny' },
    'jwt[0].issuer.audiences[2]: Duplicate value: "a"',
  ],
  [
    'several audiences without a policy',
    { audiences: ['a', 'b'] },
    `${policy}: "": audienceMatchPolicy must be MatchAny for multiple audiences`,
  ],
  [
    'several audiences with another policy',
    { audiences: ['a', 'b'], audienceMatchPolicy: 'MatchAll' },
    `${policy}: "MatchAll": audienceMatchPolicy must be MatchAny for multiple audiences`,
  ],
  [
    'one audience with another policy',
    { audienceMatchPolicy: 'matchany' },
    `${policy}: "matchany": audienceMatchPolicy must be empty or MatchAny for single audience`,
  ],
  [
    'a certificate authority that is a path',
    { certificateAuthority: '/etc/ssl/ca.crt' },
    'jwt[0].issuer.certificateAuthority: Invalid value: "<omitted>": data does not contain any valid RSA or ECDSA certificates',
  ],
  [
    'a certificate authority that is cut short',
    { certificateAuthority: '-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n' },
    'jwt[0].issuer.certificateAuthority: Invalid value: "<omitted>": data does not contain any valid RSA or ECDSA certificates',
  ],
  [
    'another egress selector',
    { egressSelectorType: 'Cluster' },
    'jwt[0].issuer.egressSelectorType: Invalid value: "Cluster": egress selector must be either controlplane or cluster',
  ],
];

describe('checkIssuer', () => {
  for (const [what, issuer] of accepted) {
    it(`accepts ${what}`, () => assert.deepEqual(check(issuer), []));
  }
  for (const [what, issuer, ...problems] of refused) {
    it(`refuses ${what}`, () => assert.deepEqual(check(issuer), problems));
  }
  it('tells the faults of every field at once', () => {
    const problems = check({ url: '', audiences: [], egressSelectorType: 'x' });
    assert.deepEqual(
      problems.map((problem) => problem.split(':')[0]),
      ['jwt[0].issuer.url', 'jwt[0].issuer.audiences', 'jwt[0].issuer.egressSelectorType'],
    );
  });
});

describe('the certificate authority of an issuer', () => {
  let certPem = '';
  let keyPem = '';
  before(async () => {
    const authority = await createAuthority('rules CA');
    certPem = authority.certPem;
    keyPem = (await authority.issue({ commonName: 'leaf' })).keyPem;
  });

  it('is accepted as PEM text, alone, twice and with words around it', () => {
    for (const pem of [certPem, certPem + certPem, `Subject: rules CA\n${certPem}`]) {
      assert.deepEqual(check({ certificateAuthority: pem }), []);
    }
  });

  it('is refused when one of its certificates is broken', () => {
    const broken = certPem.replace(/\n[^-\n]{20}/, '\nAAAAAAAAAAAAAAAAAAAA');
    assert.equal(check({ certificateAuthority: certPem + broken }).length, 1);
  });

  it('that is a private key is refused without a line of it in the message', () => {
    const [problem = '', ...more] = check({ certificateAuthority: keyPem });
    assert.deepEqual(more, []);
    for (const line of keyPem.trim().split('\n')) assert.ok(!problem.includes(line), problem);
  });
});

function check(changes: Partial<Issuer>): readonly string[] {
  const found: string[] = [];
  const disallowedIssuers = ['https://disallowed.example', 'https://also.example'];
  const settings = { disallowedIssuers };
  checkIssuer({ ...good, ...changes }, 'jwt[0].issuer', settings, collectProblems(found));
  return found;
}
