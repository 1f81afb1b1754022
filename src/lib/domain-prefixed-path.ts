// Keys such as acme.io/team: apimachinery's util/validation (IsDomainPrefixedPath, IsDNS1123Subdomain)
// at v0.36.3, and the DNS names that it is made of.

export interface KeyFault {
  /** The part at fault. */
  readonly value: string;
  readonly detail: string;
}

const httpPath = "[A-Za-z0-9/\\-._~%!$&'()*+,;=:]+";
const dnsLabel = '[a-z0-9]([-a-z0-9]*[a-z0-9])?';
const dnsSubdomain = `${dnsLabel}(\\.${dnsLabel})*`;

const isPath = new RegExp(`^${httpPath}$`);
const isLabel = new RegExp(`^${dnsLabel}$`);
const isSubdomain = new RegExp(`^${dnsSubdomain}$`);

/** Everything that is wrong with a key that isn't empty, in Kubernetes' own words. */
export function domainPrefixedPathFaults(key: string): readonly KeyFault[] {
  const slash = key.indexOf('/');
  const [domain, path] = slash < 0 ? [key, ''] : [key.slice(0, slash), key.slice(slash + 1)];
  if (domain === '' || path === '') {
    const detail = 'must be a domain-prefixed path (such as "acme.io/foo")';
    return [{ value: key, detail }];
  }
  const faults = subdomainFaults(domain);
  if (isPath.test(path)) return faults;
  const detail = `Invalid path (regex used for validation is '${httpPath}')`;
  return [...faults, { value: path, detail }];
}

function subdomainFaults(domain: string): readonly KeyFault[] {
  const faults: KeyFault[] = [];
  if (domain.length > 253) {
    faults.push({ value: domain, detail: 'must be no more than 253 characters' });
  }
  if (!isSubdomain.test(domain)) {
    const detail =
      "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', " +
      "and must start and end with an alphanumeric character (e.g. 'example.com', " +
      `regex used for validation is '${dnsSubdomain}')`;
    faults.push({ value: domain, detail });
  }
  return faults;
}

/** A DNS label (RFC 1123), as namespaces are named. */
export function isDNSLabel(text: string): boolean {
  return text.length <= 63 && isLabel.test(text);
}

/** A DNS subdomain (RFC 1123), as service accounts and nodes are named. */
export function isDNSSubdomain(text: string): boolean {
  return text.length <= 253 && isSubdomain.test(text);
}
