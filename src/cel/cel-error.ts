/** What goes wrong with a CEL expression, when it is compiled or evaluated. */

/** An expression can't be compiled or evaluated. The message holds no claim values. */
export class CelError extends Error {
  /** The offset in the source that it is about, where that is known. */
  readonly at: number | undefined;

  constructor(message: string, at?: number) {
    super(message);
    this.name = 'CelError';
    this.at = at;
  }
}

/** All that is wrong with an expression, each part with its place. */
export class CelErrors extends CelError {
  readonly all: readonly CelError[];

  constructor(all: readonly CelError[]) {
    super(all.map(({ message }) => message).join('; '));
    this.name = 'CelErrors';
    this.all = all;
  }
}

/** The work limit is spent. Unlike other errors, `||` and `&&` don't absorb it. */
export class CostError extends CelError {
  constructor() {
    super('operation cancelled: actual cost limit exceeded');
    this.name = 'CostError';
  }
}
