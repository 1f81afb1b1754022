import { signingAlgorithms, type ExtraMapping, type JwtConfig } from './config.ts';
import { checkIssuer } from './issuer-rules.ts';
import type { Problems } from './problems.ts';
import type { JwtAuthenticatorFile } from './schema.ts';

// The rules and words of kube-apiserver's own validation:
// staging/src/k8s.io/apiserver/pkg/apis/apiserver/validation/validation.go at v1.36.3.

/** Checks one entry and fills its defaults; faults go to `problems` and the entry is then unusable. */
export function toJwtConfig(
  entry: JwtAuthenticatorFile,
  own: { readonly name: string; readonly allowReservedNames: boolean },
  path: string,
  disallowedIssuers: readonly string[],
  problems: Problems,
): JwtConfig {
  const { issuer, claimMappings } = entry;
  checkIssuer(issuer, `${path}.issuer`, disallowedIssuers, problems);
  const { username, groups, uid } = claimMappings;
  const mappings = `${path}.claimMappings`;
  return {
    name: own.name,
    issuer: {
      url: issuer.url,
      discoveryURL: issuer.discoveryURL === '' ? undefined : issuer.discoveryURL,
      certificateAuthority:
        issuer.certificateAuthority === '' ? undefined : issuer.certificateAuthority,
      audiences: issuer.audiences,
    },
    signingAlgorithms,
    requiredClaims: requiredClaims(entry, `${path}.claimValidationRules`, problems),
    username: prefixedClaim(username, `${mappings}.username`, true, problems),
    groups: groups?.claim
      ? prefixedClaim(groups, `${mappings}.groups`, false, problems)
      : undefined,
    uid: uid?.claim ? { claim: uid.claim } : undefined,
    extra: extraMappings(claimMappings.extra, `${mappings}.extra`, problems),
    allowReservedNames: own.allowReservedNames,
  };
}

function requiredClaims(
  entry: JwtAuthenticatorFile,
  path: string,
  problems: Problems,
): JwtConfig['requiredClaims'] {
  const seen = new Set<string>();
  return entry.claimValidationRules.flatMap((rule, index) => {
    const at = `${path}[${index}]`;
    const { claim = '', requiredValue = '', message = '' } = rule;
    if (claim === '') {
      problems.required(at, 'claim or expression is required');
      return [];
    }
    if (message !== '') {
      problems.invalid(`${at}.message`, message, 'may not be specified when claim is set');
    }
    if (seen.has(claim)) problems.duplicate(`${at}.claim`, claim);
    seen.add(claim);
    return [{ claim, requiredValue }];
  });
}

function prefixedClaim(
  mapping: JwtAuthenticatorFile['claimMappings']['username'],
  path: string,
  claimRequired: boolean,
  problems: Problems,
): JwtConfig['username'] {
  const { claim = '', prefix } = mapping;
  if (claim === '' && claimRequired) problems.required(path, 'claim or expression is required');
  if (claim !== '' && prefix === undefined) {
    problems.required(
      `${path}.prefix`,
      'prefix is required when claim is set. It can be set to an empty string to disable prefixing',
    );
  }
  return { claim, prefix: prefix ?? '' };
}

const plainSelection = /^claims((?:\.[a-zA-Z_][a-zA-Z0-9_]*)+)$/;

function extraMappings(
  extra: JwtAuthenticatorFile['claimMappings']['extra'],
  path: string,
  problems: Problems,
): readonly ExtraMapping[] {
  const seen = new Set<string>();
  return extra.flatMap(({ key, valueExpression }, index) => {
    const at = `${path}[${index}]`;
    checkExtraKey(key, `${at}.key`, problems);
    if (seen.has(key)) problems.duplicate(`${at}.key`, key);
    seen.add(key);
    if (valueExpression === '') {
      problems.required(`${at}.valueExpression`, '');
      return [];
    }
    const selection = plainSelection.exec(valueExpression.trim())?.[1];
    if (selection === undefined || selection.includes('__')) {
      const detail = 'only a plain selection such as claims.team is supported yet';
      problems.invalid(`${at}.valueExpression`, valueExpression, detail);
      return [];
    }
    return [{ key, claimPath: selection.slice(1).split('.') }];
  });
}

function checkExtraKey(key: string, path: string, problems: Problems): void {
  if (key === '') return problems.required(path, '');
  const [domain = '', ...rest] = key.split('/');
  const ownPath = rest.join('/');
  if (domain === '' || ownPath === '') {
    problems.invalid(path, key, 'must be a domain-prefixed path (such as "acme.io/foo")');
  } else {
    checkDomain(domain, path, problems);
    if (!new RegExp(`^${httpPath}$`).test(ownPath)) {
      const detail = `Invalid path (regex used for validation is '${httpPath}')`;
      problems.invalid(path, ownPath, detail);
    }
  }
  if (key !== key.toLowerCase()) problems.invalid(path, key, 'must be lowercase');
  if (rest.length > 0 && /(^|\.)(k8s|kubernetes)\.io$/.test(domain)) {
    const detail = 'k8s.io, kubernetes.io and their subdomains are reserved for Kubernetes use';
    problems.invalid(path, key, detail);
  }
}

// apimachinery's util/validation: httpPathFmt and dns1123SubdomainFmt.
const httpPath = "[A-Za-z0-9/\\-._~%!$&'()*+,;=:]+";
const dnsLabel = '[a-z0-9]([-a-z0-9]*[a-z0-9])?';
const dnsSubdomain = `${dnsLabel}(\\.${dnsLabel})*`;

function checkDomain(domain: string, path: string, problems: Problems): void {
  if (domain.length > 253) problems.invalid(path, domain, 'must be no more than 253 characters');
  if (new RegExp(`^${dnsSubdomain}$`).test(domain)) return;
  const detail =
    "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', " +
    "and must start and end with an alphanumeric character (e.g. 'example.com', " +
    `regex used for validation is '${dnsSubdomain}')`;
  problems.invalid(path, domain, detail);
}
