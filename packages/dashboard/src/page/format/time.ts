import type { Seconds } from "../bars/chart-bar.js";
import { wallClock, type ZoneName } from "./zone.js";

/** Words that are the same in every browser, in the zone that is chosen; without one in UTC, like the API. */
function dateOf(time: Seconds, zone: ZoneName = "utc"): Date {
  return new Date(wallClock(time, zone) * 1000);
}

/** `10:21`. */
export function minuteText(time: Seconds, zone?: ZoneName): string {
  return dateOf(time, zone).toISOString().slice(11, 16);
}

/** `10:21:05`. */
export function secondText(time: Seconds, zone?: ZoneName): string {
  return dateOf(time, zone).toISOString().slice(11, 19);
}

/** `Tue 24 Nov`. */
export function dateText(time: Seconds, zone?: ZoneName): string {
  const [weekday, day, month] = dateOf(time, zone).toUTCString().split(/,? /);
  return `${weekday} ${Number(day)} ${month}`;
}

/** `Tue 24 Nov 2026`. */
export function fullDateText(time: Seconds, zone?: ZoneName): string {
  return `${dateText(time, zone)} ${dateOf(time, zone).getUTCFullYear()}`;
}

/** `Tue 24 Nov 2026 10:21`. */
export function dateTimeText(time: Seconds, zone?: ZoneName): string {
  return `${fullDateText(time, zone)} ${minuteText(time, zone)}`;
}

/** A date of the API, `2026-11-24`, as `Tue 24 Nov`. */
export function namedDateText(date: string): string {
  return dateText(Date.parse(date) / 1000);
}

/** `Tue 24 Nov` of this year, `24 Nov 2025` of another one. */
export function yearlyDateText(time: Seconds, now: Seconds, zone?: ZoneName): string {
  const year = dateOf(time, zone).getUTCFullYear();
  const isThisYear = year === dateOf(now, zone).getUTCFullYear();
  return isThisYear ? dateText(time, zone) : fullDateText(time, zone).slice("Tue ".length);
}

/** Whether two instants are on one date of the zone. */
export function isSameDate(a: Seconds, b: Seconds, zone?: ZoneName): boolean {
  return dateOf(a, zone).toISOString().slice(0, 10) === dateOf(b, zone).toISOString().slice(0, 10);
}

/** `10:21` of today, `24 Nov 10:21` of another date, with the year of another year. */
export function shortText(time: Seconds, now: Seconds, zone?: ZoneName): string {
  if (isSameDate(time, now, zone)) return minuteText(time, zone);
  const year = dateOf(time, zone).getUTCFullYear();
  const isThisYear = year === dateOf(now, zone).getUTCFullYear();
  const date = dateText(time, zone).slice("Tue ".length);
  return isThisYear ? `${date} ${minuteText(time, zone)}` : `${date} ${year}`;
}

/** Milliseconds for people: `12 ms`, `1.4 s`, `3 min`, `2 h`. */
export function durationText(ms: number): string {
  if (ms < 1_000) return `${Math.round(ms)} ms`;
  if (ms < 10_000) return `${(ms / 1_000).toFixed(1)} s`;
  if (ms < 120_000) return `${Math.round(ms / 1_000)} s`;
  if (ms < 7_200_000) return `${Math.round(ms / 60_000)} min`;
  return `${Math.round(ms / 3_600_000)} h`;
}

const MINUTES_OF_HOUR = 60;
const HOURS_OF_DAY = 24;

/** A length of time in whole units that nothing is rounded away from but seconds: `45 s`, `3 h 30 min`, `2 d 4 h`. */
export function spanText(seconds: number): string {
  if (seconds < 60) return `${Math.max(0, Math.floor(seconds))} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < MINUTES_OF_HOUR) return `${minutes} min`;
  const hours = Math.floor(minutes / MINUTES_OF_HOUR);
  const pair = (large: number, unit: string, small: number, smaller: string) =>
    small === 0 ? `${large} ${unit}` : `${large} ${unit} ${small} ${smaller}`;
  if (hours < HOURS_OF_DAY) return pair(hours, "h", minutes % MINUTES_OF_HOUR, "min");
  return pair(Math.floor(hours / HOURS_OF_DAY), "d", hours % HOURS_OF_DAY, "h");
}
