// What somebody who asks for /metrics is told before they get it, where that is guarded.

export interface Refusal {
  readonly status: 401 | 403 | 429 | 503;
  /** A sentence that names the fix. */
  readonly body: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Undefined: they may. Takes the request's Authorization header. */
export type JudgeScrape = (authorization: string | undefined) => Promise<Refusal | undefined>;
