// `rbac`: prints what our own service account must be allowed to do for a configuration to work.
import { parseArgs } from 'node:util';
import { stringify } from 'yaml';
import { UsageError } from './cli/flags.ts';
import { configFlagsUsage } from './config-flags.ts';
import { configFromFlags } from './config/flags.ts';
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

const ownOptions = {
  'service-account': { type: 'string', default: 'kube-ext-authz/kube-ext-authz' },
  name: { type: 'string', default: 'kube-ext-authz' },
  'as-user-extra': { type: 'string', multiple: true },
} as const;

export function run(flags: readonly string[]): number {
  const { own, others } = split(flags);
  const { values } = parseArgs({ args: [...own], options: ownOptions });
  const [namespace = '', serviceAccount = '', ...more] = values['service-account'].split('/');
  if (namespace === '' || serviceAccount === '' || more.length > 0) {
    throw new UsageError('--service-account must be NAMESPACE/NAME');
  }
  const { 'as-user-extra': asUserExtra = [] } = values;
  const names = { name: values.name, namespace, serviceAccount };
  const config = configFromFlags(others);
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

/** What is about the configuration is the configuration's to read. */
function split(args: readonly string[]): { own: readonly string[]; others: readonly string[] } {
  const own: string[] = [];
  const others: string[] = [];
  for (let index = 0; index < args.length; index += 1) {
    const arg = args[index] ?? '';
    const [name = ''] = arg.split('=');
    if (!Object.hasOwn(ownOptions, name.replace(/^--/, ''))) {
      others.push(arg);
      continue;
    }
    if (arg.includes('=')) own.push(arg);
    else own.push(`${arg}=${required(args[(index += 1)], name)}`);
  }
  return { own, others };
}

function required(value: string | undefined, flag: string): string {
  if (value === undefined || value === '') throw new UsageError(`${flag} is empty`);
  return value;
}
