import type { Seconds } from "../bars/chart-bar.js";

/** Everything on the page is in UTC, like the API. */
const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
const WEEKDAYS = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];

const two = (value: number): string => String(value).padStart(2, "0");

/** `10:21`. */
export function minuteText(time: Seconds): string {
  const date = new Date(time * 1000);
  return `${two(date.getUTCHours())}:${two(date.getUTCMinutes())}`;
}

/** `10:21:05`. */
export function secondText(time: Seconds): string {
  return `${minuteText(time)}:${two(new Date(time * 1000).getUTCSeconds())}`;
}

/** `Tue 24 Nov`. */
export function dateText(time: Seconds): string {
  const date = new Date(time * 1000);
  return `${WEEKDAYS[date.getUTCDay()]} ${date.getUTCDate()} ${MONTHS[date.getUTCMonth()]}`;
}

/** `Tue 24 Nov 2026 10:21`. */
export function dateTimeText(time: Seconds): string {
  return `${dateText(time)} ${new Date(time * 1000).getUTCFullYear()} ${minuteText(time)}`;
}

/** Milliseconds for people: `12 ms`, `1.4 s`, `3 min`, `2 h`. */
export function durationText(ms: number): string {
  if (ms < 1_000) return `${Math.round(ms)} ms`;
  if (ms < 10_000) return `${(ms / 1_000).toFixed(1)} s`;
  if (ms < 120_000) return `${Math.round(ms / 1_000)} s`;
  if (ms < 7_200_000) return `${Math.round(ms / 60_000)} min`;
  return `${Math.round(ms / 3_600_000)} h`;
}
