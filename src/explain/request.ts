// The request that is explained, as Envoy would describe it, from flags that kubectl has, too.
import { UsageError } from '../cli/flags.ts';
import { impersonateHeaders } from '../decision/mutations.ts';
import type { HeaderLine, KubeRequest } from '../request/request.ts';
import type { AskedRequest } from './trace.ts';

export interface RequestFlags {
  readonly method?: string | undefined;
  readonly path?: string | undefined;
  readonly as?: string | undefined;
  readonly 'as-group'?: readonly string[] | undefined;
  readonly 'as-uid'?: string | undefined;
  readonly 'as-user-extra'?: readonly string[] | undefined;
}

export type Asked = Pick<AskedRequest, 'method' | 'path' | 'as'>;

/** Throws UsageError. */
export function readAsked(flags: RequestFlags): Asked {
  const { method = 'GET', path = '/api', as: username } = flags;
  if (!path.startsWith('/')) throw new UsageError('--path must begin with /');
  if (!/^[A-Z]+$/.test(method)) throw new UsageError('--method must be a word in capitals, as GET');
  const { 'as-group': groups, 'as-uid': uid, 'as-user-extra': pairs } = flags;
  const as = {
    ...(username !== undefined && { username }),
    ...(uid !== undefined && { uid }),
    ...(groups && { groups }),
    ...(pairs && { extra: readExtra(pairs) }),
  };
  return { method, path, ...(Object.keys(as).length > 0 && { as }) };
}

function readExtra(pairs: readonly string[]): Readonly<Record<string, readonly string[]>> {
  const extra = new Map<string, readonly string[]>();
  for (const pair of pairs) {
    const at = pair.indexOf('=');
    if (at < 1) throw new UsageError('--as-user-extra must be KEY=VALUE');
    const key = pair.slice(0, at).toLowerCase(); // HTTP makes header names lower case
    extra.set(key, [...(extra.get(key) ?? []), pair.slice(at + 1)]);
  }
  return Object.fromEntries(extra);
}

/** With the token in its place, and the lines that kubectl would send. */
export function toRequest({ method, path, as }: Asked, token: string): KubeRequest {
  const impersonation = as ? linesOf(as) : [];
  return {
    method,
    path,
    requestID: '',
    source: { peer: '', forwardedFor: '' },
    headers: {
      authorization: [`Bearer ${token}`],
      connection: [],
      upgrade: [],
      subprotocols: [],
      identityNames: [...new Set(impersonation.map(({ name }) => name))],
      impersonation,
      joined: false,
      undecodable: [],
    },
  };
}

function linesOf(as: NonNullable<Asked['as']>): readonly HeaderLine[] {
  const { username = '', uid = '', groups = [], extra = {} } = as;
  return Object.entries(impersonateHeaders({ username, uid, groups, extra }))
    .filter(([name]) => name !== 'impersonate-user' || as.username !== undefined)
    .flatMap(([name, values]) => values.map((value) => ({ name, value })));
}
