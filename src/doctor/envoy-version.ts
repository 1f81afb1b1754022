// Which version an Envoy is, as far as it tells.
import { at, number, text, type Field } from './field.ts';

export interface EnvoyVersion {
  readonly field: Field;
  readonly major: number;
  readonly minor: number;
  readonly patch: number;
}

/** From `/server_info`, or from the node that a dumped bootstrap describes. */
export function versionOf(bootstrap: Field, serverInfo?: Field): EnvoyVersion | undefined {
  const told = serverInfo && at(serverInfo, 'version');
  const [, major, minor, patch] = /(\d+)\.(\d+)\.(\d+)/.exec((told && text(told)) ?? '') ?? [];
  if (told && major !== undefined) {
    return { field: told, major: Number(major), minor: Number(minor), patch: Number(patch) };
  }
  const built = at(bootstrap, 'node', 'user_agent_build_version', 'version');
  const first = number(at(built, 'major_number'));
  if (first === undefined) return undefined;
  return {
    field: built,
    major: first,
    minor: number(at(built, 'minor_number')) ?? 0,
    patch: number(at(built, 'patch')) ?? 0,
  };
}
