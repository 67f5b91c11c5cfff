import { type DayBoundary, type Interval, parseInterval, parseTime } from "@fx-ohlc/schemas";

/** What a URL asks for; instants in ms since 1970. */
export interface Question {
  readonly symbols: readonly string[];
  readonly interval: Interval;
  readonly boundary: DayBoundary;
  /** The newest bar of each symbol, whatever else is said. */
  readonly isLatest: boolean;
  readonly fromMs: number;
  /** Until now when undefined. */
  readonly toMs: number | undefined;
  /** What open, high, low and close are of. */
  readonly price: "mid" | "bid" | "ask";
  readonly include: readonly ("bid" | "ask" | "spread")[];
  readonly take: "first" | "last";
  readonly rowsMax: number;
  readonly fill: "none" | "null" | "previous";
}

const STORED_BOUNDARY: DayBoundary = { hour: 22, timezone: "UTC" };
const ROWS_DEFAULT = 1_000;

/** Rounded up: no bucket starts within a millisecond. */
function instant(text: string | null): number | undefined {
  const us = text === null ? undefined : parseTime(text);
  return us === undefined ? undefined : Math.ceil(us / 1_000);
}

function boundaryOf(query: URLSearchParams): DayBoundary {
  const [hour, timezone] = [query.get("day_start_hour"), query.get("timezone")];
  if (hour === null && timezone === null) return STORED_BOUNDARY;
  return { hour: Number(hour ?? 0), timezone: timezone ?? "UTC" };
}

/** Reads a URL as the contract says, so that a `Link` that is followed is judged as any other question. */
export function questionOf(path: string): Question {
  const { pathname, searchParams: query } = new URL(path, "http://localhost");
  const interval = parseInterval(query.get("interval") ?? /minute|hour|day$/.exec(pathname)?.[0] ?? "minute");
  if (interval === undefined) throw new Error(`${path} asks for no interval`);
  const count = query.get("count");
  const limit = query.get("limit") ?? String(ROWS_DEFAULT);
  return {
    symbols: (query.get("symbol") ?? "").split(","),
    interval,
    boundary: boundaryOf(query),
    isLatest: pathname.endsWith("/latest"),
    fromMs: instant(query.get("start")) ?? 0,
    toMs: instant(query.get("end")),
    price: (query.get("price") ?? "mid") as Question["price"], // What the questions of these tests say.
    include: (query.get("include")?.split(",") ?? []) as Question["include"][number][], // The same.
    take: count === null ? "first" : "last",
    rowsMax: count !== null ? Number(count) : limit === "all" ? Number.POSITIVE_INFINITY : Number(limit),
    fill: (query.get("fill") ?? "none") as Question["fill"], // What the questions of these tests say.
  };
}
