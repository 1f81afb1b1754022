/**
 * kube-apiserver is the oracle for what a request asks: its own code for everything that readRequestInfo tells, and the audit log
 * of the real one for verb and object, over HTTP/1.1 and HTTP/2. SEED repeats a run, ORACLE_CASES makes it longer: so many random
 * requests are sent, twenty times as many are put to the code.
 */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { isDeepStrictEqual } from 'node:util';
import { readRequestInfo, type RequestInfo } from '../../src/request/request-info.ts';
import { askGoOracle, provideGoOracle } from '../support/go-oracle.ts';
import { createRandom } from '../support/random.ts';
import { randomRequest, type TargetedRequest } from '../support/random-request.ts';
import { requestOddCases } from '../support/request-odd-cases.ts';
import {
  startAuditedApiServer,
  type Audited,
  type AuditedApiServer,
  type OracleAnswer,
} from '../support/request-oracles.ts';
import { requestPathCases } from '../support/request-path-cases.ts';
import { requestQueryCases } from '../support/request-query-cases.ts';

const seed = Number(process.env['SEED'] ?? 1);
const cases = Number(process.env['ORACLE_CASES'] ?? 1_000);
const perSent = 20;

const named = [...requestPathCases, ...requestOddCases, ...requestQueryCases];

describe(`the same request on both sides, seed ${seed}`, () => {
  let program: string;
  let kube: AuditedApiServer;
  before(async () => {
    program = await provideGoOracle('request-info', (line) => process.stdout.write(`  ${line}\n`));
    kube = await startAuditedApiServer();
  });
  after(() => kube.stop());

  describe('a named one', () => {
    it('is to the code of Kubernetes what it is to us', async () => {
      assert.deepEqual(await differencesFromCode(named), []);
    });

    for (const http2 of [false, true]) {
      it(`is to kube-apiserver what it is to us, over ${http2 ? 'HTTP/2' : 'HTTP/1.1'}`, async () => {
        const sendable = named.filter((one) => !http2 || isHttp2(one));
        assert.ok(sendable.length > named.length - 8);
        assert.deepEqual(await differencesFromAudit(sendable, http2), []);
      });
    }
  });

  describe('a random one', () => {
    const random = createRandom(seed);
    const made = Array.from({ length: cases * perSent }, () => randomRequest(random));

    it(`is to the code of Kubernetes what it is to us, ${made.length} times`, async () => {
      assert.deepEqual((await differencesFromCode(made)).slice(0, 8), []);
    });

    it(`is to kube-apiserver what it is to us, ${cases} times`, async () => {
      const sent = made.slice(0, cases);
      assert.deepEqual((await differencesFromAudit(sent, false)).slice(0, 8), []);
    });

    it('is often for a resource, a collection, a selected name, and often refused', () => {
      const infos = made.map(({ method, target }) => readRequestInfo(method, target));
      const share = (wanted: (info: RequestInfo | undefined) => boolean): number =>
        infos.filter(wanted).length / infos.length;
      assert.ok(share((info) => info?.isResourceRequest === true) > 1 / 2);
      assert.ok(share((info) => info?.isResourceRequest === false) > 1 / 20);
      assert.ok(share((info) => info === undefined) > 1 / 50);
      assert.ok(share((info) => info?.fieldSelector !== '' && info?.verb === 'watch') > 1 / 200);
      assert.ok(share((info) => info?.verb === 'list' && info.name !== '') > 1 / 1_000);
    });
  });

  async function differencesFromCode(requests: readonly TargetedRequest[]): Promise<object[]> {
    const questions = requests.map(({ method, target }) => ({ method, target }));
    const answers = await askGoOracle<OracleAnswer>(program, questions);
    return questions.flatMap((question, index) => {
      const answer = answers[index];
      const ours = readRequestInfo(question.method, question.target);
      const theirs = answer?.undecodable === true ? undefined : answer?.info;
      return isDeepStrictEqual(ours, theirs) ? [] : [{ ...question, ours, answer }];
    });
  }

  async function differencesFromAudit(
    requests: readonly TargetedRequest[],
    http2: boolean,
  ): Promise<object[]> {
    const events = await kube.ask(requests, http2);
    return requests.flatMap(({ method, target }, index) => {
      const event = events[index];
      const ours = toAudited(readRequestInfo(method, target));
      // What is no UTF-8 is logged all the same, and refused here.
      const isTolerable = ours === undefined && isUndecodable(target);
      return isTolerable || isDeepStrictEqual(ours, event) ? [] : [{ method, target, ours, event }];
    });
  }
});

/** What the audit log would tell of it. */
function toAudited(info: RequestInfo | undefined): Audited | undefined {
  if (info === undefined) return undefined;
  const { verb, namespace, name, resource, subresource, apiGroup, apiVersion } = info;
  if (!info.isResourceRequest) return { verb };
  return { verb, objectRef: { namespace, name, resource, subresource, apiGroup, apiVersion } };
}

/** Bytes escaped in it are no UTF-8, all escapes being right. */
function isUndecodable(target: string): boolean {
  try {
    decodeURIComponent(target.replaceAll(/%(?![\dA-Fa-f]{2})/g, ''));
    return false;
  } catch {
    return true;
  }
}

/** Whether HTTP/2, or Node, can send it at all. */
function isHttp2({ method, target }: TargetedRequest): boolean {
  return method !== '' && method !== 'CONNECT' && target !== '';
}
