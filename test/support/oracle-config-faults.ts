/** What kube-apiserver and we find wrong in an AuthenticationConfiguration file, in comparable form. */
import { execFile } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createAuthority } from '../../lab/certificates.ts';
import { freePort } from '../../lab/port.ts';
import { provideParts } from '../../lab/parts/provide.ts';
import { loadConfig } from '../../src/config/load.ts';
import { ConfigError } from '../../src/config/problems.ts';
import { ownIssuer } from './oracle-config-parts.ts';

export interface ConfigOracle {
  /** One line a fault, `path: words`; none when the file is taken. */
  askKube(text: string): Promise<readonly string[]>;
  askOurs(text: string): readonly string[];
  close(): void;
}

/** Gets kube-apiserver and what it needs to come as far as its authentication. */
export async function createConfigOracle(): Promise<ConfigOracle> {
  const parts = await provideParts(['kube-apiserver'], () => undefined);
  const dir = mkdtempSync(join(tmpdir(), 'config-oracle-'));
  const put = (name: string, text: string): string => {
    const file = join(dir, name);
    writeFileSync(file, text, { mode: 0o600 });
    return file;
  };
  const authority = await createAuthority('config oracle');
  const { certPem, keyPem } = await authority.issue({ commonName: 'x', hosts: ['127.0.0.1'] });
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const key = put('key.pem', String(privateKey.export({ type: 'pkcs8', format: 'pem' })));
  const args = [
    '--etcd-servers=http://127.0.0.1:1',
    '--bind-address=127.0.0.1',
    `--tls-cert-file=${put('tls.crt', certPem)}`,
    `--tls-private-key-file=${put('tls.key', keyPem)}`,
    `--service-account-issuer=${ownIssuer}`,
    `--service-account-key-file=${key}`,
    `--service-account-signing-key-file=${key}`,
    '--service-cluster-ip-range=10.0.0.0/24',
    '--authorization-mode=RBAC',
    `--audit-policy-file=${join(dir, 'absent')}`, // read next: a file that is taken fails there
  ];
  let count = 0;
  return {
    askKube: async (text) => {
      const file = put(`kube-${(count += 1)}.yaml`, text);
      return kubeFaults(
        await failureOf(parts['kube-apiserver'], [...args, `--authentication-config=${file}`]),
      );
    },
    askOurs: (text) => {
      const file = put('ours.yaml', text);
      const config = {
        apiVersion: 'kube-ext-authz.dev/v1alpha1',
        kind: 'Configuration',
        authentication: { configFile: file, disallowedIssuers: [ownIssuer] },
      };
      return ourFaults(put('config.yaml', JSON.stringify(config)), file);
    },
    close: () => rmSync(dir, { recursive: true }),
  };
}

/** The last words of kube-apiserver, which can't but fail; on another port when somebody took the one it was given. */
async function failureOf(program: string, args: readonly string[]): Promise<string> {
  const port = await freePort();
  const failure = await new Promise<string>((resolve, reject) => {
    const all = [...args, `--secure-port=${port}`];
    execFile(program, all, { timeout: 60_000 }, (_, __, stderr) => {
      const words = lastWords(stderr);
      if (words === undefined) reject(new Error(`kube-apiserver ended otherwise: ${stderr}`));
      else resolve(words);
    });
  });
  return failure.includes('address already in use') ? failureOf(program, args) : failure;
}

/** klog quotes a text of one line and indents one of many. */
function lastWords(stderr: string): string | undefined {
  const quoted = /"command failed" err=("(?:[^"\\]|\\.)*")/.exec(stderr)?.[1];
  if (quoted !== undefined) return unquote(quoted);
  return /"command failed" err=<\n\t(.*?)\n >/s.exec(stderr)?.[1]?.replaceAll('\n\t', '\n');
}

/** A Go string literal, whose escapes but \a, \v, \x and \U are JSON's. */
function unquote(literal: string): string {
  const json = literal.replaceAll(/\\(x[0-9a-f]{2}|U[0-9a-f]{8}|a|v)/g, String.raw`\ufffd`);
  return String(JSON.parse(json));
}

function kubeFaults(message: string): readonly string[] {
  if (message.startsWith('loading audit policy file')) return [];
  const invalid = /^invalid authentication configuration: (.*)$/s.exec(message)?.[1];
  if (invalid !== undefined) {
    const list = /^\[(.*)\]$/s.exec(invalid)?.[1] ?? invalid;
    return list.split(/, (?=(?:jwt|anonymous)\b[^ ]*: )/);
  }
  const unknown = [...message.matchAll(/unknown field ("[^"]*")/g)];
  return unknown.length > 0 ? unknown.map(([words]) => words) : [message];
}

function ourFaults(configFile: string, file: string): readonly string[] {
  try {
    loadConfig(configFile);
    return [];
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return error.problems.map((problem) => problem.replace(`${file}: `, ''));
  }
}

/** The field of a fault, as kube-apiserver writes it. */
export function fieldOf(fault: string): string {
  return /^unknown field "(.*)"$/.exec(fault)?.[1] ?? /^[^ ]*(?=: )/.exec(fault)?.[0] ?? fault;
}

/** The words of a fault, without what a parser or a compiler says and without how Go writes a list. */
export function wordsOf(fault: string): string {
  return fault
    .replace(/: (parse |compilation failed).*$/s, ': $1')
    .replace(/(certificateAuthority: Invalid value: "<omitted>": ).*$/s, '$1')
    .replace(/^(anonymous.conditions: Invalid value: ).*(?=: enabled)/, '$1');
}
