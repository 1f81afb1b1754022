// The same access as `kubectl config` commands, for somebody else's terminal.
import type { Access, Credentials } from './kubeconfig-file.ts';

/** One line for a POSIX shell, its parts joined by `&&`. */
export function kubectlCommands(access: Access): string {
  const { server, certificateAuthority: ca, cluster, user, context, namespace } = access;
  const trust = ca ? [`--certificate-authority=${ca.file}`, '--embed-certs=true'] : [];
  const scope = namespace === undefined ? [] : [`--namespace=${namespace}`];
  return [
    ['set-cluster', `--server=${server}`, ...trust, '--', cluster],
    ['set-credentials', ...loginFlags(access.credentials), '--', user],
    ['set-context', `--cluster=${cluster}`, `--user=${user}`, ...scope, '--', context],
    ['use-context', '--', context],
  ]
    .map((words) => ['kubectl', 'config', ...words].map(quote).join(' '))
    .join(' && ');
}

function loginFlags(credentials: Credentials): readonly string[] {
  if ('token' in credentials) return [`--token=${credentials.token}`];
  const { apiVersion, command, args } = credentials.exec;
  return [
    `--exec-api-version=${apiVersion}`,
    `--exec-command=${command}`,
    ...args.map((one) => `--exec-arg=${listItem(one)}`),
    '--exec-interactive-mode=Never',
  ];
}

/** kubectl reads the flag as a line of CSV (pflag's StringSlice). */
function listItem(text: string): string {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** A word as a POSIX shell reads it back. */
function quote(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}
