import { toClaimMappings } from './claim-mappings.ts';
import { toClaimRules, toUserRules } from './claim-rules.ts';
import { signingAlgorithms, type JwtConfig } from './config.ts';
import { checkIssuer } from './issuer-rules.ts';
import type { Problems } from './problems.ts';
import type { JwtAuthenticatorFile } from './jwt-authenticator-schema.ts';

// The rules and words of kube-apiserver's own validation:
// staging/src/k8s.io/apiserver/pkg/apis/apiserver/validation/validation.go at v1.36.3.

export interface EntrySettings {
  readonly name: string;
  readonly allowReservedNames: boolean;
  /** Issuer URLs that no entry may use. */
  readonly disallowedIssuers: readonly string[];
  /** The entry brings its keys: its issuer need not be a URL that can be asked. */
  readonly hasKeys?: boolean;
}

/** Checks one entry and fills its defaults; faults go to `problems` and the entry is then unusable. */
export function toJwtConfig(
  entry: JwtAuthenticatorFile,
  settings: EntrySettings,
  path: string,
  problems: Problems,
): JwtConfig {
  const { issuer } = entry;
  checkIssuer(issuer, `${path}.issuer`, settings, problems);
  const rules = toClaimRules(entry.claimValidationRules, `${path}.claimValidationRules`, problems);
  const mappings = toClaimMappings(entry.claimMappings, {
    path: `${path}.claimMappings`,
    claimRules: rules.claimRules,
    problems,
  });
  return {
    name: settings.name,
    issuer: {
      url: issuer.url,
      discoveryURL: issuer.discoveryURL === '' ? undefined : issuer.discoveryURL,
      certificateAuthority:
        issuer.certificateAuthority === '' ? undefined : issuer.certificateAuthority,
      audiences: issuer.audiences,
    },
    signingAlgorithms,
    ...rules,
    ...mappings,
    userRules: toUserRules(entry.userValidationRules, `${path}.userValidationRules`, problems),
    allowReservedNames: settings.allowReservedNames,
    actAs: 'impersonate',
  };
}
