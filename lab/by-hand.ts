/** What `npm start` says once everything runs: how to use it from another terminal, and where to look. */
import { dirname } from 'node:path';
import { findOnPath } from './parts/locate.ts';
import { shownPath } from './quickstart-files.ts';
import { userNamespace, type Quickstart } from './quickstart.ts';

/** The text, its paths relative to the working directory. */
export function byHand({ files, parts, state }: Quickstart): string {
  const [kubeconfig, admin, ca] = [files.kubeconfig, files.adminKubeconfig, files.ca].map(
    shownPath,
  );
  const path = findOnPath('kubectl') ? [] : [`export PATH="${dirname(parts.kubectl)}:$PATH"`];
  const token = `$(kubectl config view --raw -o 'jsonpath={.users[0].user.token}')`;
  const pods = `${state.envoy}/api/v1/namespaces/${userNamespace}/pods`;
  const commands = [
    ...path,
    `export KUBECONFIG=${kubeconfig}`,
    'kubectl auth whoami',
    `curl --cacert ${ca} -H "Authorization: Bearer ${token}" ${pods}`,
  ];
  const pipeline = shownPath(files.pipelineKubeconfig);
  const places = [
    ['as the pipeline, which signs its own tokens', `kubectl --kubeconfig ${pipeline} get pods`],
    ['straight to the API server, as administrator', `kubectl --kubeconfig ${admin} get secrets`],
    ['the key of the issuer, to sign any token', shownPath(files.issuerKey)],
    ['what a token must hold', shownPath(files.authentication)],
    ['what kube-ext-authz runs with', shownPath(files.serverConfig)],
    ['what Envoy runs with', shownPath(files.envoyConfig)],
    ['what kube-ext-authz decided', shownPath(files.audit)],
    ['whom the API server saw', shownPath(files.apiServerAudit)],
    ['each request as Envoy saw it', shownPath(files.accessLog)],
    ['metrics', `${state.admin}/metrics`],
    ['readiness', `${state.admin}/readyz`],
  ] as const;
  const width = Math.max(...places.map(([what]) => what.length));
  return [
    'Go on by hand, from another terminal in this directory:',
    '',
    ...commands.map((command) => `  ${command}`),
    '',
    ...places.map(([what, where]) => `  ${what.padEnd(width)}  ${where}`),
    '',
    'It all stays up until Ctrl-C.',
  ].join('\n');
}
