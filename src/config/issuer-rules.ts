import { X509Certificate } from 'node:crypto';
import type { Problems } from './problems.ts';
import type { JwtAuthenticatorFile } from './jwt-authenticator-schema.ts';

type IssuerFile = JwtAuthenticatorFile['issuer'];

interface IssuerSettings {
  readonly disallowedIssuers: readonly string[];
  readonly hasKeys?: boolean;
}

/** kube-apiserver's validateIssuer (apis/apiserver/validation/validation.go at v1.36.3), its words too. */
export function checkIssuer(
  issuer: IssuerFile,
  path: string,
  { disallowedIssuers, hasKeys = false }: IssuerSettings,
  problems: Problems,
): void {
  const { url, discoveryURL = '' } = issuer;
  checkIssuerURL(url, `${path}.url`, disallowedIssuers, problems);
  // Nothing is fetched from an issuer whose keys are here, and so every URI will do for its name.
  if (url !== '' && !hasKeys) checkURL(url, `${path}.url`, problems);
  checkDiscoveryURL(url, discoveryURL, `${path}.discoveryURL`, problems);
  checkAudiences(issuer, path, problems);
  checkCertificateAuthority(issuer.certificateAuthority ?? '', path, problems);
  checkEgressSelector(issuer.egressSelectorType ?? '', path, problems);
}

function checkIssuerURL(
  url: string,
  path: string,
  disallowedIssuers: readonly string[],
  problems: Problems,
): void {
  if (url === '') return problems.required(path, '');
  if (disallowedIssuers.includes(url)) {
    const list = disallowedIssuers.toSorted().join(' ');
    problems.invalid(path, url, `URL must not overlap with disallowed issuers: [${list}]`);
  }
}

function checkDiscoveryURL(issuer: string, url: string, path: string, problems: Problems): void {
  if (url === '') return;
  if (issuer !== '' && trimSlashes(issuer) === trimSlashes(url)) {
    problems.invalid(path, url, 'discoveryURL must be different from URL');
  }
  checkURL(url, path, problems);
}

function trimSlashes(url: string): string {
  return url.replace(/\/+$/, '');
}

/** As Go's net/url takes a URL apart; the WHATWG parser mends what Go refuses. */
function checkURL(url: string, path: string, problems: Problems): void {
  const parts = goURL.exec(url);
  const { scheme = '', user, query, fragment } = parts?.groups ?? {};
  // eslint-disable-next-line no-control-regex
  if (!parts || /[\0-\x1f\x7f]/.test(url) || /%(?![0-9a-f]{2})/i.test(url)) {
    return problems.invalid(path, url, 'parse "…": not a URL');
  }
  if (scheme.toLowerCase() === 'https' && URL.parse(url) === null) {
    problems.invalid(path, url, 'not a URL that can be asked');
  }
  if (scheme.toLowerCase() !== 'https') problems.invalid(path, url, 'URL scheme must be https');
  if (user !== undefined) {
    problems.invalid(path, url, 'URL must not contain a username or password');
  }
  if (query !== undefined && query !== '') {
    problems.invalid(path, url, 'URL must not contain a query');
  }
  if (fragment !== undefined && fragment !== '') {
    problems.invalid(path, url, 'URL must not contain a fragment');
  }
}

/** What begins with a colon has no scheme, and what has no `//` no host: Go takes the second for a path. */
const goURL =
  /^(?:(?<scheme>[a-z][a-z0-9+.-]*):|(?![^/?#]*:))(?:\/\/(?:(?<user>[^/?#@]*)@)?(?:\[[^\]/?# ]*\]|[^/?#:@[\] ]*)(?::\d*)?(?=[/?#]|$)|(?!\/\/))[^?#]*(?:\?(?<query>[^#]*))?(?:#(?<fragment>.*))?$/is;

function checkAudiences(issuer: IssuerFile, path: string, problems: Problems): void {
  const { audiences, audienceMatchPolicy = '' } = issuer;
  if (audiences.length === 0) {
    return problems.required(`${path}.audiences`, `at least one ${path}.audiences is required`);
  }
  audiences.forEach((audience, index) => {
    if (audience === '') problems.required(`${path}.audiences[${index}]`, '');
    if (audiences.indexOf(audience) < index) {
      problems.duplicate(`${path}.audiences[${index}]`, audience);
    }
  });
  if (audiences.length > 1 && audienceMatchPolicy !== 'MatchAny') {
    const detail = 'audienceMatchPolicy must be MatchAny for multiple audiences';
    problems.invalid(`${path}.audienceMatchPolicy`, audienceMatchPolicy, detail);
  }
  if (audiences.length === 1 && !['', 'MatchAny'].includes(audienceMatchPolicy)) {
    const detail = 'audienceMatchPolicy must be empty or MatchAny for single audience';
    problems.invalid(`${path}.audienceMatchPolicy`, audienceMatchPolicy, detail);
  }
}

function checkCertificateAuthority(pem: string, path: string, problems: Problems): void {
  if (pem === '') return;
  const blocks = pem.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
  if (blocks.length > 0 && blocks.every(isCertificate)) return;
  const detail = 'data does not contain any valid RSA or ECDSA certificates';
  problems.invalid(`${path}.certificateAuthority`, '<omitted>', detail);
}

function isCertificate(pem: string): boolean {
  try {
    return new X509Certificate(pem).publicKey.type === 'public';
  } catch {
    return false; // X509Certificate has no other way to say so.
  }
}

function checkEgressSelector(type: string, path: string, problems: Problems): void {
  if (['', 'controlplane', 'cluster'].includes(type)) return;
  const detail = 'egress selector must be either controlplane or cluster';
  problems.invalid(`${path}.egressSelectorType`, type, detail);
}
