import { compileAt } from './compile-at.ts';
import type { CelVariable } from '../cel/expression.ts';
import type { CelRule, JwtConfig } from './config.ts';
import type { Problems } from './problems.ts';
import type { JwtAuthenticatorFile } from './jwt-authenticator-schema.ts';

type ClaimRuleFile = JwtAuthenticatorFile['claimValidationRules'][number];
type UserRuleFile = JwtAuthenticatorFile['userValidationRules'][number];

/** kube-apiserver's validateClaimValidationRules: those by value apart from those by expression. */
export function toClaimRules(
  rules: readonly ClaimRuleFile[],
  path: string,
  problems: Problems,
): Pick<JwtConfig, 'requiredClaims' | 'claimRules'> {
  const claims = new Set<string>();
  const expressions = new Set<string>();
  const requiredClaims: JwtConfig['requiredClaims'][number][] = [];
  const claimRules: CelRule[] = [];
  rules.forEach((rule, index) => {
    const at = `${path}[${index}]`;
    const { claim = '', requiredValue = '', expression = '', message = '' } = rule;
    if (claim !== '' && expression !== '') {
      return problems.invalid(at, claim, "claim and expression can't both be set");
    }
    if (claim === '' && expression === '') {
      return problems.required(at, 'claim or expression is required');
    }
    if (claim !== '') {
      if (message !== '') {
        problems.invalid(`${at}.message`, message, 'may not be specified when claim is set');
      }
      if (claims.has(claim)) problems.duplicate(`${at}.claim`, claim);
      claims.add(claim);
      return void requiredClaims.push({ claim, requiredValue });
    }
    if (requiredValue !== '') {
      const detail = 'may not be specified when expression is set';
      problems.invalid(`${at}.requiredValue`, requiredValue, detail);
    }
    if (expressions.has(expression)) {
      return problems.duplicate(`${at}.expression`, expression);
    }
    expressions.add(expression);
    claimRules.push(...toRule({ expression, message }, 'claims', at, problems));
  });
  return { requiredClaims, claimRules };
}

/** kube-apiserver's validateUserValidationRules. */
export function toUserRules(
  rules: readonly UserRuleFile[],
  path: string,
  problems: Problems,
): readonly CelRule[] {
  const seen = new Set<string>();
  return rules.flatMap(({ expression, message }, index) => {
    const at = `${path}[${index}]`;
    if (expression === '') {
      problems.required(`${at}.expression`, '');
      return [];
    }
    if (seen.has(expression)) {
      problems.duplicate(`${at}.expression`, expression);
      return [];
    }
    seen.add(expression);
    return toRule({ expression, message }, 'user', at, problems);
  });
}

function toRule(
  { expression, message }: { readonly expression: string; readonly message: string },
  variable: CelVariable,
  at: string,
  problems: Problems,
): readonly CelRule[] {
  const compiled = compileAt(expression, variable, `${at}.expression`, problems);
  if (!compiled) return [];
  if (compiled.type !== 'bool') {
    problems.invalid(`${at}.expression`, expression, 'must evaluate to bool');
    return [];
  }
  return [{ expression: compiled, message }];
}
