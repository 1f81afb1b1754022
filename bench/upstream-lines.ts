/** What Envoy sends upstream after an allowed check: the header lines of a reply, the finisher's among them. */
import type { Value } from '../src/transport/proto.ts';
import { checkMethod } from './check-request.ts';
import type { HeaderLines } from './http2-frames.ts';

/** The lines of an allowed CheckResponse's bytes: its own, but `impersonate-*` as its metadata lists them. */
export function upstreamLines(reply: Buffer): HeaderLines {
  const { ok_response, dynamic_metadata } = checkMethod.responseDeserialize(reply);
  const set = (ok_response?.headers ?? []).map(({ header }) => [header.key, header.value] as const);
  const lists = Object.entries(fieldsOf(dynamic_metadata?.fields['headers']));
  const added = lists.flatMap(([name, list]) => textsOf(list).map((text) => [name, text] as const));
  return [...set.filter(([name]) => !name.startsWith('impersonate-')), ...added];
}

function fieldsOf(value: Value | undefined): Readonly<Record<string, Value>> {
  return value && 'structValue' in value ? value.structValue.fields : {};
}

function textsOf(value: Value): readonly string[] {
  if (!('listValue' in value)) return [];
  return value.listValue.values.flatMap((one) => ('stringValue' in one ? [one.stringValue] : []));
}
