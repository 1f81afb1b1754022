/** Equality of Kubernetes' own values: each says by which text it is known. */
import { CelError } from './cel-error.ts';
import type { Opaque } from './value.ts';

/** Whether two are of one type and the same. */
export function opaqueEqual(a: Opaque, b: Opaque): boolean {
  if (a.type !== b.type) throw new CelError('no such overload');
  return identity(a) === identity(b);
}

function identity({ data }: Opaque): unknown {
  return 'identity' in data ? data.identity : data;
}
