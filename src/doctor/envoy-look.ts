// Looks at an Envoy: at a file of its configuration, or at what its admin interface tells.
import { request } from 'undici';
import { errorMessage } from '../lib/error-message.ts';
import { readEnvoyConfig, type EnvoyConfig } from './envoy-config.ts';
import { readText } from './read-text.ts';
import { readSource, withoutLines, type Source } from './source.ts';

export interface LookedAtEnvoy {
  readonly config: EnvoyConfig;
  readonly source: Source;
}

/** `where`: a file, `-`, or the address of an admin interface. Rejects with a sentence. */
export async function lookAtEnvoy(where: string): Promise<LookedAtEnvoy> {
  if (!/^https?:\/\//.test(where)) {
    const source = readSource(where, await readText(where));
    return { config: inSource(source), source };
  }
  const base = where.replace(/\/+$/, '');
  const dump = withoutLines(base, await getJson(`${base}/config_dump?include_eds`));
  const info = withoutLines(base, await getJson(`${base}/server_info`));
  return { config: inSource(dump, info), source: dump };
}

function inSource({ name, root }: Source, info?: Source): EnvoyConfig {
  try {
    return readEnvoyConfig(root, info?.root);
  } catch (error) {
    throw new Error(`${name}: ${errorMessage(error)}`, { cause: error });
  }
}

const patienceMs = 30_000;

async function getJson(url: string): Promise<unknown> {
  try {
    const { statusCode, body } = await request(url, { signal: AbortSignal.timeout(patienceMs) });
    const text = await body.text();
    if (statusCode !== 200) throw new Error(`the answer is ${statusCode}, not 200`);
    return JSON.parse(text);
  } catch (error) {
    const why = error instanceof SyntaxError ? 'the answer is not JSON' : reasonOf(error);
    throw new Error(`GET ${url}: ${why}; is that the admin interface of an Envoy?`, {
      cause: error,
    });
  }
}

/** A refused connection has no message, only a code. */
function reasonOf(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  return errorMessage(error) || code;
}
