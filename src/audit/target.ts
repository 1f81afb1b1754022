/** Where the lines of one audit log go. One call at a time, but for `reopen` and `close`. */
export interface Target {
  /**
   * Makes sure that the next write goes where the path leads by now. True: that is another file than
   * before, so a line that was begun has to be begun again. Rejects when it can't be opened.
   */
  readonly renew: () => Promise<boolean>;
  /** Resolves with how many bytes the system took; rejects when it took none. */
  readonly write: (bytes: Buffer) => Promise<number>;
  /** Has the path opened anew before the next write. */
  readonly reopen: () => void;
  /** Gives up a write that is under way, where that is possible. */
  readonly close: () => Promise<void>;
}
