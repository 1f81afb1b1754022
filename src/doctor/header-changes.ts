// What filters change of the headers that say who a request is from.
import { at, items, text, type Field } from './field.ts';
import type { Broken } from './finding.ts';
import type { HttpFilter } from './http-filters.ts';

/** Filters that may change any header of a request, as some code or another service says. */
const scripted: ReadonlySet<string | undefined> = new Set([
  'Lua',
  'LuaPerRoute',
  'Wasm',
  'ExternalProcessor',
  'DynamicModuleFilter',
]);

/** What a filter before or after the check does to an identity, or may do. */
export function headerChanges(
  { type, name, entry, config }: HttpFilter,
  side: 'before' | 'after',
): readonly Broken[] {
  const isGolang = text(at(config, '@type'))?.includes('.golang.') === true; // its type is `Config`
  if (scripted.has(type) || isGolang) {
    const found = `${name} runs ${side} the check and may change any header`;
    return [{ field: entry, severity: 'warning', found }];
  }
  return type === 'HeaderMutation' ? identityMutations(config) : [];
}

/** What the settings of header_mutation set or remove of an identity. */
export function identityMutations(settings: Field): readonly Broken[] {
  return [at(settings, 'mutations', 'request_mutations'), at(settings, 'mutations')]
    .flatMap(items)
    .flatMap((one) => [at(one, 'remove'), at(one, 'append', 'header', 'key')])
    .filter((field) => isIdentityHeader(text(field) ?? ''))
    .map((field) => ({ field, found: `${text(field)} is changed by a filter` }));
}

/** Names of headers that are credentials or identities. */
export function isIdentityHeader(name: string): boolean {
  const plain = name.toLowerCase().replaceAll('_', '-');
  return /^(authorization|connection|impersonate-.*|x-remote-.*)$/.test(plain);
}
