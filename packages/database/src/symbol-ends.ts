import { FIRST_BUCKET_US, type Micros, US_PER_DAY, US_PER_HOUR, US_PER_MINUTE } from "@fx-ohlc/schemas";
import { groupBy } from "@fx-ohlc/service-kit";
import { type ArchivedEnds, readArchivedEnds } from "./archived-ends.js";
import { waitingRanges } from "./refresh-queue.js";
import { readMark } from "./retention-mark.js";
import type { Engine } from "./settings.js";
import type { Queries } from "./sql.js";

/** The first and the last tick of a symbol, and how many decimals its newest prices have: of quotes the sides, for a mid may have more. */
export interface Ends {
  readonly firstUs: Micros | null;
  readonly lastUs: Micros | null;
  readonly decimals: number | null;
  /** Whether one of its newest ticks is a quote, or may be: some changes are not in its bars yet. */
  readonly mayHaveQuotes: boolean;
}

/** Where ends are read. */
export interface EndsSource {
  readonly sql: Queries;
  readonly engine: Engine;
  /** Bounds the read; no FX day starts later than two days from now. */
  readonly nowUs: Micros;
}

/** The starts of the days that a symbol's first and last tick are in. */
interface SymbolDays {
  readonly symbol: string;
  readonly firstDayUs: Micros;
  readonly lastDayUs: Micros;
  /** Some changes of its ticks are not in its bars yet, by which these days were found. */
  readonly isChanging: boolean;
}

/** A symbol, and the day that one of its ends is in. */
interface EndDay {
  readonly symbol: string;
  readonly fromUs: Micros;
  readonly isChanging: boolean;
}

/** The tick at one end, how many decimals the prices next to it have, and whether one of them is of a quote. */
interface EndTick {
  readonly symbol: string;
  readonly time: Micros | null;
  readonly decimals: number | null;
  readonly hasQuote: boolean | null;
}

type End = "first" | "last";

/** No FX day is longer. */
const DAY_MAX_US = 26 * US_PER_HOUR;
/** Statements for one end of all symbols. The days of each lie beside one another: it looks at no more than the chunks of those. */
const SLICES_MAX = 16;
/** So many of the newest prices show how many decimals there are. */
const SAMPLE_TICKS = 100;

/**
 * The ends of those that have ticks: found by the days of their bars, and by what these still lack, for a probe over all ticks
 * would look into every chunk there is. A tick that retention has dropped has the minute it was in for its time.
 */
export async function readEnds(source: EndsSource, symbols: readonly string[]): Promise<ReadonlyMap<string, Ends>> {
  const days = await readDays(source, symbols);
  const firsts = await readEnd(source.sql, days, "first");
  const lasts = await readEnd(source.sql, days, "last");
  const archived = await readArchivedEnds(source.sql, symbols);
  const endsOf = ({ symbol, isChanging }: SymbolDays): Ends => ({
    ...withArchived(archived.get(symbol), firsts.get(symbol)?.time ?? null, lasts.get(symbol)?.time ?? null),
    decimals: lasts.get(symbol)?.decimals ?? null,
    mayHaveQuotes: isChanging || lasts.get(symbol)?.hasQuote === true,
  });
  return new Map(days.map((row) => [row.symbol, endsOf(row)]));
}

/** The archive knows the very ticks whose minutes stand for them. */
function withArchived(
  archived: ArchivedEnds | undefined,
  firstUs: Micros | null,
  lastUs: Micros | null,
): Pick<Ends, "firstUs" | "lastUs"> {
  if (archived === undefined) return { firstUs, lastUs };
  const isFirst = firstUs === null || minuteOf(archived.firstUs) <= firstUs;
  const isLast = lastUs === null || archived.lastUs >= lastUs;
  return { firstUs: isFirst ? archived.firstUs : firstUs, lastUs: isLast ? archived.lastUs : lastUs };
}

function minuteOf(us: Micros): Micros {
  return us - (us % US_PER_MINUTE);
}

async function readDays({ sql, engine, nowUs }: EndsSource, symbols: readonly string[]): Promise<SymbolDays[]> {
  const waiting = await waitingRanges(sql, engine, symbols);
  // Read whole, for on TimescaleDB a probe for each end would look into every chunk there is.
  const bars = await sql<Omit<SymbolDays, "isChanging">[]>`
    select symbol, min(bucket) as "firstDayUs", max(bucket) as "lastDayUs"
      from ohlc_day
     where symbol = any(${[...symbols]}::text[])
       and bucket >= ${FIRST_BUCKET_US} and bucket < ${nowUs + 2 * US_PER_DAY}
     group by symbol`;
  const days = new Map(bars.map((row) => [row.symbol, { ...row, isChanging: false }]));
  for (const [symbol, { fromUs, toUs }] of waiting) {
    const { firstDayUs = fromUs, lastDayUs = fromUs } = days.get(symbol) ?? {};
    days.set(symbol, {
      symbol,
      firstDayUs: Math.min(firstDayUs, fromUs),
      lastDayUs: Math.max(lastDayUs, toUs - DAY_MAX_US),
      isChanging: true,
    });
  }
  return [...days.values()];
}

/** Those of one day together, or of some days that lie beside one another where there are many: most symbols share their last day. */
function slicesOf(days: readonly SymbolDays[], end: End): readonly (readonly EndDay[])[] {
  const ends = days.map((row) => ({ ...row, fromUs: end === "first" ? row.firstDayUs : row.lastDayUs }));
  const byDay = [...groupBy(ends, ({ fromUs }) => fromUs)].sort(([a], [b]) => a - b).map(([, own]) => own);
  const daysPerSlice = Math.ceil(byDay.length / SLICES_MAX);
  return [...groupBy(byDay.entries(), ([i]) => Math.floor(i / daysPerSlice)).values()].map((slice) =>
    slice.flatMap(([, own]) => own),
  );
}

async function readEnd(sql: Queries, days: readonly SymbolDays[], end: End): Promise<ReadonlyMap<string, EndTick>> {
  const found = new Map<string, EndTick>();
  const keep = (ticks: readonly EndTick[]) => {
    for (const tick of ticks) if (tick.time !== null) found.set(tick.symbol, tick);
  };
  const isMissing = ({ symbol }: Pick<SymbolDays, "symbol">) => !found.has(symbol);
  for (const slice of slicesOf(days, end)) {
    keep(await readEndTicks(sql, slice, end));
    const dropped = slice.filter(isMissing);
    if (dropped.length > 0) keep(await readDroppedEnds(sql, dropped, end));
  }
  // Here all that a day had was deleted a moment ago.
  const deleted = days.filter(isMissing);
  if (deleted.length > 0) keep(await readFarEnds(sql, deleted, end));
  return found;
}

/** Of a slice: its symbols, where the day of each begins and ends, and the time between which all of them are. */
function parametersOf(slice: readonly EndDay[]) {
  const from = slice.map(({ fromUs }) => fromUs);
  const to = from.map((fromUs) => fromUs + DAY_MAX_US);
  return [slice.map(({ symbol }) => symbol), from, to, from[0] ?? 0, to.at(-1) ?? 0] as const;
}

/** The planner knows the slice's days, and of these each symbol's own are looked up. */
function readEndTicks(sql: Queries, slice: readonly EndDay[], end: End): PromiseLike<EndTick[]> {
  const order = end === "first" ? "asc" : "desc";
  return sql.unsafe<EndTick[]>(
    `select wanted.symbol, newest.time, newest.decimals, newest."hasQuote"
       from unnest($1::text[], $2::timestamptz[], $3::timestamptz[]) as wanted (symbol, day_start, day_end)
      cross join lateral (
            select ${end === "first" ? "min" : "max"}(time) as time,
                    max(greatest(scale(coalesce(bid, price)::numeric), scale(ask::numeric))) as decimals,
                    bool_or(bid is not null) as "hasQuote"
              from (select time, price, bid, ask from ticks
                     where symbol = wanted.symbol
                       and time >= wanted.day_start and time < wanted.day_end
                       and time >= $4 and time < $5
                     order by time ${order}, seq ${order} limit $6) sample) as newest`,
    [...parametersOf(slice), end === "first" ? 1 : SAMPLE_TICKS],
    { prepare: true },
  );
}

/** The most decimals that some bars have. */
function decimalsOf(side: "" | "bid_" | "ask_"): string {
  const scales = ["open", "high", "low", "close"].map((name) => `scale(${side}${name}::numeric)`);
  return `max(greatest(${scales.join(", ")}))`;
}

/**
 * Where retention has dropped a tick, the minute it was in stands for it: minute bars are kept for ever, and their prices have its
 * decimals. Those of deleted ticks stand until they are refreshed, and for nothing.
 */
async function readDroppedEnds(sql: Queries, slice: readonly EndDay[], end: End): Promise<readonly EndTick[]> {
  const ofDay = `symbol = wanted.symbol and bucket >= wanted.day_start and bucket < wanted.day_end
                                   and bucket >= $4 and bucket < $5 order by bucket ${end === "first" ? "asc" : "desc"}`;
  const minutes = await sql.unsafe<EndTick[]>(
    `select wanted.symbol, own.time, coalesce(sides.decimals, own.decimals) as decimals, null::boolean as "hasQuote"
       from unnest($1::text[], $2::timestamptz[], $3::timestamptz[]) as wanted (symbol, day_start, day_end)
      cross join lateral (
            select ${end === "first" ? "min" : "max"}(bucket) as time, ${decimalsOf("")} as decimals
              from (select * from ohlc_minute where ${ofDay} limit $6) sample) as own
      cross join lateral (
            select greatest(${decimalsOf("bid_")}, ${decimalsOf("ask_")}) as decimals
              from (select * from quote_minute where ${ofDay} limit $6) sample) as sides`,
    [...parametersOf(slice), end === "first" ? 1 : SAMPLE_TICKS],
    { prepare: true },
  );
  const changing = new Set(slice.filter(({ isChanging }) => isChanging).map(({ symbol }) => symbol));
  if (changing.size === 0) return minutes;
  const { droppedBeforeUs } = await readMark(sql);
  return minutes.filter(({ symbol, time }) => !changing.has(symbol) || (time ?? 0) < droppedBeforeUs);
}

/** Wherever they are: dear where there are many chunks. */
function readFarEnds(sql: Queries, days: readonly SymbolDays[], end: End): PromiseLike<EndTick[]> {
  return sql.unsafe<EndTick[]>(
    `select wanted as symbol, (select ${end === "first" ? "min" : "max"}(time) from ticks where symbol = wanted) as time,
            null::int as decimals, null::boolean as "hasQuote"
       from unnest($1::text[]) as wanted`,
    [days.map(({ symbol }) => symbol)],
    { prepare: true },
  );
}
