import type { Seconds } from "../bars/chart-bar.js";

/** Everything on the page is in UTC, like the API, and in words that are the same in every browser. */
function dateOf(time: Seconds): Date {
  return new Date(time * 1000);
}

/** `10:21`. */
export function minuteText(time: Seconds): string {
  return dateOf(time).toISOString().slice(11, 16);
}

/** `10:21:05`. */
export function secondText(time: Seconds): string {
  return dateOf(time).toISOString().slice(11, 19);
}

/** `Tue 24 Nov`. */
export function dateText(time: Seconds): string {
  const [weekday, day, month] = dateOf(time).toUTCString().split(/,? /);
  return `${weekday} ${Number(day)} ${month}`;
}

/** `Tue 24 Nov 2026 10:21`. */
export function dateTimeText(time: Seconds): string {
  return `${dateText(time)} ${dateOf(time).getUTCFullYear()} ${minuteText(time)}`;
}

/** Milliseconds for people: `12 ms`, `1.4 s`, `3 min`, `2 h`. */
export function durationText(ms: number): string {
  if (ms < 1_000) return `${Math.round(ms)} ms`;
  if (ms < 10_000) return `${(ms / 1_000).toFixed(1)} s`;
  if (ms < 120_000) return `${Math.round(ms / 1_000)} s`;
  if (ms < 7_200_000) return `${Math.round(ms / 60_000)} min`;
  return `${Math.round(ms / 3_600_000)} h`;
}
