/** How a case of a request and what kube-apiserver makes of it is written. */
import type { RequestInfo } from '../../src/request/request-info.ts';

export interface RequestCase {
  /** A sentence. */
  readonly what: string;
  readonly method: string;
  readonly target: string;
  /** What is not empty of it; undefined: it is refused. */
  readonly info: Partial<RequestInfo> | undefined;
}

export type ResourceRow = readonly [what: string, request: string, info: Partial<RequestInfo>];

/** A request, as `METHOD target`, for a resource of the API `v1`, unless the row says otherwise. */
export function resourceCase([what, request, info]: ResourceRow): RequestCase {
  const { method, target } = splitRequest(request);
  const path = decodeURIComponent(target.replace(/\?.*/s, ''));
  const told = { isResourceRequest: true, path, apiVersion: 'v1', ...info };
  return { what, method, target, info: told };
}

/** The two halves of `METHOD target`. */
export function splitRequest(request: string): Pick<RequestCase, 'method' | 'target'> {
  const space = request.indexOf(' ');
  return { method: request.slice(0, space), target: request.slice(space + 1) };
}
