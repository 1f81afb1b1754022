/** An installation that `doctor` finds nothing wrong with, for tests that change one thing of it. */
import { loadConfig } from '../../src/config/load.ts';
import type { Config } from '../../src/config/config.ts';
import { configField, type Installation } from '../../src/doctor/installation.ts';
import { minimal, writeFiles } from './config-files.ts';

/** When everything in it is looked at, in milliseconds since 1970. */
export const now = Date.UTC(2030, 0, 1);

/** A configuration of one issuer, with more laid over it. */
export function configWith(more: object = {}): Config {
  const token = { kubernetes: { token: { file: 'token' } } };
  const files = { 'config.yaml': { ...minimal, ...token, ...more }, token: 'x' };
  return loadConfig(`${writeFiles(files)}/config.yaml`);
}

export function goodInstallation(config: Config = configWith()): Installation {
  const seconds = now / 1000;
  return {
    config,
    now,
    files: [],
    certificates: [],
    issuers: [{ field: configField('jwt', 0, 'issuer', 'url'), name: 'i', fault: undefined }],
    ownToken: {
      field: configField('kubernetes', 'token', 'file'),
      fault: undefined,
      issuedAt: seconds - 60,
      expiry: seconds + 3540,
    },
    apiServer: {
      field: configField('kubernetes', 'kubeconfig'),
      fault: undefined,
      skewMs: 300,
      refused: [],
    },
    identity: undefined,
  };
}
