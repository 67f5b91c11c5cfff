/** Waits between attempts: the bound doubles from `baseMs` up to `maxMs`. */
export interface Backoff {
  readonly baseMs: number;
  readonly maxMs: number;
}

/** Doubling further would overflow into Infinity, long after any `maxMs` is reached. */
const DOUBLINGS_MAX = 30;

/**
 * A wait before attempt number `attempt` (0 first), anywhere between 0 and the bound ("full jitter"), so that many clients who
 * lost the same server do not come back together. Source: AWS Architecture Blog, "Exponential Backoff And Jitter".
 *
 * @param random uniform in [0, 1)
 * @returns whole milliseconds
 */
export function fullJitterMs(attempt: number, { baseMs, maxMs }: Backoff, random: () => number = Math.random): number {
  const boundMs = Math.min(maxMs, baseMs * 2 ** Math.min(attempt, DOUBLINGS_MAX));
  return Math.floor(random() * boundMs);
}
