/** Our own token: used as it is renewed, and when there is none that is valid nothing goes upstream. */
import assert from 'node:assert/strict';
import { mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { startIssuer } from '../../lab/issuer.ts';
import { waitUntil } from '../../lab/wait.ts';
import type { Reply } from '../support/check-client.ts';
import { forgedToken } from '../support/forged-token.ts';
import { startRunningApp, type RunningApp } from '../support/running-app.ts';

const unusable: readonly (readonly [what: string, content: string | undefined, why: RegExp])[] = [
  ['is not there', undefined, /token can't be read \(ENOENT\)/],
  ['is empty', '', /token is empty/],
  ['holds white space', ' \n', /token is empty/],
  ['holds two words', 'two words', /does not hold a bearer token/],
  ['holds two lines', 'one\ntwo', /does not hold a bearer token/],
  ['holds a header of its own', 'x\r\nimpersonate-user: admin', /does not hold a bearer token/],
  [
    'holds a token that has expired',
    forgedToken({}, { exp: 1_000 }),
    /has expired and was not renewed/,
  ],
];

describe("the proxy's own token", () => {
  for (const [what, token, why] of unusable) {
    it(`keeps everybody out with 503 when its file ${what}`, async (t) => {
      const { running, ask } = await start(t, token);
      const reply = await ask();
      assert.deepEqual([reply.status, reply.reason], [503, 'credential_unavailable']);
      assert.match(reply.body, why);
      const { status, text } = await running.readyz();
      assert.equal(status, 503);
      assert.match(text, /^\[-\]upstream-token: /m);
      assert.match(text, why);
    });
  }

  it('is taken into use when it appears, is renewed, goes and comes back', async (t) => {
    const { running, ask } = await start(t, undefined);
    const { tokenFile } = running;
    const sent = async (): Promise<string | number> => {
      const reply = await ask();
      return reply.headers['authorization'] ?? reply.status;
    };
    const become = (expected: string | number): Promise<boolean> =>
      waitUntil(`the token to be ${expected}`, async () => (await sent()) === expected);
    writeFileSync(tokenFile, 'first');
    await become('Bearer first');
    writeFileSync(`${tokenFile}.new`, 'second\n');
    renameSync(`${tokenFile}.new`, tokenFile);
    await become('Bearer second');
    rmSync(tokenFile);
    await become(503);
    writeFileSync(tokenFile, 'third');
    await become('Bearer third');
    assert.equal((await running.readyz()).status, 200);
  });

  it('is followed through the symbolic link that the kubelet swaps', async (t) => {
    const { running, ask } = await start(t, undefined);
    const folder = dirname(running.tokenFile);
    symlinkSync(join('..data', 'token'), running.tokenFile);
    for (const name of ['one', 'two']) {
      swapVersion(folder, name);
      await waitUntil(`token ${name}`, async () => {
        return (await ask()).headers['authorization'] === `Bearer ${name}`;
      });
    }
  });

  it('is not sent any more once it has expired', async (t) => {
    const exp = Math.floor(Date.now() / 1000) + 2;
    const { ask } = await start(t, forgedToken({}, { exp }));
    await waitUntil('the token to be kept back', async () => {
      const asked = Date.now();
      const { status } = await ask();
      assert.ok(status === 503 || asked < exp * 1000, 'an expired token was sent');
      return status === 503 && asked >= exp * 1000;
    });
  });
});

interface Started {
  readonly running: RunningApp;
  readonly ask: () => Promise<Reply>;
}

async function start(t: TestContext, token: string | undefined): Promise<Started> {
  const issuer = await startIssuer();
  t.after(() => issuer.close());
  const running = await startRunningApp({ issuers: [issuer], token });
  t.after(() => running.stop());
  const bearer = await issuer.mint({ sub: 'alice', uid: '1', team: 'blue' });
  const ask = (): Promise<Reply> =>
    running.client.check({ lines: [['authorization', `Bearer ${bearer}`]] });
  return { running, ask };
}

/** As the kubelet's AtomicWriter does it: a new folder, then one rename of the link to it. */
function swapVersion(folder: string, token: string): void {
  const version = `..version-${token}`;
  mkdirSync(join(folder, version));
  writeFileSync(join(folder, version, 'token'), token);
  symlinkSync(version, join(folder, '..data_tmp'));
  renameSync(join(folder, '..data_tmp'), join(folder, '..data'));
}
