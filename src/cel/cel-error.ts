/** What goes wrong with a CEL expression, when it is compiled or evaluated. */

/** An expression can't be compiled or evaluated. The message holds no claim values. */
export class CelError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'CelError';
  }
}

/** The work limit is spent. Unlike other errors, `||` and `&&` don't absorb it. */
export class CostError extends CelError {
  constructor() {
    super('operation cancelled: actual cost limit exceeded');
    this.name = 'CostError';
  }
}
