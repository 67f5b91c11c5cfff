import { type DayBoundary, INTERVALS, type Interval, isOfTicks, takesDayBoundary } from "@fx-ohlc/schemas";
import type { Arena } from "./arena.js";
import { bucketsOf } from "./buckets.js";
import type { Dice } from "./dice.js";
import type { Asking } from "./reader.js";
import { ANSWER_FORMATS, type AnswerFormat } from "./row-text.js";

/** What of ticks alone is made is kept nowhere. */
const OF_BARS = INTERVALS.filter((interval) => !isOfTicks(interval));
const STORED_BOUNDARY: DayBoundary = { hour: 22, timezone: "UTC" };
/** The stored one first; the last is half an hour off every whole one. */
const BOUNDARIES: readonly DayBoundary[] = [
  STORED_BOUNDARY,
  { hour: 17, timezone: "America/New_York" },
  { hour: 0, timezone: "UTC" },
  { hour: 9, timezone: "Asia/Tokyo" },
  { hour: 0, timezone: "Asia/Kolkata" },
];
/** Asked again and again. */
const HOT_QUESTIONS = 16;
const HOT_SHARE = 0.7;
/** Rows of a page that is filled: it may lie where nothing is. */
const FILLED_ROWS_MAX = 120;

type Parameters = Record<string, string>;

/** Makes up what readers ask. */
export class Questions {
  readonly #hot: readonly string[];

  constructor(
    private readonly arena: Arena,
    private readonly dice: Dice,
  ) {
    this.#hot = Array.from({ length: HOT_QUESTIONS }, () => this.#path());
  }

  next(): Asking {
    const { dice } = this;
    return this.asking(dice.chance(HOT_SHARE) ? dice.pick(this.#hot) : this.#path());
  }

  /** A question by its path: the page that a `Link` leads to, too. */
  asking(path: string): Asking {
    const { dice } = this;
    const format = new URL(path, "http://localhost").searchParams.get("format") ?? "json";
    return {
      path,
      format: format as AnswerFormat, // As the questions below say it.
      isCompressed: dice.chance(0.3),
      isConditional: dice.chance(0.4),
    };
  }

  #path(): string {
    const { dice, arena } = this;
    if (dice.chance(0.05)) return this.#latest();
    const interval = dice.chance(0.4) ? dice.pick(["1m", "1h", "1d"] as const) : dice.pick(OF_BARS);
    const boundary = takesDayBoundary(interval) ? dice.pick(BOUNDARIES) : STORED_BOUNDARY;
    const format = dice.pick(ANSWER_FORMATS);
    const rows = this.#rows(format);
    const query = {
      ...{ symbol: dice.pick(arena.symbols), interval, format },
      ...boundaryParameters(boundary),
      ...this.#range(interval, boundary),
      ...rows,
      // Of what is filled each side begins with a read of its own.
      ...this.#quotes(rows.fill === "previous" ? "ccxt" : format),
    };
    return `/ohlc?${new URLSearchParams(query)}`;
  }

  #latest(): string {
    const { dice, arena } = this;
    const symbol = dice.chance(0.5) ? arena.symbols.join(",") : dice.pick(arena.symbols);
    const format = dice.pick(["json", "csv"] as const);
    const query = { symbol, interval: dice.pick(["minute", "hour", "day"]), format, ...this.#quotes(format) };
    return `/ohlc/latest?${new URLSearchParams(query)}`;
  }

  /** Half of all questions are of prices alone. */
  #quotes(format: AnswerFormat): Parameters {
    const { dice } = this;
    if (dice.chance(0.5)) return {};
    const include = format === "ccxt" ? "" : dice.pick(["", "spread", "bid,ask,spread"]);
    return { price: dice.pick(["mid", "bid", "ask"]), ...(include === "" ? {} : { include }) };
  }

  /** From a little before one place to some buckets later or to after another one, or all there is. */
  #range(interval: Interval, boundary: DayBoundary): Parameters {
    const { dice, arena } = this;
    if (dice.chance(0.1)) return { start: "2020-01-01T00:00:00Z" };
    const { fromMs, lengthMs } = arena.anyPlace(dice);
    const buckets = bucketsOf(interval, boundary);
    const bucket = buckets.around(fromMs);
    const bucketMs = buckets.after(bucket).start - bucket.start;
    const start = fromMs + dice.below(lengthMs) - dice.below(4) * bucketMs;
    const end = dice.chance(0.2) ? arena.anyPlace(dice).fromMs : start + (1 + dice.below(60)) * bucketMs;
    const range: Parameters = { start: this.#instant(start) };
    return dice.chance(0.1) ? range : { ...range, end: this.#instant(end) };
  }

  /** On a whole minute as people ask, or anywhere. */
  #instant(ms: number): string {
    return new Date(this.dice.chance(0.7) ? ms - (ms % 60_000) : ms).toISOString();
  }

  #rows(format: AnswerFormat): Parameters {
    const { dice } = this;
    const filled: Parameters = dice.chance(0.25) ? { fill: dice.pick(["null", "previous"]) } : {};
    const some = String(1 + dice.below(dice.chance(0.5) ? 10 : FILLED_ROWS_MAX));
    const isAll = format !== "columns" && filled.fill === undefined && dice.chance(0.1);
    const rows = dice.weighted<Parameters>([
      [4, { limit: some }],
      [3, { count: some }],
      [2, isAll ? { limit: "all" } : { limit: some }],
    ]);
    return { ...filled, ...rows };
  }
}

function boundaryParameters(boundary: DayBoundary): Parameters {
  return boundary === STORED_BOUNDARY ? {} : { day_start_hour: String(boundary.hour), timezone: boundary.timezone };
}
