/** An API request as Envoy describes it, in our own words: no protobuf beyond the transport. */
export interface KubeRequest {
  readonly method: string;
  /** As in the request line, query included. */
  readonly path: string;
  /** Envoy's `x-request-id`. */
  readonly requestID: string;
  readonly source: {
    /** Address of the connection's other end, without the port. */
    readonly peer: string;
    /** `X-Forwarded-For` as it came: all but the last entry is the client's word. */
    readonly forwardedFor: string;
  };
  readonly headers: ClientHeaders;
}

export interface HeaderLine {
  /** In lower case. */
  readonly name: string;
  readonly value: string;
}

/** The headers that decide something, line by line in their order. */
export interface ClientHeaders {
  readonly authorization: readonly string[];
  readonly connection: readonly string[];
  readonly upgrade: readonly string[];
  readonly subprotocols: readonly string[];
  /** Names, in lower case, of all that speaks of an identity: `impersonate-*`, `x-remote-*`, with `_` too. */
  readonly identityNames: readonly string[];
  /** Every line of an `impersonate-*` name. */
  readonly impersonation: readonly HeaderLine[];
  /** Lines of one name came as one, joined with commas (Envoy without `encode_raw_headers`). */
  readonly joined: boolean;
  /** Names of the headers above that hold bytes which are not UTF-8. */
  readonly undecodable: readonly string[];
}
