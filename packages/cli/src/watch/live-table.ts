import { type EventOf, type FeedStatusEvent, type LiveBar, parseChannel, type StreamEvent } from "@fx-ohlc/client";
import type { CheckedCost } from "@fx-ohlc/schemas";
import { grouped } from "../terminal.js";

type TimedTick = CheckedCost & { readonly time: string };

/** The newest of one symbol's ticks. */
interface TickRow {
  readonly symbol: string;
  readonly tick: TimedTick;
  readonly count: number;
}

interface BarRow {
  readonly name: string;
  readonly bar: LiveBar;
  readonly state: string;
}

/** Rows padded to columns: texts to the left, numbers to the right. */
function table(rows: readonly (readonly string[])[], leftColumns: number): string[] {
  const widths = (rows[0] ?? []).map((_cell, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows.map((row) =>
    row
      .map((cell, column) => {
        const width = widths[column] ?? 0;
        return column < leftColumns ? cell.padEnd(width) : cell.padStart(width);
      })
      .join("  ")
      .trimEnd(),
  );
}

/** What is not there, such as the sides of a price. */
const shown = (value: number | null | undefined) => String(value ?? "–");

/** Columns that stand only where some row has something in them. */
interface ExtraColumns<Row> {
  readonly names: readonly string[];
  cells(row: Row): readonly (number | null | undefined)[];
}

/** Both sides of quotes. */
const SIDES: ExtraColumns<TickRow> = { names: ["bid", "ask"], cells: ({ tick: { bid, ask } }) => [bid, ask] };

/** What bars of all sides have beside their prices: where each side closed, and what lay between them. */
const QUOTES: ExtraColumns<BarRow> = {
  names: ["bid", "ask", "spread"],
  cells: ({ bar: { bid_close, ask_close, spread_avg } }) => [bid_close, ask_close, spread_avg],
};

/** Those of the columns that some row needs: their names, and what each row has in them. */
function extra<Row>({ names, cells }: ExtraColumns<Row>, rows: readonly Row[]) {
  const isNeeded = rows.some((row) => cells(row).some((cell) => cell !== undefined));
  return { names: isNeeded ? names : [], of: (row: Row) => (isNeeded ? cells(row).map(shown) : []) };
}

/** The channel without its kind: `EURUSD minute bid`, `EURUSD 4h @17:America/New_York`. */
function barsName(channel: string): string {
  const bars = parseChannel(channel);
  if (bars?.kind !== "ohlc") return channel;
  const { symbol, interval, side } = bars;
  const boundary = channel.slice(channel.lastIndexOf("@"));
  return [symbol, interval, ...(side === "mid" ? [] : [side]), ...(bars.boundary ? [boundary] : [])].join(" ");
}

/** What the stream has said last of each channel, as a table. */
export class LiveTable {
  readonly #ticks = new Map<string, TickRow>();
  readonly #bars = new Map<string, BarRow>();
  readonly #feeds = new Map<string, FeedStatusEvent>();

  /** Takes an event; those that are no ticks, bars or states of feeds change nothing. */
  take(event: StreamEvent): void {
    if (event.type === "ticks" || event.type === "reloaded-ticks") this.#takeTicks(event);
    else if (event.type === "corrected") this.#correct(event);
    else if (event.type === "feed-status") this.#feeds.set(event.channel, event);
    else if (event.type === "bar" || event.type === "final") this.#takeBar(event.channel, event.bar, event.type);
  }

  lines(): string[] {
    const ticks = this.#tickLines([...this.#ticks.values()]);
    const bars = this.#barLines([...this.#bars.values()]);
    const shownTables = [ticks, bars, this.#feedLines([...this.#feeds.values()])].filter(({ length }) => length > 0);
    return shownTables.flatMap((lines, index) => (index === 0 ? lines : ["", ...lines]));
  }

  #tickLines(rows: readonly TickRow[]): string[] {
    if (rows.length === 0) return [];
    const sides = extra(SIDES, rows);
    const cells = rows.map((row) => {
      const { time, price } = row.tick;
      return [row.symbol, time.slice(0, 10), time.slice(11, -1), String(price), ...sides.of(row), grouped(row.count)];
    });
    return table([["ticks", "date", "time", "price", ...sides.names, "received"], ...cells], 3);
  }

  #feedLines(rows: readonly FeedStatusEvent[]): string[] {
    if (rows.length === 0) return [];
    return table([["feeds", "", "since"], ...rows.map(({ symbol, state, since }) => [symbol, state, since])], 3);
  }

  #barLines(rows: readonly BarRow[]): string[] {
    if (rows.length === 0) return [];
    const quotes = extra(QUOTES, rows);
    const cells = rows.map((row) => {
      const { bucket, open, high, low, close, tick_count } = row.bar;
      const prices = [open, high, low, close].map(shown);
      return [row.name, bucket, row.state, ...prices, ...quotes.of(row), grouped(tick_count)];
    });
    const names = ["bars", "bucket", "", "open", "high", "low", "close", ...quotes.names, "ticks"];
    return table([names, ...cells], 3);
  }

  #takeTicks({ channel, ticks }: { readonly channel: string; readonly ticks: readonly TimedTick[] }): void {
    const row = this.#ticks.get(channel);
    const newest = (before: TimedTick | undefined, tick: TimedTick) =>
      before === undefined || tick.time >= before.time ? tick : before;
    const tick = ticks.reduce(newest, row?.tick);
    if (tick === undefined) return;
    const symbol = channel.slice("ticks:".length);
    this.#ticks.set(channel, { symbol, tick, count: (row?.count ?? 0) + ticks.length });
  }

  /** The newest tick may be another one now, or gone; the one before it is not known then. */
  #correct({ channel, from, to, ticks }: EventOf<"corrected">): void {
    const row = this.#ticks.get(channel);
    if (row === undefined || row.tick.time < from || row.tick.time >= to) return;
    const tick = ticks.at(-1);
    if (tick === undefined) this.#ticks.delete(channel);
    else this.#ticks.set(channel, { ...row, tick });
  }

  /** A final bar gives way to the one that runs, and is shown only while there is none. */
  #takeBar(channel: string, bar: LiveBar, type: "bar" | "final"): void {
    const before = this.#bars.get(channel);
    if (before !== undefined && before.bar.bucket > bar.bucket) return;
    this.#bars.set(channel, {
      name: barsName(channel),
      bar,
      state: type === "bar" ? "running" : "final",
    });
  }
}
