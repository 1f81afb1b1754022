/**
 * Resolves as `work` does, or rejects with what `late` makes once the deadline (milliseconds since
 * 1970) has passed. Work that is done already needs no timer.
 */
export async function withinDeadline<T>(
  work: T | Promise<T>,
  deadline: number,
  late: () => Error,
): Promise<T> {
  if (!(work instanceof Promise)) return work;
  const end = Promise.withResolvers<never>();
  const timer = setTimeout(() => end.reject(late()), Math.max(0, deadline - Date.now()));
  try {
    return await Promise.race([work, end.promise]);
  } finally {
    clearTimeout(timer);
  }
}
