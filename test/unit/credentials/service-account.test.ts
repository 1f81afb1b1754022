/** Our own token: what counts as one, until when, and what happens when its file changes. */
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it, type TestContext } from 'node:test';
import { waitUntil } from '../../../lab/wait.ts';
import {
  createUpstreamToken,
  type UpstreamToken,
} from '../../../src/credentials/service-account.ts';
import { denialOf } from '../../support/denials.ts';
import { forgedToken } from '../../support/forged-token.ts';

const folder = mkdtempSync(join(tmpdir(), 'service-account-'));
after(() => rmSync(folder, { recursive: true }));

const now = 1_800_000_000;
let files = 0;

const usable: readonly (readonly [
  what: string,
  content: string,
  token: string,
  expiry?: number,
])[] = [
  ['a JWT, until it expires', ...twice(forgedToken({}, { exp: now + 60 })), now + 60],
  ['a JWT without an end', ...twice(forgedToken({}, { sub: 'a' }))],
  ['a JWT whose end is no number', ...twice(forgedToken({}, { exp: 'soon' }))],
  ['a JWT whose claims are a list', ...twice(forgedToken({}, []))],
  ['an opaque token', ...twice('own-token')],
  ['every letter a bearer token may have', ...twice('AZaz09-._~+/=')],
  ['a token with a line break behind it', 'own-token\n', 'own-token'],
  ['a token with white space around it', ' \r\n own-token \t\n', 'own-token'],
  ['three words of dots', ...twice('a.b.c')],
];

const unusable: readonly (readonly [what: string, content: string, problem: RegExp])[] = [
  ['nothing', '', /is empty$/],
  ['white space', ' \n\t', /is empty$/],
  ['two words', 'secret token', /does not hold a bearer token$/],
  ['two lines', 'secret\ntoken', /does not hold a bearer token$/],
  ['a header of its own', 'secret\r\nimpersonate-user: admin', /does not hold a bearer token$/],
  ['the scheme too', 'Bearer secret', /does not hold a bearer token$/],
  ['a quoted token', '"secret"', /does not hold a bearer token$/],
  ['a comma', 'secret,secret', /does not hold a bearer token$/],
  ['letters beyond ASCII', 'secretß', /does not hold a bearer token$/],
  ['a control character', 'sec\u0000ret', /does not hold a bearer token$/],
  ['padding alone', '==', /does not hold a bearer token$/],
  ['padding in the middle', 'secret=x', /does not hold a bearer token$/],
  ['an expired token', forgedToken({}, { exp: now }), /has expired and was not renewed$/],
];

describe('our own token', () => {
  for (const [what, content, token, expiry] of usable) {
    it(`may be ${what}`, async (t) => {
      const upstream = await open(t, content);
      assert.equal(upstream.current(), token);
      assert.equal(upstream.fault(), undefined);
      assert.equal(upstream.expiry(), expiry);
    });
  }

  for (const [what, content, problem] of unusable) {
    it(`is refused when its file holds ${what}, and nothing of it is told`, async (t) => {
      const logged: string[] = [];
      const upstream = await open(t, content, () => now, logged);
      const { reason, message } = await denialOf(() => upstream.current());
      assert.equal(reason, 'credential_unavailable');
      assert.match(message, problem);
      assert.match(upstream.fault() ?? '', problem);
      assert.doesNotMatch(`${message}${upstream.fault()}${logged.join()}`, /secret|eyJ/);
    });
  }

  it('is used to the last second and not in the second of its end', async (t) => {
    let seconds = now;
    const token = forgedToken({}, { exp: now + 60 });
    const upstream = await open(t, token, () => seconds);
    seconds = now + 59.999;
    assert.equal(upstream.current(), token);
    seconds = now + 60;
    assert.equal((await denialOf(() => upstream.current())).reason, 'credential_unavailable');
    assert.match(upstream.fault() ?? '', /has expired and was not renewed$/);
  });

  it('is told of without being told', async (t) => {
    const logged: string[] = [];
    await open(t, forgedToken({}, { exp: now + 60 }), () => now, logged);
    assert.match(logged.join(), /upstream token read/);
    assert.doesNotMatch(logged.join(), /eyJ|AAAA/);
  });

  it('is refused when its file is not there or a folder', async (t) => {
    for (const [content, code] of [
      [undefined, 'ENOENT'],
      ['folder', 'EISDIR'],
    ] as const) {
      const file = newFile();
      if (content === 'folder') mkdirSync(file);
      const { message } = await denialOf(async () => (await follow(t, file)).current());
      assert.ok(message.endsWith(`${file} can't be read (${code})`), message);
    }
  });

  it('changes with its file: renewed, broken, gone and back', async (t) => {
    const file = newFile();
    writeFileSync(file, 'first');
    const upstream = await follow(t, file);
    const stateIs = (wanted: string): Promise<boolean> =>
      waitUntil(wanted, () => state(upstream) === wanted, { intervalMs: 5 });
    assert.equal(state(upstream), 'first');
    writeFileSync(file, 'second');
    await stateIs('second');
    writeFileSync(file, 'not a token');
    await stateIs('refused');
    rmSync(file);
    await stateIs('refused');
    writeFileSync(file, 'third');
    await stateIs('third');
  });
});

function twice(token: string): readonly [string, string] {
  return [token, token];
}

function newFile(): string {
  return join(folder, String((files += 1)));
}

function open(
  t: TestContext,
  content: string,
  clock = (): number => now,
  logged: string[] = [],
): Promise<UpstreamToken> {
  const file = newFile();
  writeFileSync(file, content);
  return follow(t, file, clock, logged);
}

async function follow(
  t: TestContext,
  file: string,
  clock = (): number => now,
  logged: string[] = [],
): Promise<UpstreamToken> {
  const write = (fields: object, message: string): void =>
    void logged.push(JSON.stringify({ ...fields, message }));
  const log = { debug: write, info: write, warn: write, error: write };
  const options = { file, log, now: () => clock() * 1000, pollMs: 20 };
  const upstream = await createUpstreamToken(options);
  t.after(upstream.stop);
  return upstream;
}

function state(upstream: UpstreamToken): string {
  try {
    return upstream.current();
  } catch {
    return 'refused';
  }
}
