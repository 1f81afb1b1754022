import { z } from 'zod';
import { ConfigError } from './problems.ts';
import { readYaml } from './read-yaml.ts';

const named = z.looseObject({ name: z.string() });

/** As much of clientcmd's Config (client-go, tools/clientcmd/api/v1/types.go) as tells whether it can be used. */
const kubeconfig = z.looseObject({
  kind: z.literal('Config').optional(),
  'current-context': z.string().min(1),
  contexts: z.array(
    named.extend({ context: z.looseObject({ cluster: z.string(), user: z.string() }) }),
  ),
  clusters: z.array(named.extend({ cluster: z.looseObject({ server: z.url() }) })),
  users: z.array(named),
});

/** Checks that a kubeconfig's current context leads to a cluster and a user. Faults are appended to `found`. */
export function checkKubeconfigFile(file: string, found: string[]): void {
  try {
    const { value: content } = readYaml(file, kubeconfig, found);
    const current = content['current-context'];
    const context = content.contexts.find(({ name }) => name === current)?.context;
    if (context === undefined) {
      found.push(`${file}: current-context: there is no context ${JSON.stringify(current)}`);
      return;
    }
    for (const [kind, list, wanted] of [
      ['cluster', content.clusters, context.cluster],
      ['user', content.users, context.user],
    ] as const) {
      if (list.some(({ name }) => name === wanted)) continue;
      found.push(`${file}: the current context's ${kind} ${JSON.stringify(wanted)} is not there`);
    }
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    found.push(...error.problems);
  }
}
