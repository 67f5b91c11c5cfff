import { type Micros, type TimeRange, US_PER_HOUR, US_PER_MINUTE } from "@fx-ohlc/schemas";
import { span } from "./refresh-plan.js";
import type { QueuedWindow } from "./refresh-queue.js";

/** What is done next about some windows. */
export type BacklogStep =
  /** The bars that they touch are made anew. */
  | { readonly kind: "buckets"; readonly windows: readonly QueuedWindow[] }
  /** All bars of a range are refreshed; a window may begin before it, and is not done then. */
  | { readonly kind: "range"; readonly windows: readonly QueuedWindow[]; readonly range: TimeRange };

/** What lies no further apart is one range: a symbol that trades has a tick an hour. */
const APART_MAX_US = US_PER_HOUR;
/** A longer range is refreshed as one; making its bars anew, of one symbol each, would cost more. */
const RANGE_MIN_US = 6 * US_PER_HOUR;
/** Bars made anew in one step, of a minute each: some hundred milliseconds. */
const WINDOWS_MAX = 250;
const MINUTES_MAX = 2000;

/** The newest windows that overlap or lie close together. `windows` are in the order of their start, newest first. */
function newestRun(windows: readonly QueuedWindow[]): QueuedWindow[] {
  const run: QueuedWindow[] = [];
  let fromUs = windows[0]?.fromUs ?? 0;
  for (const window of windows) {
    if (window.toUs < fromUs - APART_MAX_US) break;
    run.push(window);
    fromUs = window.fromUs;
  }
  return run;
}

/**
 * What to do next about the newest of some windows.
 *
 * @param windows at least one, in the order of their start, newest first
 * @param sliceUs how long a range is at most
 */
export function nextStep(windows: readonly QueuedWindow[], sliceUs: Micros): BacklogStep {
  const run = newestRun(windows);
  const whole = span(run);
  if (whole.toUs - whole.fromUs <= RANGE_MIN_US) return { kind: "buckets", windows: scattered(windows, run) };
  const range = { fromUs: Math.max(whole.fromUs, whole.toUs - sliceUs), toUs: whole.toUs };
  return { kind: "range", windows: run.filter(({ toUs }) => toUs > range.fromUs), range };
}

/** As many windows as one step takes: those of short runs. */
function scattered(windows: readonly QueuedWindow[], first: readonly QueuedWindow[]): QueuedWindow[] {
  const taken: QueuedWindow[] = [];
  let minutes = 0;
  for (let run = first; run.length > 0; run = newestRun(windows.slice(taken.length))) {
    const { fromUs, toUs } = span(run);
    if (toUs - fromUs > RANGE_MIN_US) break;
    for (const window of run) {
      minutes += Math.ceil((window.toUs - window.fromUs) / US_PER_MINUTE);
      if (taken.length > 0 && (taken.length >= WINDOWS_MAX || minutes > MINUTES_MAX)) return taken;
      taken.push(window);
    }
  }
  return taken;
}
