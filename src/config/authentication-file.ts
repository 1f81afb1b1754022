import type { JwtConfig } from './config.ts';
import { toJwtConfig } from './jwt-authenticator.ts';
import { collectProblems, ConfigError, type Problems } from './problems.ts';
import { readYaml } from './read-yaml.ts';
import {
  authenticationConfigurationSchema,
  type AuthenticationConfigurationFile,
  type JwtAuthenticatorFile,
} from './jwt-authenticator-schema.ts';

export interface FileSettings {
  readonly allowReservedNames: boolean;
  readonly disallowedIssuers: readonly string[];
}

/**
 * The jwt entries of a kube-apiserver AuthenticationConfiguration file.
 * Faults are appended to `found`, settings without effect here to `warnings`.
 */
export function readAuthenticationFile(
  file: string,
  settings: FileSettings,
  found: string[],
  warnings: string[],
): JwtConfig[] {
  const inFile: string[] = [];
  try {
    const { value, faultyPaths } = readYaml(
      file,
      authenticationConfigurationSchema,
      found,
      'kubernetes',
    );
    warnings.push(...withoutEffect(value).map((warning) => `${file}: ${warning}`));
    return entries(value, settings, collectProblems(inFile, faultyPaths));
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    found.push(...error.problems);
    return [];
  } finally {
    found.push(...inFile.map((problem) => `${file}: ${problem}`));
  }
}

function entries(
  content: AuthenticationConfigurationFile,
  { allowReservedNames, disallowedIssuers }: FileSettings,
  problems: Problems,
): JwtConfig[] {
  const { jwt, anonymous } = content;
  if (anonymous?.enabled === false && anonymous.conditions.length > 0) {
    const paths = anonymous.conditions.map(({ path }) => path).join(' ');
    const detail = 'enabled should be set to true when conditions are defined';
    problems.invalid('anonymous.conditions', paths, detail);
  }
  if (jwt.length > 64) {
    problems.other('jwt', `Too many: ${jwt.length}: must have at most 64 items`);
    return [];
  }
  const toEntry = (entry: JwtAuthenticatorFile, index: number): JwtConfig => {
    const own = { name: entry.issuer.url, allowReservedNames, disallowedIssuers };
    return toJwtConfig(entry, own, `jwt[${index}]`, problems);
  };
  checkDuplicates(jwt, problems);
  return jwt.map(toEntry);
}

function checkDuplicates(jwt: readonly JwtAuthenticatorFile[], problems: Problems): void {
  const urls = new Set<string>();
  const discoveryURLs = new Set<string>();
  jwt.forEach(({ issuer }, index) => {
    const { url, discoveryURL = '' } = issuer;
    const path = `jwt[${index}].issuer`;
    if (urls.has(url)) problems.duplicate(`${path}.url`, url);
    if (discoveryURL !== '' && discoveryURLs.has(discoveryURL)) {
      problems.duplicate(`${path}.discoveryURL`, discoveryURL);
    }
    urls.add(url);
    discoveryURLs.add(discoveryURL);
  });
}

function withoutEffect({ jwt, anonymous }: AuthenticationConfigurationFile): string[] {
  const warnings = jwt.flatMap(({ issuer }, index) =>
    issuer.egressSelectorType
      ? [`jwt[${index}].issuer.egressSelectorType has no effect: this server dials directly`]
      : [],
  );
  if (anonymous !== undefined) {
    warnings.push('anonymous has no effect: every request to this server needs a token');
  }
  return warnings;
}
