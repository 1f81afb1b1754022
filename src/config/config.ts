// The configuration as the rest of the server sees it: complete, checked, frozen.

export interface Config {
  readonly grpc: GrpcConfig;
  readonly admin: { readonly address: string };
  readonly kubernetes: {
    /** Absent: the in-cluster configuration. */
    readonly kubeconfig?: string | undefined;
    /** The file that holds the service-account token sent upstream. */
    readonly token: { readonly file: string };
  };
  readonly jwt: readonly JwtConfig[];
  readonly audit: readonly AuditSinkConfig[];
  readonly log: { readonly level: LogLevel };
  /** What was accepted but has no effect here; logged once at start. */
  readonly warnings: readonly string[];
}

export interface GrpcConfig {
  /** `host:port` or `unix:/path`. */
  readonly address: string;
  /** How long health says NOT_SERVING before the server stops accepting, in milliseconds. */
  readonly drainPeriodMs: number;
  readonly tls?: TlsConfig | undefined;
}

export interface TlsConfig {
  readonly certFile: string;
  readonly keyFile: string;
  /** When set, Envoy must present a certificate that this CA signed. */
  readonly clientCAFile?: string | undefined;
}

/** One kube-apiserver JWTAuthenticator, with its defaults filled in. */
export interface JwtConfig {
  /** Label for audit and metrics; the issuer URL when the file gives none. */
  readonly name: string;
  readonly issuer: {
    readonly url: string;
    readonly discoveryURL?: string | undefined;
    /** PEM text; replaces the system's roots. */
    readonly certificateAuthority?: string | undefined;
    readonly audiences: readonly string[];
  };
  readonly signingAlgorithms: readonly string[];
  readonly requiredClaims: readonly RequiredClaim[];
  readonly username: PrefixedClaim;
  readonly groups?: PrefixedClaim | undefined;
  readonly uid?: { readonly claim: string } | undefined;
  readonly extra: readonly ExtraMapping[];
  /** Lets `system:` users and groups from this issuer's tokens through. */
  readonly allowReservedNames: boolean;
}

export interface RequiredClaim {
  readonly claim: string;
  readonly requiredValue: string;
}

export interface PrefixedClaim {
  readonly claim: string;
  readonly prefix: string;
}

export interface ExtraMapping {
  readonly key: string;
  /** The names to follow from the claim set: `claims.a.b` is `['a', 'b']`. */
  readonly claimPath: readonly string[];
}

export interface AuditSinkConfig {
  readonly format: 'json';
  /** `-` is standard output. */
  readonly path: string;
}

export type LogLevel = 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal' | 'silent';

/** What kube-apiserver accepts with a configuration file (oidc.AllValidSigningAlgorithms). */
export const signingAlgorithms: readonly string[] =
  'ES256 ES384 ES512 PS256 PS384 PS512 RS256 RS384 RS512'.split(' ');
