/** kubectl as one person, straight to the API server and through Envoy. */
import { join } from 'node:path';
import { runKubectl, type KubectlOptions, type KubectlResult } from '../../lab/kubectl.ts';
import { writeKubeconfig } from '../../lab/kubeconfig.ts';
import type { Requester } from './impersonation-case.ts';
import type { ImpersonationLab } from './impersonation-lab.ts';

export interface BothWays<T> {
  readonly straight: T;
  readonly through: T;
}

/** A kubeconfig for each way, which only its own requester uses. */
export async function writeKubeconfigs(
  { quickstart, tokenOf }: ImpersonationLab,
  requester: Requester,
  name: string,
): Promise<BothWays<string>> {
  const { files, cluster, envoy } = quickstart;
  const token = await tokenOf(requester);
  const write = (way: string, server: string): string => {
    const file = join(files.dir, `${name}-${way}.kubeconfig`);
    writeKubeconfig({ file, server, caFile: files.ca, token });
    return file;
  };
  return { straight: write('straight', cluster.server), through: write('through', envoy.url) };
}

/** Runs it both ways. */
export async function kubectlBothWays(
  { quickstart }: ImpersonationLab,
  kubeconfigs: BothWays<string>,
  args: readonly string[],
  options: KubectlOptions = {},
): Promise<BothWays<KubectlResult>> {
  const run = (file: string): Promise<KubectlResult> =>
    runKubectl(quickstart.parts, file, args, options);
  const [straight, through] = await Promise.all([
    run(kubeconfigs.straight),
    run(kubeconfigs.through),
  ]);
  return { straight, through };
}

/** Without what kubectl logs for itself, which has the time in it. */
export function printed({ stderr }: KubectlResult): string {
  const lines = stderr.split('\n').filter((line) => !/^[EWI]\d{4} /.test(line));
  return lines.join('\n');
}
