/** What it takes to be shown very many tokens: memory before and after. No more than 10 000 of them are remembered. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { authenticationConfiguration } from '../lab/alice.ts';
import { startIssuer } from '../lab/issuer.ts';
import { replaceFile } from '../lab/replace-file.ts';
import type { PartOptions } from './checks.ts';
import type { EncodedRequest } from './http2-frames.ts';
import { startMeasuredServer, type MemoryUse } from './measured-server.ts';
import { newTokenFile } from './servers.ts';
import { mintChecks, mintUpstreamToken } from './tokens.ts';

export interface ManyTokens {
  readonly distinctTokens: number;
  /** How many of them are remembered in the end. */
  readonly remembered: number;
  /** When everything had been used, but few tokens were known. */
  readonly before: MemoryUse;
  /** As soon as `remembered` tokens had come. */
  readonly whenFull: MemoryUse;
  /** After all of them. */
  readonly after: MemoryUse;
  /** What a remembered token adds to the heap. */
  readonly heapBytesPerToken: number;
}

/** As many as kube-ext-authz remembers. */
const capacity = 10_000;
const batchSize = 1_000;
const inFlight = 64;
/** The same few tokens over and over, until what is compiled and pooled is there. */
const warmUp = { tokens: 20, checks: 4_000 };

/** Starts a server of its own, measures, and stops it. */
export async function measureManyTokens(options: PartOptions): Promise<ManyTokens> {
  const { dir, load, progress, plan } = options;
  const { manyTokens: distinctTokens } = plan;
  progress(`measuring: the memory that ${distinctTokens} different tokens take`);
  await using stack = new AsyncDisposableStack();
  const issuer = stack.adopt(await startIssuer({ algorithm: 'ES256' }), (one) => one.close());
  const tokenFile = newTokenFile(dir);
  replaceFile(tokenFile, await mintUpstreamToken(issuer));
  const authentication = join(dir, 'authentication.yaml');
  writeFileSync(authentication, stringify(authenticationConfiguration(issuer)));
  const settings = {
    kubernetes: { token: { file: tokenFile } },
    authentication: { configFile: authentication },
    audit: [{ format: 'json', path: join(dir, 'audit.log') }],
  };
  const server = stack.adopt(await startMeasuredServer({ dir, settings }), (one) => one.stop());
  const { hostname: host, port } = new URL(`http://${server.grpcAddress}`);
  const target = { host, port: Number(port) };
  const send = async (requests: readonly EncodedRequest[], total: number): Promise<void> => {
    await load.run({ target, requests, total, inFlight, good: 'check allowed' });
  };
  const mint = async (size: number): Promise<readonly EncodedRequest[]> =>
    (await mintChecks({ issuer, key: issuer.key }, 1, size)).flat();
  /** In small batches: they need not all be there at once. */
  const show = async (count: number): Promise<void> => {
    for (let shown = 0; shown < count; shown += batchSize) {
      const size = Math.min(batchSize, count - shown);
      await send(await mint(size), size);
    }
  };
  await send(await mint(warmUp.tokens), warmUp.checks);
  const before = await server.memory();
  const remembered = Math.min(capacity, distinctTokens);
  await show(remembered);
  const whenFull = await server.memory();
  await show(distinctTokens - remembered);
  const after = await server.memory();
  const heapBytesPerToken = Math.round((whenFull.heap - before.heap) / remembered);
  return { distinctTokens, remembered, before, whenFull, after, heapBytesPerToken };
}
