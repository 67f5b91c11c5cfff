import type { DayBoundary } from "./calendar.js";
import type { TimeRange } from "./range-set.js";
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
  | {
      readonly opens: WeekTime;
      readonly closes: WeekTime;
      readonly timezone: string;
      /** Closed at Christmas and New Year, too. */
      readonly hasHolidays?: true;
    };

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

/** The same market, which is closed on the holidays of foreign exchange, too: the FX days of Christmas and of New Year. */
export function withHolidays(session: MarketSession): MarketSession {
  return session === "always" ? session : { ...session, hasHolidays: true };
}

const HOLIDAY_ZONE = "America/New_York";
const HOLIDAY_FROM_MINUTE = 17 * 60;

/** The holidays that are at most a week from an instant. No other day of the year costs more than a look at its date. */
function holidaysAround(us: Micros): TimeRange[] {
  const date = new Date(us / 1000);
  const isNear =
    date.getUTCMonth() === 11 ? date.getUTCDate() >= 17 : date.getUTCMonth() === 0 && date.getUTCDate() <= 9;
  if (!isNear) return [];
  const year = date.getUTCFullYear() + (date.getUTCMonth() === 11 ? 1 : 0);
  const eves = [Date.UTC(year - 1, 11, 24), Date.UTC(year - 1, 11, 31)].map((ms) => (ms * 1000) / US_PER_DAY);
  return eves.map((day) => ({
    fromUs: localInstant(day, HOLIDAY_FROM_MINUTE, HOLIDAY_ZONE),
    toUs: localInstant(day + 1, HOLIDAY_FROM_MINUTE, HOLIDAY_ZONE),
  }));
}

/** The last time the market's week closed until an instant or before it opened last, the next one, and the holidays there. */
function closuresAround(session: Exclude<MarketSession, "always">, us: Micros): TimeRange[] {
  const { opens, closes, timezone } = session;
  const at = ({ minuteOfDay }: WeekTime, day: number) => localInstant(day, minuteOfDay, timezone);
  // No zone is further than a day from UTC: the last opening before `us` is on one of the nine dates up to the next one.
  let opening = dayOn(opens.weekday, Math.floor(us / US_PER_DAY) - 5);
  if (at(opens, opening) > us) opening -= 7;
  const after = (day: number): TimeRange => {
    const closing = dayOn(closes.weekday, day);
    const fromUs = at(closes, closing) > at(opens, day) ? at(closes, closing) : at(closes, closing + 7);
    return { fromUs, toUs: at(opens, day + 7) };
  };
  return [after(opening - 7), after(opening), ...(session.hasHolidays === true ? holidaysAround(us) : [])];
}

/** Whether a market is closed from the first instant of [fromUs, toUs) to the last. */
export function isClosedThroughout(session: MarketSession, fromUs: Micros, toUs: Micros): boolean {
  if (session === "always") return false;
  let closedToUs = fromUs;
  // A weekend and a holiday may follow one another.
  for (let end: Micros | undefined = fromUs; end !== undefined && closedToUs < toUs; ) {
    end = closuresAround(session, closedToUs).find((closure) => isWithin(closure, closedToUs))?.toUs;
    closedToUs = end ?? closedToUs;
  }
  return closedToUs >= toUs && closedToUs > fromUs;
}

/** When a market is closed within [fromUs, toUs): ascending, and apart from one another. */
export function closuresWithin(session: MarketSession, fromUs: Micros, toUs: Micros): TimeRange[] {
  const found: TimeRange[] = [];
  if (session === "always") return found;
  for (let us = fromUs; us < toUs; ) {
    const from = us;
    const ahead = closuresAround(session, from).filter((closure) => closure.toUs > from);
    // The week closes once in it: there is one ahead of every instant.
    const next = ahead.reduce((a, b) => (b.fromUs < a.fromUs ? b : a));
    us = next.toUs;
    if (next.fromUs >= toUs) break;
    const closure = { fromUs: Math.max(from, next.fromUs), toUs: Math.min(toUs, next.toUs) };
    const last = found.at(-1);
    // A weekend and a holiday may follow one another, or overlap.
    if (last !== undefined && closure.fromUs <= last.toUs)
      found[found.length - 1] = { ...closure, fromUs: last.fromUs };
    else found.push(closure);
  }
  return found;
}

function isWithin({ fromUs, toUs }: TimeRange, us: Micros): boolean {
  return fromUs <= us && us < toUs;
}

/** Whether a market is open, and when that began. */
export interface MarketPhase {
  readonly isOpen: boolean;
  readonly sinceUs: Micros;
}

export function marketPhase(session: MarketSession, us: Micros): MarketPhase {
  if (session === "always") return { isOpen: true, sinceUs: Number.NEGATIVE_INFINITY };
  const closures = closuresAround(session, us);
  const closure = closures.find((one) => isWithin(one, us));
  if (closure !== undefined) return { isOpen: false, sinceUs: closure.fromUs };
  return { isOpen: true, sinceUs: Math.max(...closures.map(({ toUs }) => toUs).filter((toUs) => toUs <= us)) };
}
