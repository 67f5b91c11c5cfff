import type { DayBoundary } from "./calendar.js";
import { type Micros, US_PER_DAY } from "./time.js";
import { localInstant } from "./zone.js";
import { isTimezone } from "./zone-name.js";

/** A time of the local week. */
interface WeekTime {
  /** 0 is Monday. */
  readonly weekday: number;
  readonly minuteOfDay: number;
}

/** When a market is open: always, or once a week from one local time to another. */
export type MarketSession =
  | "always"
  | { readonly opens: WeekTime; readonly closes: WeekTime; readonly timezone: string };

const WEEKDAYS = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
const SESSION =
  /^(mon|tue|wed|thu|fri|sat|sun) ([01]\d|2[0-3]):([0-5]\d)-(mon|tue|wed|thu|fri|sat|sun) ([01]\d|2[0-3]):([0-5]\d) (\S+)$/i;

/** The week of foreign exchange. */
export const FX_WEEK = "Sun 17:00-Fri 17:00 America/New_York";

function weekTime(weekday = "", hour = "", minute = ""): WeekTime {
  return { weekday: WEEKDAYS.indexOf(weekday.toLowerCase()), minuteOfDay: Number(hour) * 60 + Number(minute) };
}

/** Reads `always` or a session such as {@link FX_WEEK}; undefined when `text` is neither. */
export function parseSession(text: string): MarketSession | undefined {
  if (text.toLowerCase() === "always") return "always";
  const match = SESSION.exec(text);
  if (match === null) return undefined;
  const [opens, closes] = [weekTime(...match.slice(1, 4)), weekTime(...match.slice(4, 7))];
  const timezone = match[7] ?? "";
  const isEmpty = opens.weekday === closes.weekday && opens.minuteOfDay === closes.minuteOfDay;
  return isEmpty || !isTimezone(timezone) ? undefined : { opens, closes, timezone };
}

const DAY_NAMES = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];

/** Writes a session as {@link parseSession} reads it. */
export function formatSession(session: MarketSession): string {
  if (session === "always") return session;
  const text = ({ weekday, minuteOfDay }: WeekTime) => {
    const [hour, minute] = [Math.floor(minuteOfDay / 60), minuteOfDay % 60].map((part) =>
      String(part).padStart(2, "0"),
    );
    return `${DAY_NAMES[(weekday + 1) % 7]} ${hour}:${minute}`;
  };
  return `${text(session.opens)}-${text(session.closes)} ${session.timezone}`;
}

/**
 * The market's own day: from the hour at which its week opens. A market that never closes has the days of UTC.
 */
export function sessionBoundary(session: MarketSession): DayBoundary {
  if (session === "always") return { hour: 0, timezone: "UTC" };
  return { hour: Math.floor(session.opens.minuteOfDay / 60), timezone: session.timezone };
}

/** The first date number from `day` on that is this weekday; 1970-01-01, number 0, was a Thursday. */
function dayOn(weekday: number, day: number): number {
  return day + ((((weekday - day - 3) % 7) + 7) % 7);
}

/** Whether a market is closed from the first instant of [fromUs, toUs) to the last. */
export function isClosedThroughout(session: MarketSession, fromUs: Micros, toUs: Micros): boolean {
  if (session === "always") return false;
  const { opens, closes, timezone } = session;
  const at = ({ minuteOfDay }: WeekTime, day: number) => localInstant(day, minuteOfDay, timezone);
  // No zone is further than a day from UTC: the last opening before `fromUs` is on one of the nine dates up to the next one.
  let opening = dayOn(opens.weekday, Math.floor(fromUs / US_PER_DAY) - 5);
  if (at(opens, opening) > fromUs) opening -= 7;
  const openUs = at(opens, opening);
  const closing = dayOn(closes.weekday, opening);
  const closeUs = at(closes, closing) > openUs ? at(closes, closing) : at(closes, closing + 7);
  return fromUs >= closeUs && toUs <= at(opens, opening + 7);
}
