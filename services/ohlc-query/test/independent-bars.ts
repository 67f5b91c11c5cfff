import type { DayBoundary, Interval } from "@fx-ohlc/schemas";

/** Bars computed from ticks alone, in one pass, by the platform's own calendar and without any of the service's code. */
export interface ExpectedBar {
  readonly bucket: string;
  readonly open: number;
  readonly high: number;
  readonly low: number;
  readonly close: number;
  readonly tick_count: number;
  readonly date?: string;
  /** Absent where there are none. */
  readonly quotes?: ExpectedQuotes;
}

type Prices = Readonly<Record<"open" | "high" | "low" | "close", number>>;

/** What of quotes is in a bar. */
export interface ExpectedQuotes {
  readonly bid: Prices;
  readonly ask: Prices;
  /** What lies between them: the sum, the least and the most, in units of 0.00001. */
  readonly points: Readonly<Record<"sum" | "min" | "max", number>>;
  readonly count: number;
}

interface TickLike {
  readonly time: string;
  readonly price: number;
  readonly bid?: number;
  readonly ask?: number;
}

function withPrice(prices: Prices | undefined, price: number): Prices {
  const { open = price, high = price, low = price } = prices ?? {};
  return { open, high: Math.max(high, price), low: Math.min(low, price), close: price };
}

/** Quotes and one more; no side has more than five decimals. */
function withQuote(quotes: ExpectedQuotes | undefined, bid: number, ask: number): ExpectedQuotes {
  const points = Math.round(ask * 1e5) - Math.round(bid * 1e5);
  const { sum = 0, min = points, max = points } = quotes?.points ?? {};
  return {
    bid: withPrice(quotes?.bid, bid),
    ask: withPrice(quotes?.ask, ask),
    points: { sum: sum + points, min: Math.min(min, points), max: Math.max(max, points) },
    count: (quotes?.count ?? 0) + 1,
  };
}

const QUARTER_MS = 15 * 60_000;
const DAY_MS = 86_400_000;

const formats = new Map<string, Intl.DateTimeFormat>();

function formatOf(timezone: string): Intl.DateTimeFormat {
  const known = formats.get(timezone);
  if (known !== undefined) return known;
  const two = "2-digit";
  const format = new Intl.DateTimeFormat("en-CA", {
    timeZone: timezone,
    ...{ year: "numeric", month: two, day: two, hour: two, minute: two, hourCycle: "h23" },
  });
  formats.set(timezone, format);
  return format;
}

/** The local calendar date and clock of an instant, by the platform's own formatter. */
export function local(ms: number, timezone: string): { date: string; hour: number; minute: number } {
  const parts = formatOf(timezone).formatToParts(ms);
  const part = (type: string) => parts.find((candidate) => candidate.type === type)?.value ?? "";
  return {
    date: `${part("year")}-${part("month")}-${part("day")}`,
    hour: Number(part("hour")),
    minute: Number(part("minute")),
  };
}

const names = new Map<string, string>();

/**
 * The name of the FX day of an instant. With a boundary from noon on it is the local date, or the next one's from the boundary hour on;
 * with an earlier one the local date, or the one's before until the boundary hour. It is the same for all of a quarter of an hour, on
 * which every zone's clocks change.
 */
export function dayName(ms: number, { hour, timezone }: DayBoundary): string {
  const key = `${Math.floor(ms / QUARTER_MS)} ${hour} ${timezone}`;
  const known = names.get(key);
  if (known !== undefined) return known;
  const { date, hour: localHour } = local(ms, timezone);
  const hasBegun = localHour >= hour;
  const shift = hour >= 12 ? Number(hasBegun) : Number(hasBegun) - 1;
  const name = new Date(Date.parse(`${date}T00:00:00Z`) + shift * DAY_MS).toISOString().slice(0, 10);
  names.set(key, name);
  return name;
}

const dayStarts = new Map<string, number>();

/** The first instant with a name, found by walking back to it. */
function startOfNamed(name: string, ms: number, boundary: DayBoundary): number {
  const key = `${name} ${boundary.hour} ${boundary.timezone}`;
  const known = dayStarts.get(key);
  if (known !== undefined) return known;
  let start = Math.floor(ms / QUARTER_MS) * QUARTER_MS;
  while (dayName(start - QUARTER_MS, boundary) === name) start -= QUARTER_MS;
  dayStarts.set(key, start);
  return start;
}

/** The first day of the week, month, quarter or year that a date is in. */
function firstName(name: string, interval: Interval): string {
  if (interval === "1M") return `${name.slice(0, 7)}-01`;
  if (interval === "1y") return `${name.slice(0, 4)}-01-01`;
  if (interval === "3M")
    return `${name.slice(0, 5)}${["01", "04", "07", "10"][Math.floor((Number(name.slice(5, 7)) - 1) / 3)]}-01`;
  const ms = Date.parse(`${name}T00:00:00Z`);
  const sinceMonday = (new Date(ms).getUTCDay() + 6) % 7;
  return new Date(ms - sinceMonday * DAY_MS).toISOString().slice(0, 10);
}

const HOURS = /^(\d+)h$/;
const MINUTES = /^(\d+)m$/;
const SECONDS = /^(\d+)s$/;

/** Where the bucket of an instant starts, and its name where it has one. */
export function bucketOf(ms: number, interval: Interval, boundary: DayBoundary): { start: number; date?: string } {
  const seconds = Number(SECONDS.exec(interval)?.[1]);
  if (!Number.isNaN(seconds)) return { start: ms - (ms % (seconds * 1000)) };
  const minutes = Number(MINUTES.exec(interval)?.[1] ?? (interval === "1h" ? 60 : Number.NaN));
  if (!Number.isNaN(minutes) && interval !== "45m") return { start: ms - (ms % (minutes * 60_000)) };
  const name = dayName(ms, boundary);
  const dayStart = startOfNamed(name, ms, boundary);
  const step = interval === "45m" ? 45 * 60_000 : Number(HOURS.exec(interval)?.[1]) * 3_600_000;
  if (!Number.isNaN(step)) return { start: dayStart + Math.floor((ms - dayStart) / step) * step };
  if (interval === "1d") return { start: dayStart, date: name };
  const date = firstName(name, interval);
  let start = dayStart;
  for (let at = name; at !== date; ) {
    at = dayName(start - 1, boundary);
    start = startOfNamed(at, start - 1, boundary);
  }
  return { start, date };
}

/** The bars of some ticks of one symbol, in the order of time. */
export function expectedBars(ticks: readonly TickLike[], interval: Interval, boundary: DayBoundary): ExpectedBar[] {
  const bars = new Map<number, ExpectedBar>();
  for (const { time, price, bid, ask } of ticks) {
    const { start, date } = bucketOf(Date.parse(time), interval, boundary);
    const bar = bars.get(start);
    bars.set(start, {
      bucket: new Date(start).toISOString().replace(".000Z", "Z"),
      open: bar?.open ?? price,
      high: Math.max(bar?.high ?? price, price),
      low: Math.min(bar?.low ?? price, price),
      close: price,
      tick_count: (bar?.tick_count ?? 0) + 1,
      ...(date === undefined ? {} : { date }),
      ...(bid === undefined || ask === undefined
        ? quotesAsTheyWere(bar)
        : { quotes: withQuote(bar?.quotes, bid, ask) }),
    });
  }
  return [...bars.values()];
}

function quotesAsTheyWere(bar: ExpectedBar | undefined): Pick<ExpectedBar, "quotes"> {
  return bar?.quotes === undefined ? {} : { quotes: bar.quotes };
}

/** What a bar holds of quotes, in the words of the contract. */
export function quoteMembers({ quotes }: ExpectedBar, include: readonly string[]): Record<string, number | null> {
  const side = (name: "bid" | "ask") =>
    (["open", "high", "low", "close"] as const).map((of) => [`${name}_${of}`, quotes?.[name][of] ?? null]);
  const points = (value: number | undefined) => (value === undefined ? null : value / 1e5);
  const members = [
    ...(include.includes("bid") ? side("bid") : []),
    ...(include.includes("ask") ? side("ask") : []),
    ...(include.includes("spread")
      ? [
          // Both are whole numbers that doubles hold.
          ["spread_avg", quotes === undefined ? null : quotes.points.sum / (quotes.count * 1e5)],
          ["spread_min", points(quotes?.points.min)],
          ["spread_max", points(quotes?.points.max)],
        ]
      : []),
    ...(include.length > 0 ? [["quote_count", quotes?.count ?? null]] : []),
  ];
  return Object.fromEntries(members);
}
