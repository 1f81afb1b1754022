/** The recipes of docs/recipes.md: their entries, the mistakes that they list, and issuers at the paths of their URLs. */
import assert from 'node:assert/strict';
import { discoveryPath, jwksPath, startIssuer, type Issuer } from '../../lab/issuer.ts';
import { configurationOf, readDocument } from './documents.ts';
import type { Claims } from './recipe-case.ts';

const document = 'docs/recipes.md';

export interface Mistake {
  readonly what: string;
  readonly reason: string;
  readonly message: string;
}

/** What the table of mistakes under a heading says. */
export function mistakesUnder(heading: string): readonly Mistake[] {
  const [, section = ''] = readDocument(document).split(`\n## ${heading}\n`);
  const [own = ''] = section.split('\n## ');
  const [, table = ''] = own.split(/^\| mistake .*\n.*\n/m);
  const lines = table.split('\n').filter((line) => line.startsWith('| '));
  return lines.map((line) => {
    const [what = '', reason = '', message = ''] = line
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim());
    return { what, reason: reason.replaceAll('`', ''), message };
  });
}

export interface RecipeIssuer {
  /** The document's entry, with this issuer's URL and certificate. */
  readonly entry: object;
  /** `iss` of its tokens; it ends as the documented URL does. */
  readonly url: string;
  /** Like an issuer's, with that `iss`. */
  mint(claims: Claims): Promise<string>;
  close(): Promise<void>;
}

/** Starts an issuer over TLS for an entry of the document. */
export async function startRecipeIssuer(name: string): Promise<RecipeIssuer> {
  const { apiVersion: _, kind: _kind, jwt = [], ...rest } = configurationOf(document, name);
  const [entry] = jwt;
  assert.deepEqual([jwt.length, rest], [1, {}], 'the test runs all of the configuration');
  const issuer = await startIssuer();
  const documented: unknown = { url: '', ...entry?.issuer }.url;
  const { pathname } = new URL(String(documented));
  const path = pathname === '/' ? '' : pathname;
  const url = `${issuer.url}${path}`;
  if (path !== '') publishUnder(issuer, path.replace(/\/$/, ''), url);
  const place = { url, certificateAuthority: issuer.caPem };
  return {
    entry: { ...entry, issuer: { ...entry?.issuer, ...place } },
    url,
    mint: (claims) => issuer.mint({ iss: url, ...claims }),
    close: () => issuer.close(),
  };
}

function publishUnder(issuer: Issuer, path: string, url: string): void {
  const body = JSON.stringify({
    issuer: url,
    jwks_uri: `${issuer.url}${jwksPath}`,
    response_types_supported: ['id_token'],
    subject_types_supported: ['public'],
    id_token_signing_alg_values_supported: ['RS256'],
  });
  issuer.replaceHandler(`${path}${discoveryPath}`, (_, response) => {
    response.writeHead(200, { 'content-type': 'application/json' }).end(body);
  });
}
