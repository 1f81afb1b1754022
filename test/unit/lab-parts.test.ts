/** How the lab finds its real parts, what it says when it can't, and the lock that lets two runs share the work. No network. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, suite, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { withLock } from '../../lab/lock.mjs';
import { catalog } from '../../lab/parts/catalog.ts';
import { goModFor, neededGo } from '../../lab/parts/go.ts';
import { cachePath, locatePart } from '../../lab/parts/locate.ts';

const scratch = mkdtempSync(join(tmpdir(), 'lab-parts-'));
after(() => rmSync(scratch, { recursive: true, force: true }));

let folders = 0;

function newFolder(): string {
  const folder = join(scratch, String((folders += 1)));
  mkdirSync(folder);
  return folder;
}

function putProgram(path: string, output = ''): string {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, `#!/bin/sh\necho '${output}'\n`);
  chmodSync(path, 0o755);
  return path;
}

suite('locating a part', () => {
  test('takes the program its variable names, whatever the cache holds', async () => {
    const path = putProgram(join(newFolder(), 'my-envoy'));
    const env = { ENVOY_BIN: path, XDG_CACHE_HOME: newFolder() };
    putProgram(cachePath('envoy', env));
    assert.deepEqual(await locatePart('envoy', env), { path, origin: 'ENVOY_BIN' });
  });

  test('takes each control-plane program from the directory that KUBEBUILDER_ASSETS names', async () => {
    const folder = newFolder();
    for (const name of ['etcd', 'kube-apiserver', 'kubectl'] as const) {
      const path = putProgram(join(folder, name));
      const found = await locatePart(name, { KUBEBUILDER_ASSETS: folder });
      assert.deepEqual(found, { path, origin: 'KUBEBUILDER_ASSETS' });
    }
  });

  test('names the variable and the path when what it supplies is absent, not executable or a folder', async () => {
    const folder = newFolder();
    writeFileSync(join(folder, 'plain'), '');
    const cases = [
      { value: join(folder, 'nothing'), fault: 'not there' },
      { value: join(folder, 'plain'), fault: 'not executable' },
      { value: folder, fault: 'not a file' },
    ];
    for (const { value, fault } of cases) {
      const message = `KWOK_BIN=${value} supplies no kwok: ${value} is ${fault}`;
      await assert.rejects(locatePart('kwok', { KWOK_BIN: value }), { message });
    }
    const message = `KUBEBUILDER_ASSETS=${folder} supplies no etcd: ${join(folder, 'etcd')} is not there`;
    await assert.rejects(locatePart('etcd', { KUBEBUILDER_ASSETS: folder }), { message });
  });

  test('looks into the cache, with the version in the path, when no variable is set', async () => {
    const env = { XDG_CACHE_HOME: newFolder() };
    assert.equal(await locatePart('etcd', env), undefined);
    const path = putProgram(cachePath('etcd', env));
    assert.ok(path.endsWith(join('kube-ext-authz', `etcd-${catalog.etcd.version}`, 'etcd')));
    assert.deepEqual(await locatePart('etcd', env), { path, origin: 'the cache' });
  });

  test('ignores a relative XDG_CACHE_HOME, as its specification asks', () => {
    assert.equal(cachePath('etcd', { XDG_CACHE_HOME: 'here' }), cachePath('etcd', {}));
  });

  const machineCopies = [
    { says: 'envoy  version: 0a1b/1.36.2/Clean/RELEASE/BoringSSL', taken: true },
    { says: 'envoy  version: 0a1b/2.0.0/Clean/RELEASE/BoringSSL', taken: true },
    { says: 'envoy  version: 0a1b/1.35.9/Clean/RELEASE/BoringSSL', taken: false },
    { says: 'no version at all', taken: false },
  ];
  for (const { says, taken } of machineCopies) {
    test(`${taken ? 'takes' : 'passes over'} an envoy on PATH that says "${says}"`, async () => {
      const folder = newFolder();
      const path = putProgram(join(folder, 'envoy'), says);
      const found = await locatePart('envoy', { PATH: folder, XDG_CACHE_HOME: newFolder() });
      assert.equal(found?.path, taken ? path : undefined);
    });
  }

  test('never takes a kubectl from PATH: its version is what is tested', async () => {
    const folder = newFolder();
    putProgram(join(folder, 'kubectl'), 'v1.36.3');
    const env = { PATH: folder, XDG_CACHE_HOME: newFolder() };
    assert.equal(await locatePart('kubectl', env), undefined);
  });
});

suite('building a part with Go', () => {
  const itsGoMod = `module k8s.io/kubernetes

go 1.26.0

require (
	github.com/spf13/cobra v1.10.0
	k8s.io/api v0.0.0
	k8s.io/client-go v0.0.0 // indirect
	k8s.io/kube-openapi v0.0.0-20260501000000-0123456789ab
)

require k8s.io/metrics v0.0.0

replace k8s.io/api => ./staging/src/k8s.io/api
`;

  test('replaces exactly the requirements at v0.0.0, and keeps pseudo-versions', () => {
    assert.equal(
      goModFor(catalog.kubectl.source, 'v1.36.3', itsGoMod),
      `module parts

go 1.26.0

require k8s.io/kubernetes v1.36.3

replace k8s.io/api => k8s.io/api v0.36.3
replace k8s.io/client-go => k8s.io/client-go v0.36.3
replace k8s.io/metrics => k8s.io/metrics v0.36.3
`,
    );
  });

  test('replaces nothing for a module that has no such requirements of its own', () => {
    const goMod = goModFor(catalog.etcd.source, 'v3.6.16', 'module m\n\ngo 1.25.0\n');
    assert.equal(
      goMod,
      'module parts\n\ngo 1.25.0\n\nrequire go.etcd.io/etcd/server/v3 v3.6.16\n\n',
    );
  });

  test('recognises a Go that is too old, by either way of saying so', () => {
    const newer = 'go: go.mod requires go >= 1.26.0 (running go 1.24.1; GOTOOLCHAIN=local)';
    const older = "go.mod:3: invalid go version '1.26.0': must match format 1.23";
    assert.equal(neededGo(newer), '1.26.0');
    assert.equal(neededGo(older), '1.26.0');
    assert.equal(neededGo('dial tcp: connection refused'), undefined);
  });
});

suite('the lock', () => {
  test('lets one in at a time, and tells the other whom it waits for', async () => {
    const file = join(newFolder(), 'a.lock');
    const events: string[] = [];
    const work = (name: string) => async (): Promise<string> => {
      events.push(`${name} begins`);
      await sleep(30);
      events.push(`${name} ends`);
      return name;
    };
    const told: (number | undefined)[] = [];
    const first = withLock(file, work('first'), () => assert.fail('it is free'));
    const second = withLock(file, work('second'), (pid) => told.push(pid));
    assert.deepEqual(await Promise.all([first, second]), ['first', 'second']);
    assert.deepEqual(events, ['first begins', 'first ends', 'second begins', 'second ends']);
    assert.deepEqual(told, [process.pid]);
  });

  test('is free again after work that failed', async () => {
    const file = join(newFolder(), 'a.lock');
    const failing = withLock(
      file,
      () => Promise.reject(new Error('no luck')),
      () => undefined,
    );
    await assert.rejects(failing, { message: 'no luck' });
    assert.equal(existsSync(file), false);
  });

  test('is taken over from a process that has died', async () => {
    const file = join(newFolder(), 'a.lock');
    const { pid } = spawnSync(process.execPath, ['--version']);
    writeFileSync(file, JSON.stringify({ pid, host: hostname() }));
    assert.equal(
      await withLock(
        file,
        async () => 'in',
        () => assert.fail('nobody holds it'),
      ),
      'in',
    );
  });

  test('is taken over when nobody touched it for long, however alive its pid looks', async () => {
    const file = join(newFolder(), 'a.lock');
    writeFileSync(file, JSON.stringify({ pid: process.pid, host: 'another' }));
    const longAgo = new Date(Date.now() - 120_000);
    utimesSync(file, longAgo, longAgo);
    assert.equal(
      await withLock(
        file,
        async () => 'in',
        () => assert.fail('nobody holds it'),
      ),
      'in',
    );
  });
});
