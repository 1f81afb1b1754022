/** Unifies types with parameters, as cel-go's checker/types.go does at v0.26.0. */
import { dynType, errorType, sameType, type Type } from './types.ts';

/** What type parameters stand for, by name. */
export type Mapping = ReadonlyMap<string, Type>;
type Draft = Map<string, Type>;

/** The mapping extended so that each type can be passed for the other, or undefined when none can be. */
export function unify(
  mapping: Mapping,
  from: readonly Type[],
  to: readonly Type[],
): Mapping | undefined {
  const draft = new Map(mapping);
  return allAssignable(draft, from, to) ? draft : undefined;
}

/** The type with its known parameters replaced; with `dynForRest` the unknown ones become `dyn`. */
export function substitute(mapping: Mapping, type: Type, dynForRest: boolean): Type {
  if (type.kind === 'param') {
    const known = mapping.get(type.name);
    if (known) return substitute(mapping, known, dynForRest);
    return dynForRest ? dynType : type;
  }
  if (type.params.length === 0) return type;
  return { ...type, params: type.params.map((one) => substitute(mapping, one, dynForRest)) };
}

export function mostGeneral(a: Type, b: Type): Type {
  return isEqualOrLessSpecific(a, b) ? a : b;
}

function allAssignable(draft: Draft, from: readonly Type[], to: readonly Type[]): boolean {
  if (from.length !== to.length) return false;
  return from.every((one, at) => isAssignable(draft, one, to[at] ?? errorType));
}

function isAssignable(draft: Draft, a: Type, b: Type): boolean {
  if (b.kind === 'param') {
    const { valid, known } = tryParam(draft, a, b);
    if (valid || known) return valid;
  }
  if (a.kind === 'param') return tryParam(draft, b, a).valid;
  if (a.kind === 'dyn' || a.kind === 'error' || b.kind === 'dyn' || b.kind === 'error') return true;
  if (a.name === 'null_type') return isNullable(b);
  if (b.name === 'null_type') return isNullable(a);
  if (a.kind === 'type') return b.kind === 'type';
  if (a.kind === 'primitive' || a.kind === 'struct') return sameType(a, b);
  return a.kind === b.kind && a.name === b.name && allAssignable(draft, a.params, b.params);
}

function tryParam(draft: Draft, type: Type, param: Type): { valid: boolean; known: boolean } {
  if (sameType(type, param)) return { valid: true, known: true };
  const now = draft.get(param.name);
  if (now) {
    if (sameType(type, now)) return { valid: true, known: true };
    if (!isAssignable(draft, type, now)) return { valid: false, known: true };
    const wider = mostGeneral(type, now);
    if (notReferencedIn(draft, param, wider)) draft.set(param.name, wider);
    return { valid: true, known: true };
  }
  if (!notReferencedIn(draft, param, type)) return { valid: false, known: false };
  draft.set(param.name, type);
  return { valid: true, known: false };
}

function notReferencedIn(draft: Draft, param: Type, within: Type): boolean {
  if (sameType(param, within)) return false;
  if (within.kind === 'param') {
    const known = draft.get(within.name);
    return known === undefined || notReferencedIn(draft, param, known);
  }
  return within.params.every((one) => notReferencedIn(draft, param, one));
}

function isNullable(type: Type): boolean {
  return (
    type.kind === 'opaque' ||
    type.kind === 'struct' ||
    type.name === 'null_type' ||
    type.name.startsWith('google.protobuf.')
  );
}

function isEqualOrLessSpecific(a: Type, b: Type): boolean {
  if (a.kind === 'dyn' || a.kind === 'param') return true;
  if (b.kind === 'dyn' || b.kind === 'param' || a.kind !== b.kind) return false;
  if (a.kind === 'type') return true;
  if (a.kind === 'primitive' || a.kind === 'struct' || a.kind === 'error') return sameType(a, b);
  return (
    a.name === b.name &&
    a.params.length === b.params.length &&
    a.params.every((one, at) => isEqualOrLessSpecific(one, b.params[at] ?? errorType))
  );
}
