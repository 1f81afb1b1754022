// The one place that builds replies. An empty CheckResponse would allow, so every road that isn't
// an allowed Decision ends in a denial.
import type { Decision, Deny } from '../decision/decision.ts';
import { toMutations, type HeaderLists, type Mutations } from '../decision/mutations.ts';
import { denyReasons } from '../denial/reasons.ts';
import { rememberByObject } from '../lib/remember-by-object.ts';
import type { CheckResponse, HeaderOption, Struct, Value } from './proto.ts';
import { toHttpDenial } from './status-body.ts';

/** google.rpc.Code. */
const codes = { ok: 0, permissionDenied: 7, unavailable: 14, unauthenticated: 16 } as const;

/** The reply to a decision; `path` is the request's. Throws when an allowed one would not be safe. */
export function toCheckResponse(decision: Decision, path: string): CheckResponse {
  return decision.kind === 'allow' ? allow(toMutations(decision)) : deny(decision, path);
}

function allow({ set, remove, metadata }: Mutations): CheckResponse {
  const decision = Object.entries(metadata.decision).map(
    ([name, value]) => [name, toStringValue(value)] as const,
  );
  return {
    status: { code: codes.ok },
    ok_response: { headers: set.map(toHeaderOption), headers_to_remove: remove },
    dynamic_metadata: toStruct([
      ['headers', { structValue: toHeadersStruct(metadata.headers) }],
      ['decision', { structValue: toStruct(decision) }],
    ]),
  };
}

/** The same lists, of a remembered token, are encoded from the same object. */
const toHeadersStruct = rememberByObject((headers: HeaderLists) =>
  toStruct(
    Object.entries(headers).map(([name, values]) => [
      name,
      { listValue: { values: values.map(toStringValue) } },
    ]),
  ),
);

function deny(decision: Deny, path: string): CheckResponse {
  const { status, headers, body } = toHttpDenial(decision, path);
  return {
    status: { code: grpcCode(decision) },
    denied_response: { status: { code: status }, headers: headers.map(toHeaderOption), body },
  };
}

function grpcCode({ reason }: Deny): number {
  const status = denyReasons[reason];
  if (status === 401) return codes.unauthenticated;
  return status === 503 ? codes.unavailable : codes.permissionDenied;
}

function toHeaderOption([key, value]: readonly [string, string]): HeaderOption {
  return { header: { key, value }, append: { value: false } };
}

function toStruct(fields: readonly (readonly [string, Value])[]): Struct {
  return { fields: Object.fromEntries(fields) };
}

function toStringValue(text: string): Value {
  return { stringValue: text };
}
