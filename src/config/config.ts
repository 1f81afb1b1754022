// The configuration as the rest of the server sees it: complete, checked, frozen.
import type { Expression } from '../cel/expression.ts';

export interface Config {
  readonly grpc: GrpcConfig;
  readonly admin: {
    readonly address: string;
    /** Whether /metrics is for those alone whom the API server lets get it. */
    readonly metrics: { readonly authorize: boolean };
  };
  readonly kubernetes: {
    /** Absent: the in-cluster configuration. */
    readonly kubeconfig?: string | undefined;
    /** Where our own token comes from that goes upstream: a file, or TokenRequest. */
    readonly token: { readonly file: string } | { readonly tokenRequest: RequestedAccount };
  };
  readonly jwt: readonly JwtConfig[];
  /** Tokens that no entry claims are put to the API server, for these audiences ([]: its own). */
  readonly tokenReview?: { readonly audiences: readonly string[] } | undefined;
  readonly impersonation: ImpersonationConfig;
  readonly extra: ExtraConfig;
  readonly audit: readonly AuditSinkConfig[];
  readonly log: { readonly level: LogLevel };
  /** The files that it was read from: when one changes, it is read again. */
  readonly files: readonly string[];
  /** What was accepted but has no effect here; logged once at start. */
  readonly warnings: readonly string[];
}

/** How `kubectl --as` is decided; times in milliseconds. */
export interface ImpersonationConfig {
  /** Whether the API server knows of constrained impersonation; detect: its version tells. */
  readonly constrained: boolean | 'detect';
  readonly maxHeaderValues: number;
  readonly reviewTimeoutMs: number;
  readonly allowCacheTtlMs: number;
  readonly denyCacheTtlMs: number;
  readonly originalUserExtra: string;
}

/** What every request carries besides the identity. */
export interface ExtraConfig {
  readonly clientIP: boolean;
  readonly static: Readonly<Record<string, readonly string[]>>;
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
    /** In place of discovery. */
    readonly keys?: readonly KeySource[] | undefined;
    /** Holds the bearer token that the discovery endpoint wants. */
    readonly discoveryTokenFile?: string | undefined;
  };
  /** The longest that exp − iat may be. */
  readonly maxTokenLifetimeMs?: number | undefined;
  /** Each token is also put to the API server. */
  readonly tokenReview?: boolean | undefined;
  readonly signingAlgorithms: readonly string[];
  readonly requiredClaims: readonly RequiredClaim[];
  readonly claimRules: readonly CelRule[];
  readonly userRules: readonly CelRule[];
  readonly username: NameMapping;
  readonly groups?: NameMapping | undefined;
  readonly uid?: { readonly claim: string } | { readonly expression: Expression } | undefined;
  readonly extra: readonly ExtraMapping[];
  /** Lets `system:` users and groups from this issuer's tokens through. */
  readonly allowReservedNames: boolean;
  /** As whom the requests go upstream: as the token's user, or as a service account. */
  readonly actAs: 'impersonate' | 'serviceAccount';
  /** Whose token goes upstream in the latter case; default: our own. */
  readonly serviceAccount?: AccountMapping | undefined;
}

export interface AccountName {
  readonly namespace: string;
  readonly name: string;
}

interface TokenTerms {
  /** Empty: the API server's own. */
  readonly audiences: readonly string[];
  readonly expirationSeconds: number;
}

/** A service account whose tokens are asked for. */
export interface RequestedAccount extends TokenTerms {
  readonly account: AccountName;
}

/** One account, or one of several that an expression over the claims gives as `NAMESPACE/NAME`. */
export type AccountMapping =
  | RequestedAccount
  | (TokenTerms & {
      readonly expression: Expression;
      readonly allowed: readonly AccountName[];
    });

/** Where public keys are: a file with PEM or a JWKS, PEM text, or an inline JWKS. */
export type KeySource =
  | { readonly file: string }
  | { readonly pem: string }
  | { readonly jwks: Readonly<Record<string, unknown>> };

export interface RequiredClaim {
  readonly claim: string;
  readonly requiredValue: string;
}

export interface CelRule {
  readonly expression: Expression;
  /** What to say when it is false; may be empty. */
  readonly message: string;
}

export type NameMapping = PrefixedClaim | { readonly expression: Expression };

export interface PrefixedClaim {
  readonly claim: string;
  readonly prefix: string;
}

export interface ExtraMapping {
  readonly key: string;
  readonly expression: Expression;
}

export interface AuditSinkConfig {
  readonly format: 'json' | 'kube-oidc-proxy' | 'audit.k8s.io';
  /** `-` is standard output. */
  readonly path: string;
  /** How much may wait to be written. */
  readonly queueBytes: number;
  /** What becomes of a check whose line has no room: denied, or it goes on without. */
  readonly onFull: 'block' | 'drop';
}

export type LogLevel = 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal' | 'silent';

/** What kube-apiserver accepts with a configuration file (oidc.AllValidSigningAlgorithms). */
export const signingAlgorithms: readonly string[] =
  'ES256 ES384 ES512 PS256 PS384 PS512 RS256 RS384 RS512'.split(' ');
