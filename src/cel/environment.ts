/** What expressions can use: Kubernetes' environment for stored expressions at v1.36 (k8s.io/apiserver/pkg/cel/environment/base.go). */
import type { Declarations } from './check-state.ts';
import { conversions } from './conversions.ts';
import { formats } from './formats.ts';
import type { Overload } from './library.ts';
import { lists } from './lists.ts';
import { networks } from './networks.ts';
import { operators } from './operators.ts';
import { optionals } from './optionals.ts';
import { quantities } from './quantities.ts';
import { regexes } from './regexes.ts';
import { semvers } from './semvers.ts';
import { sets } from './sets.ts';
import { stringFormat } from './string-format.ts';
import { strings } from './strings.ts';
import { timeFunctions } from './time.ts';
import {
  boolType,
  bytesType,
  claimsType,
  doubleType,
  durationType,
  dynType,
  intType,
  listType,
  mapType,
  nullType,
  opaqueType,
  optionalType,
  stringType,
  timestampType,
  typeType,
  uintType,
  userType,
  type Type,
} from './types.ts';
import { urls } from './urls.ts';

const overloads: readonly Overload[] = [
  ...operators,
  ...conversions,
  ...timeFunctions,
  ...strings,
  ...stringFormat,
  ...regexes,
  ...lists,
  ...sets,
  ...optionals,
  ...urls,
  ...networks,
  ...quantities,
  ...semvers,
  ...formats,
];

const functions: ReadonlyMap<string, readonly Overload[]> = Map.groupBy(
  overloads,
  ({ name }) => name,
);

const types: ReadonlyMap<string, Type> = new Map(
  [
    boolType,
    bytesType,
    doubleType,
    durationType,
    intType,
    listType(dynType),
    mapType(dynType, dynType),
    nullType,
    stringType,
    timestampType,
    typeType(),
    uintType,
    optionalType(dynType),
    ...['net.IP', 'net.CIDR'].map(opaqueType),
  ].map((type) => [type.name, type]),
);

const variables = {
  claims: new Map([['claims', claimsType]]),
  user: new Map([['user', userType]]),
};

export function declarationsOf(variable: 'claims' | 'user'): Declarations {
  return { functions, types, variables: variables[variable] };
}
