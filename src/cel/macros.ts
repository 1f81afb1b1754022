/** Expands calls that are macros: the standard ones, two-variable comprehensions, optMap and sortBy. */
import { globalCall, type Call, type Expr, type Fold, type FoldKind } from './ast.ts';
import { CelError } from './cel-error.ts';

/** The variable of an expanded `sortBy`; no source can name it. */
const sortInput = '@sort';

const oneVariable: Readonly<Record<string, FoldKind>> = {
  all: 'all',
  exists: 'exists',
  exists_one: 'existsOne',
  filter: 'filter',
};

const twoVariables: Readonly<Record<string, FoldKind>> = {
  all: 'all',
  exists: 'exists',
  exists_one: 'existsOne',
  existsOne: 'existsOne',
  transformList: 'list',
  transformMap: 'map',
  transformMapEntry: 'mapEntry',
};

/** The call itself when it is no macro; throws CelError when it is one with wrong arguments. */
export function expandCall(call: Call): Expr {
  const { name, target, args } = call;
  if (target === undefined) return name === 'has' && args.length === 1 ? expandHas(call) : call;
  if (args.length === 2) {
    if (name === 'optMap' || name === 'optFlatMap') return expandOptional(call, target);
    if (name === 'map') return fold('list', target, call, 1);
    if (Object.hasOwn(oneVariable, name)) return fold(oneVariable[name] ?? 'all', target, call, 1);
    if (name === 'sortBy') return expandSort(target, call);
  }
  if (args.length === 3 && name === 'map') return fold('list', target, call, 1);
  const kind = Object.hasOwn(twoVariables, name) ? twoVariables[name] : undefined;
  const isTransform = name.startsWith('transform');
  if (kind && (args.length === 3 || (args.length === 4 && isTransform))) {
    return fold(kind, target, call, 2);
  }
  return call;
}

function expandHas({ args: [argument], at }: Call): Expr {
  if (argument?.op === 'select' && !argument.optional && !argument.test) {
    return { ...argument, test: true, at };
  }
  throw new CelError('invalid argument to has() macro', argument?.at);
}

function fold(kind: FoldKind, range: Expr, { args, at }: Call, variables: 1 | 2): Fold {
  const variable = variableName(args[0]);
  const second = variables === 2 ? variableName(args[1]) : undefined;
  if (variable === second) throw new CelError(`duplicate variable name: ${variable}`, args[1]?.at);
  const rest = args.slice(variables);
  const body = rest.at(-1);
  if (!body) throw new CelError('missing argument');
  return {
    op: 'fold',
    kind,
    range,
    variable,
    second,
    filter: rest.length === 2 ? rest[0] : undefined,
    body,
    at,
  };
}

function expandOptional({ name, args, at }: Call, target: Expr): Expr {
  const [variable, body] = args;
  if (!body) throw new CelError('missing argument');
  const bound: Expr = {
    op: 'bind',
    variable: variableName(variable),
    value: { op: 'call', name: 'value', target, args: [], at },
    body,
    at,
  };
  const present: Expr = { op: 'call', name: 'hasValue', target, args: [], at };
  const result: Expr = name === 'optMap' ? globalCall('optional.of', [bound], at) : bound;
  return globalCall('_?_:_', [present, result, globalCall('optional.none', [], at)], at);
}

function expandSort(target: Expr, call: Call): Expr {
  const { at } = call;
  if (target.op === 'literal' || target.op === 'map') {
    throw new CelError(
      'sortBy can only be applied to a list, identifier, comprehension, call or select expression',
      target.at,
    );
  }
  const input: Expr = { op: 'ident', name: sortInput, at };
  const keys = fold('list', input, call, 1);
  return {
    op: 'bind',
    variable: sortInput,
    value: target,
    body: { op: 'call', name: '@sortByAssociatedKeys', target: input, args: [keys], at },
    at,
  };
}

function variableName(expr: Expr | undefined): string {
  if (expr?.op !== 'ident' || expr.name.startsWith('.'))
    throw new CelError('argument must be a simple name', expr?.at);
  if (expr.name === '__result__') {
    throw new CelError('iteration variable overwrites accumulator variable', expr.at);
  }
  return expr.name;
}
