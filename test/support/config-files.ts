/** Configuration files in folders of their own, and what reading them finds. */
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after } from 'node:test';
import { ConfigError } from '../../src/config/problems.ts';

type Path = readonly (string | number)[];

/** An entry that kube-apiserver takes. */
export const jwtEntry = {
  issuer: { url: 'https://issuer.example', audiences: ['kubernetes'] },
  claimMappings: { username: { claim: 'sub', prefix: '' } },
};

/** As little as a configuration may hold. */
export const minimal = {
  apiVersion: 'kube-ext-authz.dev/v1alpha1',
  kind: 'Configuration',
  jwt: [jwtEntry],
};

export const authenticationFile = {
  apiVersion: 'apiserver.config.k8s.io/v1',
  kind: 'AuthenticationConfiguration',
  jwt: [jwtEntry],
};

const scratch = mkdtempSync(join(tmpdir(), 'config-files-'));
after(() => rmSync(scratch, { recursive: true }));

let folders = 0;

/** Writes files into a new folder, objects as JSON (which is YAML), and returns the folder. */
export function writeFiles(files: Readonly<Record<string, string | object>>): string {
  const folder = join(scratch, String((folders += 1)));
  for (const [name, content] of Object.entries(files)) {
    const path = join(folder, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content));
  }
  return folder;
}

/** Writes one file and returns its path. */
export function writeConfig(content: string | object, name = 'config.yaml'): string {
  return join(writeFiles({ [name]: content }), name);
}

/** A copy in which one field is another. */
export function withField(value: unknown, path: Path, leaf: unknown): object {
  const [name, ...rest] = path;
  const copy = Array.isArray(value) ? [...value] : Object.assign({}, value);
  if (name === undefined) throw new Error('the path names no field');
  Reflect.set(
    copy,
    name,
    rest.length === 0 ? leaf : withField(Reflect.get(copy, name), rest, leaf),
  );
  return copy;
}

/** The faults of a configuration that must be refused, without the name of the file in front. */
export function problemsOf(read: () => unknown, file = ''): readonly string[] {
  try {
    read();
  } catch (error) {
    assert.ok(error instanceof ConfigError, `not a ConfigError: ${String(error)}`);
    assert.ok(error.problems.length > 0, 'it was refused without a word');
    const start = `${file}: `;
    return error.problems.map((problem) =>
      problem.startsWith(start) ? problem.slice(start.length) : problem,
    );
  }
  return assert.fail('it was accepted');
}
