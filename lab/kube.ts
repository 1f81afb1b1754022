/** What the tour and the tests ask of the API server as its administrator, by kubectl. */
import { stringify } from 'yaml';
import { runKubectl, type KubectlOptions } from './kubectl.ts';
import type { Parts } from './parts/provide.ts';

/** As much of a cluster as these functions need. */
export interface AdminAccess {
  readonly adminKubeconfig: string;
  readonly parts: Parts<'kubectl'>;
}

export interface TokenRequestOptions {
  /** Default: the API server's own. */
  readonly audiences?: readonly string[];
  /** At least 600; default: what the API server chooses, an hour. */
  readonly expirationSeconds?: number;
}

/** Server-side applies objects, or a manifest in YAML; throws with kubectl's own words when any is refused. */
export async function apply(
  cluster: AdminAccess,
  manifest: string | readonly object[],
): Promise<void> {
  const stdin =
    typeof manifest === 'string' ? manifest : manifest.map((one) => stringify(one)).join('---\n');
  const args = ['apply', '--server-side', '--force-conflicts', '--field-manager=lab', '-f', '-'];
  await asAdmin(cluster, args, { stdin });
}

/** Creates a namespace ready for pods: there is no controller here to add its `default` service account. */
export async function createNamespace(cluster: AdminAccess, name: string): Promise<void> {
  await apply(cluster, [
    { apiVersion: 'v1', kind: 'Namespace', metadata: { name } },
    serviceAccount(name, 'default'),
  ]);
}

/** A service account, to be applied. */
export function serviceAccount(namespace: string, name: string): object {
  return { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { namespace, name } };
}

/** A token of an existing service account, by TokenRequest. */
export async function createServiceAccountToken(
  cluster: AdminAccess,
  namespace: string,
  name: string,
  { audiences = [], expirationSeconds }: TokenRequestOptions = {},
): Promise<string> {
  const flags = audiences.map((audience) => `--audience=${audience}`);
  if (expirationSeconds !== undefined) flags.push(`--duration=${expirationSeconds}s`);
  const args = ['create', 'token', name, `--namespace=${namespace}`, ...flags];
  return (await asAdmin(cluster, args)).trim();
}

/** Runs kubectl as administrator and returns its stdout; throws when it fails. */
export async function asAdmin(
  cluster: AdminAccess,
  args: readonly string[],
  options: KubectlOptions = {},
): Promise<string> {
  const { code, stdout, stderr } = await runKubectl(
    cluster.parts,
    cluster.adminKubeconfig,
    args,
    options,
  );
  if (code !== 0) throw new Error(`kubectl ${args.join(' ')} exited with ${code}: ${stderr}`);
  return stdout;
}
