// The HTTP filters of a connection manager, in their order.
import { at, isSet, isTrue, items, text, unwrapped, type Field } from './field.ts';

export interface HttpFilter {
  /** The entry of http_filters. */
  readonly entry: Field;
  readonly name: string;
  /** As in `ExtAuthz`; undefined: it isn't told, such as when it comes by ECDS and wasn't dumped. */
  readonly type: string | undefined;
  /** What is in typed_config. */
  readonly config: Field;
}

/** The entries of a list of filters; `discovered` are those that came by ECDS. */
export function httpFilters(list: Field, discovered: readonly Field[] = []): readonly HttpFilter[] {
  return items(list).map((entry) => {
    const name = text(at(entry, 'name')) ?? '';
    const isElsewhere = isSet(at(entry, 'config_discovery'));
    const found = discovered.find((one) => text(at(one, 'name')) === name);
    const any = isElsewhere && found ? at(found, 'typed_config') : at(entry, 'typed_config');
    const { type, ...config } = unwrapped(any);
    return { entry, name, type, config };
  });
}

export function isGuard({ type }: HttpFilter): boolean {
  return type === 'ExtAuthz';
}

export function isLua({ type }: HttpFilter): boolean {
  return type === 'Lua';
}

/** The scripts of a Lua filter: what is inline, as text; of files, their names. */
export function scriptOf({ config }: HttpFilter): {
  readonly inline?: string;
  readonly file?: string;
} {
  const inline = text(at(config, 'default_source_code', 'inline_string'));
  if (inline !== undefined) return { inline };
  const bytes = text(at(config, 'default_source_code', 'inline_bytes'));
  if (bytes !== undefined) return { inline: Buffer.from(bytes, 'base64').toString('utf8') };
  const old = text(at(config, 'inline_code'));
  if (old !== undefined) return { inline: old };
  const file = text(at(config, 'default_source_code', 'filename'));
  return file === undefined ? {} : { file };
}

/** A script that reads the decision and writes the lines; one in a file that isn't at hand is taken for it. */
export function isFinisher(filter: HttpFilter): boolean {
  if (!isLua(filter)) return false;
  const { inline, file } = scriptOf(filter);
  if (inline === undefined) return file !== undefined;
  return inline.includes('envoy.filters.http.ext_authz') && inline.includes('impersonate');
}

/** Whether it is off unless a route turns it on. */
export function isDisabled({ entry }: HttpFilter): boolean {
  return isTrue(at(entry, 'disabled'));
}
