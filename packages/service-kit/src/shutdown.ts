import { withDeadline } from "./deadline.js";
import type { Logger } from "./logger.js";

/** One step of a shutdown, with the time it may take. */
export interface StopStep {
  readonly name: string;
  readonly deadlineMs: number;
  run(): unknown;
}

/**
 * Runs the steps of a shutdown one after the other: not ready, refuse, drain, flush, close pools. A step that fails or exceeds
 * its deadline is logged and the next one runs all the same.
 */
export async function stopInOrder(logger: Logger, steps: readonly StopStep[]): Promise<void> {
  for (const { name, deadlineMs, run } of steps) {
    try {
      await withDeadline(Promise.resolve().then(run), deadlineMs, name);
      logger.info("stopped", { step: name });
    } catch (error) {
      logger.error("shutdown step failed", { step: name, error });
    }
  }
}
