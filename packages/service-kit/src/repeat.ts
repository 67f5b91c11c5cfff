import { setTimeout as delay } from "node:timers/promises";

/**
 * Takes a step again and again, `pauseMs` after the one before has ended, until it is stopped.
 *
 * @param step must not reject
 * @returns stops it, and resolves when the step under way has ended
 */
export function repeat(pauseMs: number, step: () => Promise<unknown>): () => Promise<void> {
  const aborter = new AbortController();
  const { signal } = aborter;
  const run = async () => {
    while (!signal.aborted) {
      await step();
      await delay(pauseMs, undefined, { signal }).catch(() => undefined);
    }
  };
  const running = run();
  return () => {
    aborter.abort();
    return running;
  };
}
