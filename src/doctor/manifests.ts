// Kubernetes objects of Istio and of Envoy Gateway, as files or `kubectl get -o yaml` have them.
import { LineCounter, parse, parseAllDocuments } from 'yaml';
import { at, isSet, items, pathText, text, type Field, type Path } from './field.ts';
import type { Place } from './finding.ts';
import { envoyYaml, lineOf } from './source.ts';

export interface Manifests extends Place {
  readonly objects: readonly Manifest[];
}

export interface Manifest {
  readonly kind: string;
  readonly name: string;
  readonly namespace: string;
  readonly field: Field;
}

/** Throws a sentence when it is no YAML, or has nothing of Istio or Envoy Gateway. */
export function readManifests(name: string, content: string): Manifests {
  const lines = new LineCounter();
  const documents = parseAllDocuments(content, { lineCounter: lines, ...envoyYaml });
  if (!Array.isArray(documents)) throw new Error(`${name}: it is empty`);
  const faulty = documents.flatMap(({ errors }) => errors)[0];
  if (faulty) throw new Error(`${name}: ${faulty.message.split('\n')[0]?.replace(/:$/, '')}`);
  const roots = documents.map((one, index): Field => ({ value: one.toJS(), path: [index] }));
  const objects = roots.flatMap(objectsOf);
  if (!objects.some(isKnown)) {
    throw new Error(`${name}: there is nothing of Istio or Envoy Gateway in it`);
  }
  return {
    name,
    objects,
    describe: ({ path }) => {
      const [index, ...inner] = path;
      const document = documents[Number(index)];
      return {
        field: describe(objects, path),
        line: document && lineOf(document, inner, lines),
      };
    },
  };
}

/** The object's kind and name, and the path in it. */
function describe(objects: readonly Manifest[], path: Path): string {
  const of = objects.find(({ field }) => field.path.every((step, index) => path[index] === step));
  if (!of) return pathText(path.slice(1));
  const inner = pathText(path.slice(of.field.path.length));
  // Helm values have no kind.
  const object = of.kind === '' ? '' : `${of.kind} ${of.namespace}/${of.name}`;
  return [object, inner].filter((one) => one !== '').join(' ');
}

function objectsOf(field: Field): readonly Manifest[] {
  if (!isSet(field)) return [];
  const kind = text(at(field, 'kind')) ?? '';
  if (kind.endsWith('List')) return items(at(field, 'items')).flatMap(objectsOf);
  const name = text(at(field, 'metadata', 'name')) ?? '';
  const namespace = text(at(field, 'metadata', 'namespace')) ?? 'default';
  return [{ kind, name, namespace, field }];
}

const knownKinds: ReadonlySet<string> = new Set([
  'AuthorizationPolicy',
  'EnvoyFilter',
  'SecurityPolicy',
]);

function isKnown(object: Manifest): boolean {
  return knownKinds.has(object.kind) || isSet(meshConfigOf(object));
}

export function ofKind({ objects }: Manifests, ...kinds: readonly string[]): readonly Manifest[] {
  return objects.filter(({ kind }) => kinds.includes(kind));
}

/** MeshConfig, wherever people keep it: Helm values, an IstioOperator, or istiod's ConfigMap. */
export function meshConfigs({ objects }: Manifests): readonly Field[] {
  return objects.map(meshConfigOf).filter(isSet);
}

function meshConfigOf({ kind, field }: Manifest): Field {
  const embedded = at(field, 'data', 'mesh');
  if (kind === 'ConfigMap' && text(embedded) !== undefined) {
    return { ...embedded, value: parse(text(embedded) ?? '') };
  }
  const places = [at(field, 'spec', 'mesh_config'), at(field, 'mesh_config')];
  return places.find(isSet) ?? at(field, 'mesh_config');
}
