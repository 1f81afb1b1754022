/** Pipelines whose requests act as service accounts of the cluster: their entries, their tokens, and what the accounts may do. */
import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { apply, createNamespace, serviceAccount, type AdminAccess } from '../../lab/kube.ts';
import { podManifest } from '../../lab/kwok.ts';
import { createEcKey, signToken } from './signed-token.ts';

/** Each has a namespace of its own, with an account, a pod and a secret. */
export const teams = ['red', 'blue'] as const;
export const accountName = 'deployer';
export const podName = 'hello';

/** The user name of a team's account. */
export function accountOf(team: string): string {
  return `system:serviceaccount:${team}:${accountName}`;
}

const keys = { pipelines: createEcKey('pipelines'), own: createEcKey('own') };

export type PipelineName = keyof typeof keys;

const byTeam = {
  expression: `claims.team + "/${accountName}"`,
  allowed: teams.map((team) => `${team}/${accountName}`),
};

/** `pipelines`: each team acts as its own account; `own`: all act as the account of kube-ext-authz. */
export const pipelineEntries: readonly object[] = [
  entryOf('pipelines', { serviceAccount: byTeam }),
  entryOf('own', {}),
];

function entryOf(name: PipelineName, more: object): object {
  return {
    name,
    issuer: {
      url: `urn:${name}`,
      audiences: ['kubernetes'],
      keys: [{ jwks: { keys: [keys[name].jwk] } }],
    },
    claimMappings: { username: { claim: 'sub', prefix: `${name}:` } },
    actAs: 'serviceAccount',
    ...more,
  };
}

/** A token that a pipeline signs for itself, for ten minutes. */
export function pipelineToken(name: PipelineName, claims: { sub: string; team?: string }): string {
  const iat = Math.floor(Date.now() / 1000);
  const terms = { iss: `urn:${name}`, aud: 'kubernetes', iat, exp: iat + 600, jti: randomUUID() };
  return signToken(keys[name], { ...terms, ...claims });
}

/** Creates the teams' namespaces, what is in them, and what their accounts may do there. */
export async function prepareTeams(cluster: AdminAccess): Promise<void> {
  for (const team of teams) {
    await createNamespace(cluster, team);
    await apply(cluster, [serviceAccount(team, accountName), podManifest(team, podName)]);
    await apply(cluster, access(team));
  }
}

const rbac = { apiVersion: 'rbac.authorization.k8s.io/v1' };
const apiGroup = 'rbac.authorization.k8s.io';

function access(namespace: string): readonly object[] {
  const metadata = { namespace, name: accountName };
  const verbs = ['get', 'list', 'watch', 'create', 'delete'];
  return [
    {
      ...rbac,
      kind: 'Role',
      metadata,
      rules: [{ apiGroups: [''], resources: ['configmaps', 'pods', 'pods/exec'], verbs }],
    },
    {
      ...rbac,
      kind: 'RoleBinding',
      metadata,
      roleRef: { apiGroup, kind: 'Role', name: accountName },
      subjects: [{ kind: 'ServiceAccount', namespace, name: accountName }],
    },
  ];
}

const program = fileURLToPath(new URL('../../dist/main.js', import.meta.url));

/** Gives the account of kube-ext-authz what `rbac` prints for a configuration, as it is printed. */
export async function applyPrintedRbac(cluster: AdminAccess, configFile: string): Promise<void> {
  const args = [program, 'rbac', '--config', configFile];
  const { stdout } = await promisify(execFile)(process.execPath, args);
  await apply(cluster, stdout);
}
