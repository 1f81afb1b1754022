/** The configurations of docs/recipes.md against issuers whose tokens say what the vendors document, by a real gRPC client. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { parse } from 'yaml';
import { blocks } from '../support/documents.ts';
import type { Reply } from '../support/check-client.ts';
import { startFakeApiServer, type FakeApiServer } from '../support/fake-api-server.ts';
import { accountOfBearer, mint } from '../support/minting-api.ts';
import type { RecipeCase } from '../support/recipe-case.ts';
import { dex, entra, google, keycloak } from '../support/recipe-people.ts';
import { github, gitlab, managed } from '../support/recipe-pipelines.ts';
import { mistakesUnder, startRecipeIssuer, type RecipeIssuer } from '../support/recipes.ts';
import { ownToken, startRunningApp, type RunningApp } from '../support/running-app.ts';

/** In the document's order. */
const recipeCases: readonly RecipeCase[] = [github, gitlab, dex, keycloak, entra, google, managed];

describe('the recipes', () => {
  const issuers = new Map<string, RecipeIssuer>();
  let api: FakeApiServer;
  let running: RunningApp;
  before(async () => {
    api = await startFakeApiServer();
    api.answerWith(mint(3600));
    for (const { entry } of recipeCases) issuers.set(entry, await startRecipeIssuer(entry));
    running = await start([...issuers.values()].map(({ entry }) => entry));
  });
  after(async () => {
    await running.stop();
    await Promise.all([api.stop(), ...[...issuers.values()].map((one) => one.close())]);
  });

  function issuerOf({ entry }: RecipeCase): RecipeIssuer {
    return issuers.get(entry) ?? assert.fail(`no issuer for ${entry}`);
  }
  function start(jwt: readonly object[]): Promise<RunningApp> {
    const kubernetes = { kubeconfig: api.kubeconfig, token: { file: 'token' } };
    return startRunningApp({ issuers: [], config: { kubernetes, jwt } });
  }
  async function ask(token: string, { client }: RunningApp = running): Promise<Reply> {
    return client.check({ lines: [['authorization', `Bearer ${token}`]] });
  }
  async function letsMistakeIn(one: RecipeCase, entry: object): Promise<boolean> {
    const app = await start([entry]);
    const issuer = issuerOf(one);
    try {
      for (const change of Object.values(one.mistakes)) {
        const reply = await ask(await issuer.mint({ ...one.good, ...change(issuer.url) }), app);
        if (reply.status === 200) return true;
      }
      return false;
    } finally {
      await app.stop();
    }
  }

  it('are all that the document has', () => {
    const entries = shownObjects().flatMap(({ jwt }) => jwt?.map(({ name }) => name) ?? []);
    assert.deepEqual(
      entries,
      recipeCases.map(({ entry }) => entry),
    );
  });

  for (const one of recipeCases) {
    describe(`for ${one.heading}`, () => {
      it('let a good token in, as exactly whom the document says', async () => {
        const reply = await ask(await issuerOf(one).mint(one.good));
        assert.equal(reply.status, 200, reply.body);
        const { headers } = JSON.parse(JSON.stringify(reply.metadata));
        const authorization = reply.headers['authorization'];
        if ('account' in one.upstream) {
          assert.deepEqual(headers, {});
          assert.equal(accountOfBearer(authorization), one.upstream.account);
        } else {
          assert.deepEqual(headers, one.upstream);
          assert.equal(authorization, `Bearer ${ownToken}`);
        }
      });

      it('give access to whom the token is', () => {
        const names = namesOf(one);
        const bound = shownObjects().flatMap(({ subjects = [] }) => subjects.map(subjectName));
        assert.ok(
          bound.some((name) => names.includes(name)),
          `${names.join(', ')} and the bindings: ${bound.join(', ')}`,
        );
      });

      it('need each of their rules: without it a mistake gets in', async () => {
        const { claimValidationRules: rules = [], ...entry } = JSON.parse(
          JSON.stringify(issuerOf(one).entry),
        );
        for (const rule of rules) {
          const others = rules.filter((other: unknown) => other !== rule);
          const loose = await letsMistakeIn(one, { ...entry, claimValidationRules: others });
          assert.ok(loose, JSON.stringify(rule));
        }
      });

      it('list each mistake that is tried, and no other', () => {
        const listed = mistakesUnder(one.heading).map(({ what }) => what);
        assert.deepEqual(listed.toSorted(), Object.keys(one.mistakes).toSorted());
      });

      for (const { what, reason, message } of mistakesUnder(one.heading)) {
        it(`refuse: ${what}`, async () => {
          const issuer = issuerOf(one);
          const change = one.mistakes[what]?.(issuer.url) ?? {};
          const reply = await ask(await issuer.mint({ ...one.good, ...change }));
          assert.notEqual(reply.status, 200);
          assert.deepEqual([reply.reason, JSON.parse(reply.body).message], [reason, message]);
        });
      }
    });
  }

  it('let only one of the listed accounts be chosen', async () => {
    const environments = { staging: 200, production: 200, Production: 403, '': 403, '../x': 403 };
    for (const [environment, status] of Object.entries(environments)) {
      const reply = await ask(await issuerOf(gitlab).mint({ ...gitlab.good, environment }));
      assert.equal(reply.status, status, environment);
      if (status !== 200) assert.equal(reply.reason, 'account_not_allowed');
    }
  });

  it('keep to the rules that the document begins with', () => {
    for (const { entry } of issuers.values()) {
      const { issuer, claimMappings, maxTokenLifetime, ...rest } = JSON.parse(
        JSON.stringify(entry),
      );
      assert.ok(maxTokenLifetime, rest.name);
      assert.equal(issuer.audiences.length, 1, rest.name);
      assert.ok(!('allowReservedNames' in rest), rest.name);
      const { prefix, expression } = claimMappings.username;
      assert.match(prefix ?? expression, /^'?[a-z]+:/, rest.name);
    }
  });

  it('show workflows that are YAML', () => {
    const shown = blocks('yml').filter(({ file }) => file === 'docs/recipes.md');
    assert.equal(shown.length, 4);
    for (const { text } of shown) assert.equal(typeof parse(text), 'object');
  });
});

interface Shown {
  readonly jwt?: readonly { readonly name: string }[];
  readonly subjects?: readonly Subject[];
}

interface Subject {
  readonly kind: string;
  readonly namespace?: string;
  readonly name: string;
}

function shownObjects(): readonly Shown[] {
  const shown = blocks('yaml').filter(({ file }) => file === 'docs/recipes.md');
  return shown.map(({ text }): Shown => parse(text));
}

function subjectName({ kind, namespace, name }: Subject): string {
  return kind === 'ServiceAccount' ? `${namespace}/${name}` : `${kind} ${name}`;
}

/** Whom a binding must name for the good token to get anywhere. */
function namesOf({ upstream }: RecipeCase): readonly string[] {
  if ('account' in upstream) return [String(upstream.account)];
  const groups = upstream['impersonate-group'] ?? [];
  const users = upstream['impersonate-user'] ?? [];
  return [...users.map((name) => `User ${name}`), ...groups.map((name) => `Group ${name}`)];
}
