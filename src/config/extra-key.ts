import { domainPrefixedPathFaults } from '../lib/domain-prefixed-path.ts';
import type { Problems } from './problems.ts';

/** kube-apiserver's rules for the key of an extra (validation.go, validateExtraClaimMappings). */
export function checkExtraKey(key: string, path: string, problems: Problems): void {
  if (key === '') return problems.required(path, '');
  for (const { value, detail } of domainPrefixedPathFaults(key)) {
    problems.invalid(path, value, detail);
  }
  if (key !== key.toLowerCase()) problems.invalid(path, key, 'must be lowercase');
  if (/^([^/]*\.)?(k8s|kubernetes)\.io\//.test(key)) {
    const detail = 'k8s.io, kubernetes.io and their subdomains are reserved for Kubernetes use';
    problems.invalid(path, key, detail);
  }
}
