/** Turns a checked expression into functions that evaluate it. */
import type { Call, Expr, Select } from './ast.ts';
import { CelError } from './cel-error.ts';
import type { Checked } from './check-state.ts';
import { member, requiredMember } from './containers.ts';
import { callCost } from './cost.ts';
import { nothing, planConstant, planList, planMap, type Plan } from './aggregates.ts';
import { isNumeric } from './equality.ts';
import { planFold } from './folds.ts';
import { attempt, withVariable, type Run } from './frame.ts';
import { noOverload } from './library.ts';
import { fits, isList, isTagged, optional, type Value } from './value.ts';

/** cel-go doesn't look at the elements of their lists. */
const unguarded = new Set(['flatten']);
/** kube-apiserver runs these on constants when it loads the expression, and refuses it when they fail. */
const conversions = new Set(
  'bool bytes double duration dyn int string timestamp type uint'.split(' '),
);

/** Plans an expression; throws CelError where a conversion of a constant fails. */
export function plan(expr: Expr, checked: Checked): Plan {
  const typeNamed = checked.typeNames.get(expr);
  if (typeNamed !== undefined) return planConstant({ kind: 'type', type: typeNamed });
  switch (expr.op) {
    case 'literal':
      return planConstant(expr.value);
    case 'ident':
      return { run: variable(expr.name.replace(/^\./, '')) };
    case 'select':
      return { run: planSelect(expr, checked) };
    case 'call':
      return planCall(expr, checked);
    case 'list':
      return planList(expr, (one) => plan(one, checked));
    case 'map':
      return planMap(expr, (one) => plan(one, checked));
    case 'fold':
      return { run: planFold(expr, (one) => plan(one, checked).run) };
    case 'bind':
      break;
  }
  const value = plan(expr.value, checked).run;
  const body = plan(expr.body, checked).run;
  return { run: (frame) => body(withVariable(frame, expr.variable, value(frame))) };
}

function variable(name: string): Run {
  return ({ spend, variables }) => {
    spend(1);
    const value = variables.get(name);
    if (value === undefined) throw new CelError(`no such attribute: ${name}`);
    return value;
  };
}

function planSelect(expr: Select, checked: Checked): Run {
  const operand = plan(expr.operand, checked).run;
  const { field, test } = expr;
  return (frame) => {
    const container = operand(frame);
    if (!test) frame.spend(1);
    const found = lookUp(container, field, expr.optional || test);
    if (!test) return found;
    return isTagged(found, 'optional') && found.value !== undefined;
  };
}

/** A member, or an optional of it where the container is an optional or one is asked for. */
function lookUp(container: Value, key: Value, wantsOptional: boolean): Value {
  if (isTagged(container, 'optional')) {
    if (container.value === undefined) return container;
    return optional(member(container.value, key));
  }
  return wantsOptional ? optional(member(container, key)) : requiredMember(container, key);
}

function planCall(expr: Call, checked: Checked): Plan {
  const resolution = checked.calls.get(expr);
  if (!resolution) throw noOverload();
  const plans = resolution.args.map((arg) => plan(arg, checked));
  const [first, second, third] = plans.map(({ run }) => run);
  const [, list] = plans;
  if (expr.name === '@in' && isList(list?.constant) && list.constant.length === 0) {
    return planConstant(false);
  }
  if (first && second) {
    if (expr.name === '_&&_') return { run: planLogic(first, second, false) };
    if (expr.name === '_||_') return { run: planLogic(first, second, true) };
    if (expr.name === '_[_]' || expr.name === '_[?_]') {
      const key = resolution.args[1]?.op;
      const known = list?.constant;
      if (key === 'list' || key === 'map' || (known !== undefined && !isKey(known))) {
        throw new CelError('invalid qualifier type');
      }
      return { run: planIndex(first, second, expr.name === '_[?_]') };
    }
    if (expr.name === 'orValue' || expr.name === 'or') {
      return { run: planOr(first, second, expr.name === 'or') };
    }
    if (expr.name === '_?_:_' && third) return { run: planChoice(first, second, third) };
  }
  const run = planOverloads(expr, checked, plans);
  const isConversion =
    conversions.has(expr.name) && plans.length === 1 && plans[0]?.constant !== undefined;
  return isConversion ? planConstant(run(nothing)) : { run };
}

function planOverloads(expr: Call, checked: Checked, plans: readonly Plan[]): Run {
  const overloads = checked.calls.get(expr)?.overloads ?? [];
  const runs = plans.map(({ run }) => run);
  return (frame) => {
    const args = runs.map((run) => run(frame));
    const overload = overloads.find((one) =>
      one.args.every((type, at) => {
        const arg = args[at];
        return arg !== undefined && (fits(type, arg) || (unguarded.has(one.name) && isList(arg)));
      }),
    );
    if (!overload) throw noOverload();
    frame.spend(callCost(overload.name, args));
    return overload.call(args, frame.spend);
  };
}

function planIndex(container: Run, key: Run, wantsOptional: boolean): Run {
  return (frame) => {
    const from = container(frame);
    const at = key(frame);
    frame.spend(1);
    if (!isKey(at)) throw new CelError('invalid qualifier type');
    return lookUp(from, at, wantsOptional);
  };
}

function isKey(value: Value): boolean {
  return typeof value === 'string' || typeof value === 'boolean' || isNumeric(value);
}

/** `||` with decisive true, `&&` with decisive false: the decisive value of either side hides the other's error. */
function planLogic(left: Run, right: Run, decisive: boolean): Run {
  return (frame) => {
    const first = attempt(left, frame);
    if (first === decisive) return decisive;
    const second = attempt(right, frame);
    if (second === decisive) return decisive;
    if (first instanceof CelError) throw first;
    if (second instanceof CelError) throw second;
    if (typeof first === 'boolean' && typeof second === 'boolean') return !decisive;
    throw noOverload();
  };
}

function planChoice(condition: Run, yes: Run, no: Run): Run {
  return (frame) => {
    const chosen = condition(frame);
    if (typeof chosen !== 'boolean') throw noOverload();
    return chosen ? yes(frame) : no(frame);
  };
}

function planOr(left: Run, right: Run, optionalToo: boolean): Run {
  return (frame) => {
    const first = left(frame);
    if (!isTagged(first, 'optional')) throw noOverload();
    if (first.value !== undefined) return optionalToo ? first : first.value;
    const second = right(frame);
    if (optionalToo && !isTagged(second, 'optional')) throw noOverload();
    return second;
  };
}
