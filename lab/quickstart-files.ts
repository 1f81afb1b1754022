/** What a quick start writes, by its place in the directory. The names are a contract: people and tests look for them. */
import { join, relative } from 'node:path';

export type QuickstartFiles = ReturnType<typeof quickstartFiles>;

/** The absolute paths below an absolute directory. */
export function quickstartFiles(dir: string) {
  const file = (name: string): string => join(dir, name);
  return {
    dir,
    /** Written last: the addresses of what runs. */
    state: file('state.json'),
    /** Through Envoy, as alice. */
    kubeconfig: file('kubeconfig'),
    /** Through Envoy, as the pipeline: kubectl has its tokens signed by the key. */
    pipelineKubeconfig: file('pipeline.kubeconfig'),
    pipelineKey: file('pipeline.key'),
    /** What kube-ext-authz believes the pipeline by. */
    pipelinePublicKey: file('pipeline.pub'),
    /** The pair that takes their place. */
    nextPipelineKey: file('pipeline-next.key'),
    nextPipelinePublicKey: file('pipeline-next.pub'),
    /** Straight to the API server. */
    adminKubeconfig: file('admin.kubeconfig'),
    /** Trusts every HTTPS address of the state, Envoy's first. */
    ca: file('ca.crt'),
    issuerKey: file('issuer.jwk'),
    authentication: file('authentication.yaml'),
    serverConfig: file('config.yaml'),
    serverKubeconfig: file('server.kubeconfig'),
    serverToken: file('service-account.token'),
    /** What kube-ext-authz decided. */
    audit: file('audit.log'),
    serverLog: file('server.log'),
    apiServerAudit: file('apiserver-audit.log'),
    accessLog: file('envoy-access.log'),
    envoyConfig: file('envoy.yaml'),
    envoyLog: file('envoy.log'),
    tlsCertificate: file('envoy.crt'),
    tlsKey: file('envoy.key'),
    /** Signed by a key that the issuer doesn't have. */
    forgedToken: file('forged.token'),
    kubectlCache: file('kubectl-cache'),
    lock: file('lock'),
  } as const;
}

/** The path as somebody in the working directory would type it. */
export function shownPath(path: string): string {
  const short = relative(process.cwd(), path);
  return short.startsWith('..') ? path : short;
}
