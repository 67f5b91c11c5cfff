import { DAY_US, HOUR_US, MINUTE_US } from "./buckets.js";
import type { Place } from "./event.js";
import { type Facts, horizonUs } from "./facts.js";
import type { Life } from "./life.js";

/** The first history reaches so far back; where nothing is dropped, the oldest of it stands for the horizon. */
export const HISTORY_DAYS = 25;

/** Ticks are never placed later than this before the clock of the services: how far ahead one may be is not in question here. */
const SAFETY_US = 100_000;

function offset(at: number, fromUs: number, toUs: number): number {
  return Math.floor(fromUs + at * (toUs - fromUs));
}

/** Where a place is now. */
export function resolve(life: Life, facts: Facts, { around, at }: Place): number {
  const nowUs = life.system.nowUs();
  const oldestUs = nowUs - HISTORY_DAYS * DAY_US;
  const horizon = Math.max(oldestUs, horizonUs(facts));
  const dayUs = life.model.bucketOf("day", horizon + DAY_US);
  const us = {
    now: nowUs - offset(at, 0, 2 * MINUTE_US),
    minutes: nowUs - offset(at, 2 * MINUTE_US, 40 * MINUTE_US),
    hours: nowUs - offset(at, HOUR_US, DAY_US),
    days: nowUs - offset(at, DAY_US, HISTORY_DAYS * DAY_US),
    horizon: horizon + offset(at, -2 * HOUR_US, 2 * HOUR_US),
    edge: horizon + offset(at, -2 * MINUTE_US, 2 * MINUTE_US),
    mark: Math.max(oldestUs, facts.markUs) + offset(at, -2 * HOUR_US, 2 * HOUR_US),
    "fx-day": dayUs + offset(at, -2 * HOUR_US, 2 * HOUR_US),
  }[around];
  // Whole tenths of a second in most places, so that equal stamps come up.
  const coarse = around === "now" ? us : Math.floor(us / 100_000) * 100_000;
  return Math.min(coarse, nowUs - SAFETY_US);
}
