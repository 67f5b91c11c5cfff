import { setTimeout as delay } from "node:timers/promises";
import { isNativeError } from "node:util/types";

export interface EventuallyOptions {
  /** How long to go on trying, ms. */
  timeoutMs?: number;
  /** Pause between two tries, ms. */
  intervalMs?: number;
  /** What is waited for, as the error says it: "PostgreSQL to be ready". */
  what?: string;
}

/**
 * Calls `check` until it neither throws nor returns `false`, `null` or `undefined`, and gives back what it returned.
 *
 * @throws Error "waited N ms for …" at the deadline, with the last failure as its cause.
 */
export async function eventually<T>(
  check: () => T | Promise<T>,
  { timeoutMs = 30_000, intervalMs = 20, what = "the condition" }: EventuallyOptions = {},
): Promise<Exclude<T, false | null | undefined>> {
  const deadline = performance.now() + timeoutMs;
  let cause: unknown;
  do {
    try {
      const result = await check();
      if (result !== false && result !== null && result !== undefined) {
        return result as Exclude<T, false | null | undefined>; // The line above is the proof; TypeScript cannot narrow T.
      }
      cause = undefined;
    } catch (error) {
      cause = error;
    }
    await delay(intervalMs);
  } while (performance.now() < deadline);
  const reason = isNativeError(cause) ? `: ${cause.message}` : "";
  throw new Error(`waited ${timeoutMs} ms for ${what}${reason}`, { cause });
}
