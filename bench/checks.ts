/** The first part: checks straight to kube-ext-authz and to the bare server. */
import { mintForAlice } from '../lab/alice.ts';
import type { Progress } from '../lab/parts/step.ts';
import { replaceFile } from '../lab/replace-file.ts';
import { encodeCheck } from './check-request.ts';
import { compare, type Comparison, type Contest, type Leg } from './comparison.ts';
import type { EncodedRequest } from './http2-frames.ts';
import type { LoadGenerator } from './load-generator.ts';
import type { Plan } from './plan.ts';
import { residentMiB } from './process-cost.ts';
import { newTokenFile, startServers, type Servers } from './servers.ts';
import { mintChecks, mintUpstreamToken, startTwoKeyIssuer, type TwoKeyIssuer } from './tokens.ts';

export interface ChecksResult {
  /** Bytes on the wire of a question with the known token, and of the reply's message. */
  readonly bytes: { readonly request: number; readonly reply: number };
  readonly comparisons: readonly Comparison[];
  readonly memory: Memory;
}

/** Resident memory in MiB; null: the system doesn't tell. */
export interface Memory {
  readonly oursWhenReady: number | null;
  readonly oursAfterKnownToken: number | null;
  readonly oursAtEnd: number | null;
  readonly bareAtEnd: number | null;
  /** How many different tokens ours has verified by the end; it remembers 10 000. */
  readonly distinctTokens: number;
}

export interface PartOptions {
  /** For what the servers write. */
  readonly dir: string;
  readonly plan: Plan;
  readonly load: LoadGenerator;
  readonly progress: Progress;
}

const concurrency = 64;

/** Starts both servers, measures, and stops them. */
export async function measureChecks(options: PartOptions): Promise<ChecksResult> {
  const { dir, plan, load, progress } = options;
  await using stack = new AsyncDisposableStack();
  const twoKeys = await startTwoKeyIssuer();
  const { issuer } = stack.adopt(twoKeys, (one) => one.issuer.close());
  const { token } = await mintForAlice(issuer);
  const upstreamTokenFile = newTokenFile(dir);
  replaceFile(upstreamTokenFile, await mintUpstreamToken(issuer));
  progress('starting kube-ext-authz and the bare server');
  const servers = await startServers({ dir, issuer, upstreamTokenFile, token }, stack);
  const resident = (): number | null => residentMiB(servers.ours.process.pid) ?? null;
  const oursWhenReady = resident();
  const known = encodeCheck(token);
  const comparisons: Comparison[] = [];
  const run = async (contests: readonly Contest[]): Promise<void> => {
    for (const contest of contests) {
      progress(`measuring: ${contest.title}`);
      comparisons.push(await compare(contest, load));
    }
  };
  await run(knownTokenContests(plan, servers, known));
  const oursAfterKnownToken = resident();
  progress('minting tokens');
  const { contests, count } = await newTokenContests(plan, servers, twoKeys);
  await run(contests);
  const bareAtEnd = residentMiB(servers.bare.process.pid) ?? null;
  return {
    bytes: { request: known.frames.length, reply: servers.reply.length },
    comparisons,
    memory: {
      oursWhenReady,
      oursAfterKnownToken,
      oursAtEnd: resident(),
      bareAtEnd,
      distinctTokens: count + 1,
    },
  };
}

function knownTokenContests(
  { rounds, knownToken, alone }: Plan,
  servers: Servers,
  known: EncodedRequest,
): readonly Contest[] {
  const legs = legsOf(servers, () => [known]);
  return [
    {
      name: 'known-token',
      title: `a known token, ${concurrency} checks at a time`,
      legs,
      inFlight: concurrency,
      total: knownToken,
      rounds,
      warmUps: 3, // until the compiler is done with both
    },
    {
      name: 'known-token-alone',
      title: 'a known token, one check at a time',
      legs,
      inFlight: 1,
      total: alone,
      rounds,
      warmUps: 1,
    },
  ];
}

async function newTokenContests(
  { rounds, newTokens, newAlone }: Plan,
  servers: Servers,
  { issuer, keys }: TwoKeyIssuer,
): Promise<{ readonly contests: readonly Contest[]; readonly count: number }> {
  const contests: Contest[] = [];
  let count = 0;
  for (const [algorithm, key] of Object.entries(keys)) {
    for (const { inFlight, total, how } of [
      { inFlight: concurrency, total: newTokens, how: `${concurrency} checks` },
      { inFlight: 1, total: newAlone, how: 'one check' },
    ]) {
      const warmUps = 1;
      const batches = await mintChecks({ issuer, key }, warmUps + rounds, total);
      count += batches.flat().length;
      contests.push({
        name: `new-${algorithm}${inFlight === 1 ? '-alone' : ''}`,
        title: `new ${algorithm} tokens, ${how} at a time`,
        legs: legsOf(servers, (round) => batches[round] ?? []),
        inFlight,
        total,
        rounds,
        warmUps,
      });
    }
  }
  return { contests, count };
}

function legsOf({ ours, bare }: Servers, requests: Leg['requests']): readonly Leg[] {
  const at = (name: string, port: number, pid: number): Leg => ({
    name,
    target: { host: '127.0.0.1', port },
    requests,
    good: 'check allowed',
    processes: { [name]: pid },
  });
  return [
    at('bare grpc-js', bare.port, bare.process.pid),
    at('kube-ext-authz', ours.grpc.port, ours.process.pid),
  ];
}
