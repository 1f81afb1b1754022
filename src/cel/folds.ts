/** Evaluates comprehensions, with the costs of cel-go's expansion of each macro. */
import type { Expr, Fold } from './ast.ts';
import { CelError } from './cel-error.ts';
import { mapOf } from './containers.ts';
import { noOverload } from './library.ts';
import { attempt, type Frame, type Run } from './frame.ts';
import { isList, isTagged, iterated, type Value } from './value.ts';

interface Parts {
  readonly range: Run;
  readonly filter: Run | undefined;
  readonly body: Run;
}

type Step = readonly [first: Value, second: Value];

/** Plans a comprehension; `planOf` plans its parts. */
export function planFold(expr: Fold, planOf: (expr: Expr) => Run): Run {
  const parts: Parts = {
    range: planOf(expr.range),
    filter: expr.filter && planOf(expr.filter),
    body: planOf(expr.body),
  };
  switch (expr.kind) {
    case 'all':
      return (frame) => quantify(expr, parts, frame, false);
    case 'exists':
      return (frame) => quantify(expr, parts, frame, true);
    case 'existsOne':
      return (frame) => countOne(expr, parts, frame);
    case 'list':
      return (frame) => collect(expr, parts, frame, 12).map(([, value]) => value);
    case 'filter':
      return (frame) => {
        const filtered = { ...parts, filter: parts.body, body: variableRun(expr.variable) };
        return collect(expr, filtered, frame, 12).map(([, value]) => value);
      };
    case 'map':
      return (frame) => mapOf(collect(expr, parts, frame, 3));
    case 'mapEntry':
      break;
  }
  return (frame) => mapOf(collect(expr, parts, frame, 2).flatMap(([, map]) => entriesOf(map)));
}

/** `decisive` ends it; an error is only told when nothing was decisive. */
function quantify(expr: Fold, { range, body }: Parts, frame: Frame, decisive: boolean): Value {
  let failure: CelError | undefined;
  for (const inner of frames(expr, range, frame)) {
    frame.spend(decisive ? 4 : 3);
    const result = attempt(body, inner.frame);
    if (result === decisive) return decisive;
    if (result instanceof CelError) failure ??= result;
    else if (typeof result !== 'boolean') failure ??= noOverload();
  }
  if (failure) throw failure;
  return !decisive;
}

function countOne(expr: Fold, { range, body }: Parts, frame: Frame): Value {
  let count = 0;
  for (const inner of frames(expr, range, frame)) {
    frame.spend(2);
    if (holds(body, inner.frame)) count += 1;
  }
  return count === 1;
}

function collect(expr: Fold, parts: Parts, frame: Frame, price: number): readonly Step[] {
  frame.spend(10);
  const collected: Step[] = [];
  for (const { frame: inner, first } of frames(expr, parts.range, frame)) {
    if (parts.filter && !holds(parts.filter, inner)) {
      frame.spend(1);
      continue;
    }
    frame.spend(price);
    collected.push([first, parts.body(inner)]);
  }
  return collected;
}

function holds(condition: Run, frame: Frame): boolean {
  const result = condition(frame);
  if (typeof result !== 'boolean') throw noOverload();
  return result;
}

function* frames(
  expr: Fold,
  range: Run,
  frame: Frame,
): Generator<{ readonly frame: Frame; readonly first: Value }> {
  // One map for all steps: nothing keeps a frame beyond its step.
  const variables = new Map(frame.variables);
  const inner = { ...frame, variables };
  for (const [first, second] of steps(range(frame), expr.second !== undefined)) {
    variables.set(expr.variable, first);
    if (expr.second !== undefined) variables.set(expr.second, second);
    yield { frame: inner, first };
  }
}

function* steps(range: Value, two: boolean): Generator<Step> {
  if (isList(range)) {
    if (two) for (const [at, value] of range.entries()) yield [BigInt(at), value];
    else for (const value of iterated(range)) yield [value, value];
    return;
  }
  if (!isTagged(range, 'map')) throw new CelError('expected an iterable');
  if (!two) {
    for (const key of range.keys()) yield [key, key];
    return;
  }
  if (range.type !== 'map') throw new CelError('a comprehension of two variables over claims');
  for (const key of range.keys()) {
    const value = range.get(key);
    if (value === undefined) throw new CelError('no such key');
    yield [key, value];
  }
}

function entriesOf(map: Value): readonly Step[] {
  if (!isTagged(map, 'map')) throw noOverload();
  return Array.from(map.keys(), (key): Step => {
    const value = map.get(key);
    if (value === undefined) throw new CelError('no such key');
    return [key, value];
  });
}

function variableRun(name: string): Run {
  return ({ spend, variables }) => {
    spend(1);
    const value = variables.get(name);
    if (value === undefined) throw new CelError('no such attribute');
    return value;
  };
}
