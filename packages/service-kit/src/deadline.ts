/** Something did not answer in time. Whether it happened nevertheless is not known. */
export class DeadlineError extends Error {
  override readonly name = "DeadlineError";

  constructor(what: string, ms: number) {
    super(`${what} took longer than ${ms} ms`);
  }
}

/**
 * The outcome of `promise`, or a {@link DeadlineError} after `ms` milliseconds. The work itself goes on; a late rejection of it
 * is swallowed, since its caller has been answered.
 *
 * @param what names the work in the error: `publish to Redis`
 */
export function withDeadline<T>(promise: PromiseLike<T>, ms: number, what: string): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    const timer = setTimeout(() => reject(new DeadlineError(what, ms)), ms);
    promise.then(
      (value) => {
        clearTimeout(timer);
        resolve(value);
      },
      (error: unknown) => {
        clearTimeout(timer);
        reject(error);
      },
    );
  });
}
