import type { Expression } from '../cel/expression.ts';
import { compileAt } from './compile-at.ts';
import type { CelRule, ExtraMapping, JwtConfig, NameMapping } from './config.ts';
import { checkExtraKey } from './extra-key.ts';
import type { Problems } from './problems.ts';
import type { JwtAuthenticatorFile } from './jwt-authenticator-schema.ts';

type MappingsFile = JwtAuthenticatorFile['claimMappings'];

interface Place {
  readonly path: string;
  /** The entry's rules, one of which may look at `email_verified`. */
  readonly claimRules: readonly CelRule[];
  readonly problems: Problems;
}

/** kube-apiserver's validateClaimMappings. */
export function toClaimMappings(
  { username, groups = {}, uid = {}, extra }: MappingsFile,
  { path, claimRules, problems }: Place,
): Pick<JwtConfig, 'username' | 'groups' | 'uid' | 'extra'> {
  const mapped = {
    username: nameMapping(username, `${path}.username`, problems, true),
    groups: nameMapping(groups, `${path}.groups`, problems),
    uid: claimOrExpression(uid, `${path}.uid`, problems),
    extra: extraMappings(extra, `${path}.extra`, problems),
  };
  const { username: name } = mapped;
  if (name && 'expression' in name && name.expression.selectedClaims.has('email')) {
    const others = [...mapped.extra, ...claimRules].map(({ expression }) => expression);
    const all = [name.expression, ...others];
    if (!all.some(({ selectedClaims }) => selectedClaims.has('email_verified'))) {
      problems.invalid(`${path}.username.expression`, name.expression.source, emailVerified);
    }
  }
  return { ...mapped, username: mapped.username ?? { claim: '', prefix: '' } };
}

const emailVerified =
  'claims.email_verified must be used in claimMappings.username.expression or ' +
  'claimMappings.extra[*].valueExpression or claimValidationRules[*].expression ' +
  'when claims.email is used in claimMappings.username.expression';

function nameMapping(
  mapping: MappingsFile['username'],
  path: string,
  problems: Problems,
  required = false,
): NameMapping | undefined {
  const by = claimOrExpression(mapping, path, problems, required);
  const { claim = '', expression = '', prefix } = mapping;
  if (claim !== '' && prefix === undefined) {
    problems.required(
      `${path}.prefix`,
      'prefix is required when claim is set. It can be set to an empty string to disable prefixing',
    );
  }
  if (claim === '' && expression !== '' && prefix !== undefined) {
    const detail = 'may not be specified when expression is set';
    problems.invalid(`${path}.prefix`, prefix, detail);
  }
  return by && 'claim' in by ? { ...by, prefix: prefix ?? '' } : by;
}

function claimOrExpression(
  { claim = '', expression = '' }: { claim?: string | undefined; expression?: string | undefined },
  path: string,
  problems: Problems,
  required = false,
): { readonly claim: string } | { readonly expression: Expression } | undefined {
  if (claim !== '' && expression !== '') {
    problems.invalid(path, '', "claim and expression can't both be set");
    return undefined;
  }
  if (claim !== '') return { claim };
  if (expression === '') {
    if (required) problems.required(path, 'claim or expression is required');
    return undefined;
  }
  const compiled = compileAt(expression, 'claims', `${path}.expression`, problems);
  return compiled && { expression: compiled };
}

function extraMappings(
  extra: MappingsFile['extra'],
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
    const expression = compileAt(valueExpression, 'claims', `${at}.valueExpression`, problems);
    return expression ? [{ key, expression }] : [];
  });
}
