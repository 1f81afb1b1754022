/** Runs `work` while no other process holds the lock file; `onWait` is called once, with the holder's pid, when it has to wait. */
export function withLock<T>(
  file: string,
  work: () => Promise<T>,
  onWait: (pid: number | undefined) => void,
): Promise<T>;
