// The text of a kubeconfig (client-go, tools/clientcmd/api/v1/types.go), new or with an entry more.
import { isMap, isSeq, parseDocument, stringify, type Document } from 'yaml';

export interface Access {
  readonly server: string;
  readonly certificateAuthority:
    | {
        /** An absolute path. */
        readonly file: string;
        readonly pem: string;
      }
    | undefined;
  readonly cluster: string;
  readonly user: string;
  readonly context: string;
  readonly namespace: string | undefined;
  readonly credentials: Credentials;
}

export type Credentials = { readonly token: string } | { readonly exec: ExecPlugin };

export interface ExecPlugin {
  readonly apiVersion: string;
  readonly command: string;
  readonly args: readonly string[];
}

interface Entry {
  readonly name: string;
}

/** What is there of one kubeconfig, by the names of its lists. */
function entriesOf(access: Access): ReadonlyMap<string, Entry> {
  const { server, certificateAuthority: ca, cluster, user, namespace, credentials } = access;
  const data = ca && Buffer.from(ca.pem).toString('base64');
  const login =
    'token' in credentials
      ? credentials
      : { exec: { ...credentials.exec, interactiveMode: 'Never' } };
  return new Map<string, Entry>([
    [
      'clusters',
      nameFirst(cluster, {
        cluster: { server, ...(data !== undefined && { 'certificate-authority-data': data }) },
      }),
    ],
    ['users', nameFirst(user, { user: login })],
    [
      'contexts',
      nameFirst(access.context, {
        context: { cluster, user, ...(namespace !== undefined && { namespace }) },
      }),
    ],
  ]);
}

function nameFirst(name: string, rest: object): Entry {
  return { name, ...rest };
}

/** A whole kubeconfig. */
export function newKubeconfig(access: Access): string {
  const lists = [...entriesOf(access)].map(([list, entry]) => [list, [entry]]);
  const head = { apiVersion: 'v1', kind: 'Config', 'current-context': access.context };
  return stringify({ ...head, ...Object.fromEntries(lists) }, { lineWidth: 0 });
}

/**
 * The kubeconfig `text` (of `file`) with the entries of this access in place of those that have
 * their names. Everything else stays, the current context, too, if there is one. Throws a
 * sentence that quotes nothing of it.
 */
export function mergeKubeconfig(text: string, file: string, access: Access): string {
  const document = parseDocument(text);
  const [fault] = document.errors;
  if (fault) {
    const line = fault.linePos?.[0].line ?? 1;
    throw new Error(
      `${file}: line ${line} is no valid YAML (${fault.code}): mend it, or choose another file`,
    );
  }
  if (document.contents === null) return newKubeconfig(access);
  if (!isMap(document.contents) || (document.get('kind') ?? 'Config') !== 'Config') {
    throw new Error(`${file} is no kubeconfig: choose another file`);
  }
  for (const [list, entry] of entriesOf(access)) putEntry(document, list, entry, file);
  const current = document.get('current-context');
  if (typeof current !== 'string' || current === '') {
    document.set('current-context', access.context);
  }
  return document.toString({ lineWidth: 0 });
}

function putEntry(document: Document, list: string, entry: Entry, file: string): void {
  const node = document.createNode(entry);
  const found = document.get(list) ?? undefined;
  if (found === undefined) {
    document.set(list, document.createNode([node]));
    return;
  }
  if (!isSeq(found))
    throw new Error(`${file}: ${list} is no list: mend it, or choose another file`);
  if (found.items.length === 0) found.flow = false;
  const index = found.items.findIndex((one) => isMap(one) && one.get('name') === entry.name);
  if (index < 0) found.items.push(node);
  else found.items[index] = node;
}
