// The settings of `kubectl --as`, and of what goes upstream besides the identity.
import { parseDuration } from '../lib/duration.ts';
import type { ExtraConfig, ImpersonationConfig, JwtConfig } from './config.ts';
import type { Problems } from './problems.ts';
import type { ConfigurationFile } from './schema.ts';

/** Durations become milliseconds. */
export function toImpersonation(
  value: ConfigurationFile['impersonation'],
  problems: Problems,
): ImpersonationConfig {
  const milliseconds = (key: 'reviewTimeout' | 'allowCacheTTL' | 'denyCacheTTL'): number => {
    const parsed = parseDuration(value[key]);
    if (parsed !== undefined && (parsed > 0 || key !== 'reviewTimeout')) return parsed;
    problems.invalid(`impersonation.${key}`, value[key], 'must be a duration such as 500ms or 5s');
    return 0;
  };
  const { constrained, maxHeaderValues, originalUserExtra } = value;
  if (!/^[a-z0-9]([-a-z0-9./_]*[a-z0-9])?$/.test(originalUserExtra)) {
    const detail = 'must be the beginning of an extra key, such as originaluser.example.com';
    problems.invalid('impersonation.originalUserExtra', originalUserExtra, detail);
  }
  return {
    constrained,
    maxHeaderValues,
    originalUserExtra,
    reviewTimeoutMs: milliseconds('reviewTimeout'),
    allowCacheTtlMs: milliseconds('allowCacheTTL'),
    denyCacheTtlMs: milliseconds('denyCacheTTL'),
  };
}

/** Refuses what Kubernetes or an entry says of a user already, and what no header can carry. */
export function toExtra(
  value: ConfigurationFile['extra'],
  entries: readonly JwtConfig[],
  problems: Problems,
): ExtraConfig {
  for (const [key, values] of Object.entries(value.static)) {
    const path = `extra.static[${JSON.stringify(key)}]`;
    const fault = keyFault(key);
    if (fault !== undefined) problems.other(path, fault);
    for (const text of values.filter((one) => !isCarriable(one))) {
      problems.invalid(path, text, 'must be text without control characters or outer white space');
    }
    const entry = entries.find(({ extra }) => extra.some((mapped) => mapped.key === key));
    if (entry === undefined) continue;
    problems.other(path, `the entry "${entry.name}" maps an extra of this name, too`);
  }
  return value;
}

function keyFault(key: string): string | undefined {
  if (key !== key.toLowerCase()) return 'the key must be in lower case';
  if (!/^[!-~]+$/.test(key)) return 'the key must be of printable ASCII characters';
  if (/^([^/]*\.)?(k8s|kubernetes)\.io(\/|$)/.test(key)) {
    return 'k8s.io, kubernetes.io and their subdomains are reserved for Kubernetes use';
  }
  return undefined;
}

function isCarriable(text: string): boolean {
  // eslint-disable-next-line no-control-regex
  return text !== '' && text.trim() === text && !/[\u0000-\u001f\u007f]/.test(text);
}
