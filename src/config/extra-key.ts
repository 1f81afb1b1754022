import type { Problems } from './problems.ts';

/** kube-apiserver's rules for the key of an extra (validation.go, validateExtraClaimMappings). */
export function checkExtraKey(key: string, path: string, problems: Problems): void {
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
