/** The audit sinks as files: every line, in order, and a fault that is told. */
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { openAuditLog } from '../../../src/audit/log.ts';
import type { CheckRecord } from '../../../src/decision/decision.ts';
import { kubeRequest } from '../../support/kube-request.ts';

const folder = mkdtempSync(join(tmpdir(), 'audit-log-'));
after(() => rmSync(folder, { recursive: true }));

const record = (auditID: string): CheckRecord => ({
  request: kubeRequest(),
  decision: { kind: 'deny', auditID, reason: 'token_missing', message: 'none' },
  issuer: '',
  actAs: '',
  startedAt: new Date(0),
  durationMs: 1,
});

describe('an audit log', () => {
  it('has one line a check in each sink, in order, once it is closed', async () => {
    const paths = ['one.log', 'new/folder/two.log'].map((name) => join(folder, name));
    const log = openAuditLog(
      paths.map((path) => ({ path })),
      noFault,
    );
    const ids = Array.from({ length: 500 }, (_, index) => `audit-${index}`);
    for (const id of ids) log.write(record(id));
    await log.close();
    for (const path of paths) assert.deepEqual(auditIDs(path), ids);
  });

  it('appends to what is there', async () => {
    const path = join(folder, 'again.log');
    for (const id of ['a', 'b']) {
      const log = openAuditLog([{ path }], noFault);
      log.write(record(id));
      await log.close();
    }
    assert.deepEqual(auditIDs(path), ['a', 'b']);
  });

  it('may have no sink', async () => {
    const log = openAuditLog([], noFault);
    log.write(record('a'));
    await log.close();
  });
});

function noFault(path: string, error: unknown): void {
  assert.fail(`${path}: ${String(error)}`);
}

function auditIDs(path: string): readonly unknown[] {
  const lines = readFileSync(path, 'utf8').split('\n').slice(0, -1);
  return lines.map((line) => JSON.parse(line).auditID);
}
