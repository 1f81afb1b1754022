/** The pipeline of the quick start: it signs its own tokens, and its requests act as one service account of the cluster. */
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { audience } from './alice.ts';
import { serviceAccount } from './kube.ts';
import { podManifest } from './kwok.ts';
import { shownPath, type QuickstartFiles } from './quickstart-files.ts';

/** Where the pipeline deploys to, as which account, and the pod that is there. */
export const pipelineNamespace = 'payments';
export const deployer = { namespace: pipelineNamespace, name: 'deployer' } as const;
export const pipelinePod = 'checkout';

/** The user name of the account. */
export const deployerName = `system:serviceaccount:${deployer.namespace}:${deployer.name}`;

const issuerUrl = 'urn:example:pipelines';

/** The entry of `jwt` that believes the pipeline's key. */
export function pipelineEntry({ pipelinePublicKey: file }: QuickstartFiles): object {
  return {
    name: 'pipelines',
    issuer: {
      url: issuerUrl,
      audiences: [audience],
      keys: [{ file }],
    },
    claimMappings: { username: { claim: 'sub', prefix: 'pipeline:' } },
    maxTokenLifetime: '10m',
    actAs: 'serviceAccount',
    serviceAccount: deployer,
  };
}

/** Namespace, account, a pod, and what the account may do: use pods, in that namespace alone. */
export function pipelineAccess(): readonly object[] {
  const metadata = deployer;
  const rbac = 'rbac.authorization.k8s.io';
  const apiVersion = `${rbac}/v1`;
  const verbs = ['get', 'list', 'watch', 'create', 'delete'];
  return [
    { apiVersion: 'v1', kind: 'Namespace', metadata: { name: pipelineNamespace } },
    serviceAccount(pipelineNamespace, 'default'), // pods need it, and nobody else creates it here
    serviceAccount(deployer.namespace, deployer.name),
    {
      apiVersion,
      kind: 'Role',
      metadata,
      rules: [{ apiGroups: [''], resources: ['pods'], verbs }],
    },
    {
      apiVersion,
      kind: 'RoleBinding',
      metadata,
      roleRef: { apiGroup: rbac, kind: 'Role', name: deployer.name },
      subjects: [{ kind: 'ServiceAccount', ...deployer }],
    },
    podManifest(pipelineNamespace, pipelinePod),
  ];
}

export interface KeyFiles {
  readonly privateKey: string;
  readonly publicKey: string;
}

/** A command line of this program, with its files as absolute paths. */
type CommandLine = readonly string[];

/** How a key pair is made. */
export function keygenCommand({ privateKey, publicKey }: KeyFiles): CommandLine {
  return ['keygen', '--out', privateKey, '--public-out', publicKey];
}

/** How pipeline.kubeconfig is made, in which kubectl has a token signed whenever it needs one. */
export function kubeconfigCommand(files: QuickstartFiles, server: string): CommandLine {
  const flags = [
    ['--server', server],
    ['--ca', files.ca],
    ['--cluster', 'quickstart'],
    ['--user', 'pipeline'],
    ['--namespace', pipelineNamespace],
    ['--out', files.pipelineKubeconfig],
    ['--key', files.pipelineKey],
    ['--issuer', issuerUrl],
    ['--subject', 'deploy'],
    ['--audience', audience],
    ['--ttl', '5m'],
  ];
  return ['kubeconfig', ...flags.flat()];
}

const program = fileURLToPath(new URL('../dist/main.js', import.meta.url));

/** Runs the program as it ships; `buildServer` comes first. Throws with its words when it fails. */
export async function runCommandLine(args: CommandLine): Promise<void> {
  await promisify(execFile)(process.execPath, [program, ...args], { timeout: 60_000 });
}

/** As somebody in the working directory would type it. */
export function shownCommandLine(args: CommandLine): string {
  const words = args.map((word) => (word.startsWith('/') ? shownPath(word) : word));
  return ['node', shownPath(program), ...words].join(' ');
}
