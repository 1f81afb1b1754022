// Whose token goes upstream for the requests of an issuer that acts as a service account.
import { isDNSLabel, isDNSSubdomain } from '../lib/domain-prefixed-path.ts';
import { compileAt } from './compile-at.ts';
import type { AccountMapping, AccountName } from './config.ts';
import type { Problems } from './problems.ts';
import type { MappedAccountFile } from './service-account-schema.ts';

/** Checks the mapping of an entry; faults go to `problems`, and there is no mapping then. */
export function toAccountMapping(
  value: MappedAccountFile,
  path: string,
  problems: Problems,
): AccountMapping | undefined {
  const { namespace, name, expression, allowed, audiences, expirationSeconds } = value;
  const token = { audiences, expirationSeconds };
  if (expression === undefined) {
    if (allowed !== undefined) {
      problems.other(`${path}.allowed`, 'has no effect without expression: leave it out');
    }
    if (namespace === undefined) problems.required(`${path}.namespace`, '');
    if (name === undefined) problems.required(`${path}.name`, '');
    if (namespace === undefined || name === undefined) return undefined;
    checkAccount({ namespace, name }, path, problems);
    return { ...token, account: { namespace, name } };
  }
  if (namespace !== undefined || name !== undefined) {
    problems.other(`${path}.expression`, "namespace and name can't be set beside it");
  }
  const accounts = (allowed ?? []).map((text, index) =>
    readAccount(text, `${path}.allowed[${index}]`, problems),
  );
  if (accounts.length === 0) {
    problems.required(`${path}.allowed`, 'name each account that the expression may give');
  }
  const compiled = compileAt(expression, 'claims', `${path}.expression`, problems);
  return compiled && { ...token, expression: compiled, allowed: accounts };
}

function readAccount(text: string, path: string, problems: Problems): AccountName {
  const [namespace = '', name = '', ...more] = text.split('/');
  if (more.length > 0 || !isDNSLabel(namespace) || !isDNSSubdomain(name)) {
    problems.invalid(path, text, 'must be NAMESPACE/NAME of a service account');
  }
  return { namespace, name };
}

/** Kubernetes' own rules for these names. */
export function checkAccount(
  account: AccountName,
  path: string,
  problems: Problems,
  nameField = 'name',
): void {
  if (!isDNSLabel(account.namespace)) {
    problems.invalid(`${path}.namespace`, account.namespace, 'must be the name of a namespace');
  }
  if (!isDNSSubdomain(account.name)) {
    problems.invalid(`${path}.${nameField}`, account.name, 'must be the name of a service account');
  }
}
