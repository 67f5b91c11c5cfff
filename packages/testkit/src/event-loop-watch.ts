import { monitorEventLoopDelay } from "node:perf_hooks";

/**
 * Watches how long this process's event loop is held up: on a busy machine that much comes to every time measured in it, and to
 * every promise kept in it.
 *
 * @returns the longest since the call, ms
 */
export function watchEventLoop(): () => number {
  const delays = monitorEventLoopDelay({ resolution: 5 });
  delays.enable();
  return () => delays.max / 1_000_000;
}
