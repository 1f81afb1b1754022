/** Whoever knows what a request is: Kubernetes' own code for all of it, and a kube-apiserver's audit log for what it tells. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { startEtcd } from '../../lab/etcd.ts';
import { startApiServer } from '../../lab/kube-apiserver.ts';
import { provideParts } from '../../lab/parts/provide.ts';
import { waitUntil } from '../../lab/wait.ts';
import type { RequestInfo } from '../../src/request/request-info.ts';
import { sendHttp1, sendHttp2 } from './raw-client.ts';
import type { TargetedRequest } from './random-request.ts';

/** What test/oracle/request-info answers. */
export interface OracleAnswer {
  readonly refused?: string;
  /** It holds bytes that are not UTF-8. */
  readonly undecodable?: boolean;
  readonly info?: RequestInfo;
}

const reference = z.object({
  namespace: z.string().default(''),
  name: z.string().default(''),
  resource: z.string().default(''),
  subresource: z.string().default(''),
  apiGroup: z.string().default(''),
  apiVersion: z.string().default(''),
});

const auditLine = z.object({
  auditID: z.string(),
  verb: z.string(),
  objectRef: reference.optional(),
});

/** What the audit log tells of a request. */
export type Audited = Omit<z.infer<typeof auditLine>, 'auditID'>;

export interface AuditedApiServer {
  /** Sends the requests, and returns what was written of each; undefined: it was refused before that. */
  ask(
    requests: readonly TargetedRequest[],
    http2?: boolean,
  ): Promise<readonly (Audited | undefined)[]>;
  stop(): Promise<void>;
}

const atOnce = 8;

/** Starts a kube-apiserver and is nobody there: it says what a request is, and then forbids it. */
export async function startAuditedApiServer(): Promise<AuditedApiServer> {
  const dir = mkdtempSync(join(tmpdir(), 'request-oracle-'));
  const stops: (() => Promise<void> | void)[] = [() => rmSync(dir, { recursive: true })];
  const stop = async (): Promise<void> => {
    for (const one of stops.toReversed()) await one();
  };
  try {
    const parts = await provideParts(['etcd', 'kube-apiserver'], () => undefined);
    const etcd = await startEtcd(parts.etcd, dir);
    stops.push(() => etcd.process.stop());
    const kube = await startApiServer({ program: parts['kube-apiserver'], dir, etcdUrl: etcd.url });
    stops.push(() => kube.process.stop());
    let asked = 0;
    const ask: AuditedApiServer['ask'] = async (requests, http2 = false) => {
      const send = http2 ? sendHttp2 : sendHttp1;
      const sent = requests.map(({ method, target }) => {
        const lines = [['Audit-ID', `oracle-${(asked += 1)}`]] as const;
        // Node's HTTP/2 client writes Latin-1.
        const path = http2 ? Buffer.from(target).toString('latin1') : target;
        return { url: kube.server, ca: kube.caPem, method, path, lines };
      });
      const statuses = await mapAtOnce(sent, async (one) => (await send(one)).status);
      const ids = sent.map(({ lines }) => lines[0][1]);
      // 0 or 400: no HTTP for Go; 500: no RequestInfo.
      const expected = ids.filter((_, index) => ![0, 400, 500].includes(statuses[index] ?? 0));
      const audit = await waitUntil('every answered request to be in the audit log', () => {
        const events = readEvents(kube.auditLog);
        return expected.every((id) => events.has(id)) ? events : undefined;
      });
      return ids.map((id) => audit.get(id));
    };
    return { ask, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

function readEvents(file: string): ReadonlyMap<string, Audited> {
  const lines = readFileSync(file, 'utf8').split('\n').slice(0, -1);
  return new Map(
    lines.map((line) => {
      const { auditID, ...audited } = auditLine.parse(JSON.parse(line));
      return [auditID, audited];
    }),
  );
}

async function mapAtOnce<From, To>(
  items: readonly From[],
  work: (item: From) => Promise<To>,
): Promise<readonly To[]> {
  const results: To[] = [];
  const queue = items.entries();
  const worker = async (): Promise<void> => {
    for (const [index, item] of queue) results[index] = await work(item);
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
  return results;
}
