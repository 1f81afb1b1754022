// `rbac`: prints what our own service account must be allowed to do for a configuration to work.
import { stringify } from 'yaml';
import { parseFlags, UsageError } from './cli/flags.ts';
import { configFlagsUsage } from './config-flags.ts';
import { configOptions } from './config/flag-options.ts';
import { configFromParsed } from './config/flags.ts';
import { namespacedManifests, roleManifests } from './rbac/manifests.ts';
import { permissionsFor, tokenPermissionsFor } from './rbac/permissions.ts';

export const usage = `usage: kube-ext-authz rbac --config FILE [flags] | kubectl apply -f -

Prints the ClusterRole that the configuration needs and its binding, and a Role in each namespace
of a service account whose tokens are asked for. No connection is opened.

  --service-account NAMESPACE/NAME   whose it is; default kube-ext-authz/kube-ext-authz
  --name NAME                        of the roles and their bindings; default kube-ext-authz
  --as-user-extra KEY                an extra that kubectl --as-user-extra shall be able to bring;
                                     may come several times

${configFlagsUsage}`;

const options = {
  ...configOptions,
  'service-account': { type: 'string' },
  name: { type: 'string' },
  'as-user-extra': { type: 'string', multiple: true },
} as const;

export function run(args: readonly string[]): number {
  const { flags } = parseFlags(args, options);
  const { 'as-user-extra': asUserExtra = [], name = 'kube-ext-authz' } = flags;
  const account = flags['service-account'] ?? 'kube-ext-authz/kube-ext-authz';
  const [namespace = '', serviceAccount = '', ...more] = account.split('/');
  if (namespace === '' || serviceAccount === '' || more.length > 0) {
    throw new UsageError('--service-account must be NAMESPACE/NAME');
  }
  const names = { name, namespace, serviceAccount };
  const config = configFromParsed(flags);
  const needs = { ...config, token: config.kubernetes.token };
  const manifests = [
    ...roleManifests(permissionsFor(needs, { asUserExtra }), names),
    ...namespacedManifests(tokenPermissionsFor(needs), names),
  ];
  process.stdout.write(manifests.map(toYaml).join('---\n'));
  return 0;
}

function toYaml(manifest: object): string {
  return stringify(manifest, { aliasDuplicateObjects: false });
}
