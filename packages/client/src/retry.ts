import { ProblemError, UnreachableError } from "./errors.js";

/**
 * How failed requests are repeated. All of them may be: a tick is identified by its symbol, time and place, so that a
 * request sent twice leaves the table as if it had been sent once.
 */
export interface RetryPolicy {
  /** Attempts in all, the first one included; `Infinity` for a caller that has nothing else to do than wait. */
  readonly attemptsMax: number;
  /** The first wait is at most this long; each further one at most twice the one before. */
  readonly baseMs: number;
  /** No wait is longer, but for a server that asks for it. */
  readonly capMs: number;
}

/** Rides out a restart of the service (some 10 s in all) without holding up a caller for minutes. */
export const DEFAULT_RETRY: RetryPolicy = { attemptsMax: 7, baseMs: 200, capMs: 5_000 };

/** A server that asks for more patience than a minute is answered by giving up: the caller should hear of it. */
const RETRY_AFTER_MAX_MS = 60_000;

/** 502 comes from a proxy in front of a service that is starting or gone. What took too long (504) would do so again. */
const RETRYABLE_STATUS: ReadonlySet<number> = new Set([429, 502, 503]);

/** Whether an error may pass by itself. */
export function isPassing(error: unknown): error is ProblemError | UnreachableError {
  if (error instanceof UnreachableError) return true;
  return error instanceof ProblemError && RETRYABLE_STATUS.has(error.status);
}

/** Full jitter: anything from 0 to the bound, so that a crowd of clients does not come back in step. */
export function backoffMs(attempt: number, policy: RetryPolicy, random: () => number): number {
  return random() * Math.min(policy.capMs, policy.baseMs * 2 ** (attempt - 1));
}

/**
 * How long to wait before trying again.
 *
 * @param attempt how many attempts have been made, at least 1
 * @returns milliseconds, never less than the server's `Retry-After`; undefined when the error is final
 */
export function retryDelayMs(
  error: unknown,
  attempt: number,
  policy: RetryPolicy,
  random: () => number,
): number | undefined {
  if (attempt >= policy.attemptsMax || !isPassing(error)) return undefined;
  const retryAfterMs = error instanceof ProblemError ? (error.retryAfterMs ?? 0) : 0;
  if (retryAfterMs > RETRY_AFTER_MAX_MS) return undefined;
  return retryAfterMs + backoffMs(attempt, policy, random);
}

/** Waits, or rejects with the signal's reason as soon as it aborts. */
export function sleep(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const abort = () => {
      clearTimeout(timer);
      reject(signal?.reason);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener("abort", abort);
      resolve();
    }, ms);
    if (signal?.aborted) abort();
    else signal?.addEventListener("abort", abort, { once: true });
  });
}
