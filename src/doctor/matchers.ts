// Which header names a matcher of Envoy's takes.
import { RE2JS } from 're2js';
import { at, isSet, isTrue, items, text, type Field } from './field.ts';

/** Whether one of the patterns of a ListStringMatcher takes the name. */
export function listMatches(list: Field, name: string): boolean {
  return items(at(list, 'patterns')).some((pattern) => stringMatches(pattern, name));
}

/** A envoy.type.matcher.v3.StringMatcher. */
function stringMatches(matcher: Field, name: string): boolean {
  const regex = text(at(matcher, 'safe_regex', 'regex'));
  if (regex !== undefined) return regexMatches(regex, name);
  const fold = (one: string): string =>
    isTrue(at(matcher, 'ignore_case')) ? one.toLowerCase() : one;
  const tests: Readonly<Record<string, (pattern: string) => boolean>> = {
    exact: (pattern) => fold(name) === fold(pattern),
    prefix: (pattern) => fold(name).startsWith(fold(pattern)),
    suffix: (pattern) => fold(name).endsWith(fold(pattern)),
    contains: (pattern) => fold(name).includes(fold(pattern)),
  };
  return Object.entries(tests).some(([kind, test]) => {
    const pattern = text(at(matcher, kind));
    return pattern !== undefined && test(pattern);
  });
}

/** HeaderMutationRules (source/common/http/header_mutation.cc): an expression goes before disallow_all. */
export function mayMutate(rules: Field, name: string): boolean {
  const disallowed = text(at(rules, 'disallow_expression', 'regex'));
  if (disallowed !== undefined && regexMatches(disallowed, name)) return false;
  const allowed = at(rules, 'allow_expression', 'regex');
  if (isSet(allowed) && regexMatches(text(allowed) ?? '', name)) return true;
  if (isTrue(at(rules, 'disallow_all'))) return false;
  if (name === ':path') return !isTrue(at(rules, 'disallow_system'));
  if (name.startsWith(':') || name === 'host') return isTrue(at(rules, 'allow_all_routing'));
  return true;
}

/** As Envoy: the whole name, by RE2. A pattern that is none matches nothing. */
function regexMatches(pattern: string, name: string): boolean {
  try {
    return RE2JS.compile(pattern).matches(name);
  } catch {
    return false; // Envoy would not have started
  }
}
