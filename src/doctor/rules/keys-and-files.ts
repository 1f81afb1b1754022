// Keys, certificates, and who may read and write the files.
import { age, dayMs } from '../age.ts';
import { brokenIf, type Broken } from '../finding.ts';
import type { OurRule } from './our-rule.ts';

const certificates: OurRule = {
  id: 'K6',
  severity: 'warning',
  title: 'certificates last for another month',
  why: "After its end a pipeline's certificate verifies no token, and Envoy takes no connection to a gRPC door whose own has ended.",
  fix: 'Renew the certificate; both are read again when their files change.',
  source: 'https://www.rfc-editor.org/rfc/rfc5280#section-4.1.2.5',
  check: ({ certificates: all, now }) =>
    all.flatMap(({ field, fault, validTo }): readonly Broken[] => {
      if (fault !== undefined) return [{ field, severity: 'error', found: fault }];
      const left = validTo - now;
      if (left <= 0) return [{ field, severity: 'error', found: `it ended ${age(-left)} ago` }];
      return brokenIf(left < 30 * dayMs, field, `it ends in ${age(left)}`);
    }),
};

const keyAge: OurRule = {
  id: 'K7',
  severity: 'info',
  title: 'keys of pipelines are changed once a year',
  why: 'A private key that leaked unnoticed is good for as long as its public half stands here.',
  fix: 'Make a new pair (`kube-ext-authz keygen`), add it beside the old one, and take the old one out.',
  source: 'https://csrc.nist.gov/pubs/sp/800/57/pt1/r5/final',
  check: ({ files, now }) =>
    files
      .filter(({ holds, changedAt }) => holds === 'key' && now - changedAt > 365 * dayMs)
      .map(({ field, changedAt }) => ({
        field,
        found: `the file is as it was ${age(now - changedAt)} ago`,
      })),
};

const files: OurRule = {
  id: 'K9',
  severity: 'warning',
  title: 'secrets are read, and settings written, by their owner alone',
  why: 'Who reads our token is our account; who writes the configuration or a key says whose tokens are believed.',
  fix: 'chmod 600 the file (640 where a group must read it), and take the right to write from others.',
  source: 'https://man7.org/linux/man-pages/man1/chmod.1.html',
  check: ({ files: all }) =>
    all.flatMap(({ field, file, mode, holds }): readonly Broken[] => {
      const shown = `${file} has mode ${mode.toString(8)}`;
      if ((mode & 0o002) !== 0)
        return [{ field, severity: 'error', found: `${shown}: others can write it` }];
      return brokenIf(
        holds === 'secret' && (mode & 0o004) !== 0,
        field,
        `${shown}: others can read it`,
      );
    }),
};

export const fileRules: readonly OurRule[] = [certificates, keyAge, files];
