/** Finds the static types of list and map literals, whose members must be of one type in the end. */
import { mostGeneral, substitute } from './assignable.ts';
import type { Expr } from './ast.ts';
import type { CelError } from './cel-error.ts';
import { assignable, known, mismatch, newParam, type Checker, type Scope } from './check-state.ts';
import { dynType, listType, mapType, optionalType, sameType, type Type } from './types.ts';

export function typeOfList(
  checker: Checker,
  elements: Extract<Expr, { op: 'list' }>['elements'],
  scope: Scope,
): Type {
  const joined = newJoin(checker, elements);
  for (const { value, optional } of elements) {
    joined.add(
      memberType(checker, checker.typeOf(checker, value, scope), optional, value.at),
      value.at,
    );
  }
  return listType(joined.type() ?? newParam(checker));
}

export function typeOfMap(
  checker: Checker,
  entries: Extract<Expr, { op: 'map' }>['entries'],
  scope: Scope,
): Type {
  const keys = newJoin(checker);
  const values = newJoin(checker);
  for (const { key, value, optional } of entries) {
    keys.add(checker.typeOf(checker, key, scope), key.at);
    values.add(
      memberType(checker, checker.typeOf(checker, value, scope), optional, value.at),
      value.at,
    );
  }
  return mapType(keys.type() ?? newParam(checker), values.type() ?? newParam(checker));
}

function memberType(checker: Checker, type: Type, optional: boolean, at: number): Type {
  if (!optional) return type;
  const now = known(checker, type);
  if (now.name === 'optional_type') return now.params[0] ?? dynType;
  // kube-apiserver panics on a dyn one.
  throw mismatch(checker, optionalType(now), now, at);
}

interface Join {
  add(type: Type, at: number): void;
  /** Of all members, once there is one. */
  type(): Type | undefined;
}

function newJoin(checker: Checker, list?: object): Join {
  let first: Type | undefined;
  let joined: Type | undefined;
  return {
    add: (other, at) => {
      first ??= other;
      if (!joined) {
        joined = other;
        return;
      }
      const differ = !assignable(checker, [joined], [other]);
      if (checker.formats === 0) checker.alike.push({ first, other, differ, at, list });
      joined = differ ? dynType : mostGeneral(joined, other);
    },
    type: () => joined,
  };
}

/** The members that are of another type than the first, now that all types are known. */
export function differences(checker: Checker): readonly CelError[] {
  const told = new Set<object>();
  return checker.alike.flatMap(({ first, other, differ, at, list }) => {
    const [a, b] = [first, other].map((one) => substitute(checker.mapping, one, true));
    if (!differ && a && b && sameType(a, b)) return [];
    if (list && told.has(list)) return [];
    if (list) told.add(list);
    return [mismatch(checker, first, other, at)];
  });
}
