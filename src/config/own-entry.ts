import { parseDuration } from '../lib/duration.ts';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { errorMessage } from '../lib/error-message.ts';
import { parsePublicKeys } from '../lib/public-keys.ts';
import type { AccountMapping, JwtConfig, KeySource } from './config.ts';
import { toJwtConfig } from './jwt-authenticator.ts';
import type { Problems } from './problems.ts';
import type { OwnJwtEntry } from './own-entry-schema.ts';
import { toAccountMapping } from './service-account.ts';

interface Place {
  readonly path: string;
  /** What relative paths are relative to. */
  readonly folder: string;
  readonly disallowedIssuers: readonly string[];
  readonly problems: Problems;
}

/** An entry of our own list: kube-apiserver's, and what we have on top. */
export function toOwnEntry(entry: OwnJwtEntry, place: Place): JwtConfig {
  const { path, folder, disallowedIssuers, problems } = place;
  const { keys, discoveryTokenFile, discoveryURL, certificateAuthority } = entry.issuer;
  const settings = {
    name: entry.name ?? entry.issuer.url,
    allowReservedNames: entry.allowReservedNames,
    disallowedIssuers,
    hasKeys: keys !== undefined,
  };
  const config = toJwtConfig(entry, settings, path, problems);
  const useless = { discoveryURL, certificateAuthority, discoveryTokenFile };
  for (const [name, value] of Object.entries(keys ? useless : {})) {
    if (value === undefined) continue;
    problems.other(
      `${path}.issuer.${name}`,
      'has no effect beside issuer.keys: leave one of them out',
    );
  }
  return {
    ...config,
    issuer: {
      ...config.issuer,
      keys: keys?.map((source, index) =>
        keySource(source, `${path}.issuer.keys[${index}]`, folder, problems),
      ),
      discoveryTokenFile: discoveryTokenFile && resolve(folder, discoveryTokenFile),
    },
    // A key of our own choice may be an Ed25519 one, which kube-apiserver doesn't know.
    signingAlgorithms: keys ? [...config.signingAlgorithms, 'EdDSA'] : config.signingAlgorithms,
    maxTokenLifetimeMs: lifetime(entry.maxTokenLifetime, `${path}.maxTokenLifetime`, problems),
    tokenReview: entry.tokenReview,
    actAs: entry.actAs,
    serviceAccount: serviceAccountOf(entry, `${path}.serviceAccount`, problems),
  };
}

function serviceAccountOf(
  { actAs, serviceAccount }: OwnJwtEntry,
  path: string,
  problems: Problems,
): AccountMapping | undefined {
  if (serviceAccount === undefined) return undefined;
  if (actAs === 'impersonate') {
    problems.other(path, 'has no effect without actAs: serviceAccount; leave it out');
  }
  return toAccountMapping(serviceAccount, path, problems);
}

/** Reads the keys once, so that a fault is told before anything opens. */
function keySource(source: KeySource, path: string, folder: string, problems: Problems): KeySource {
  const absolute = 'file' in source ? { file: resolve(folder, source.file) } : source;
  const [member = ''] = Object.keys(source);
  try {
    parsePublicKeys(
      'jwks' in absolute
        ? JSON.stringify(absolute.jwks)
        : 'pem' in absolute
          ? absolute.pem
          : readFileSync(absolute.file, 'utf8'),
    );
  } catch (error) {
    problems.other(`${path}.${member}`, errorMessage(error));
  }
  return absolute;
}

function lifetime(text: string | undefined, path: string, problems: Problems): number | undefined {
  if (text === undefined) return undefined;
  const milliseconds = parseDuration(text);
  if (milliseconds !== undefined && milliseconds > 0) return milliseconds;
  problems.invalid(path, text, 'must be a duration such as 90s, 10m or 1h');
  return undefined;
}
