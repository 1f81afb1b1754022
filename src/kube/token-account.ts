// What is asked for by a TokenRequest, and what it brings.

/** Whose token, and which one. */
export interface TokenAccount {
  readonly namespace: string;
  readonly name: string;
  /** Empty: the API server's own. */
  readonly audiences: readonly string[];
  /** The API server takes no less than 600, and may give less than was asked for. */
  readonly expirationSeconds: number;
  /** The token dies with this Pod, which must run as the account. */
  readonly boundPod?: { readonly name: string; readonly uid: string } | undefined;
}

export interface MintedToken {
  /** Can stand in an Authorization header. */
  readonly token: string;
  /** Milliseconds since 1970, by our own clock: however wrong that is, the token lives until then. */
  readonly expiresAt: number;
}
