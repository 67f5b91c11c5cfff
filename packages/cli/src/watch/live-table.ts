import type { LiveBar, StreamEvent } from "@fx-ohlc/client";
import { grouped } from "../terminal.js";

/** The newest of one symbol's ticks. */
interface TickRow {
  readonly symbol: string;
  readonly time: string;
  readonly price: number;
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

/** What the stream has said last of each channel, as a table. */
export class LiveTable {
  readonly #ticks = new Map<string, TickRow>();
  readonly #bars = new Map<string, BarRow>();

  /** Takes an event; those that are no ticks and no bars change nothing. */
  take(event: StreamEvent): void {
    if (event.type === "ticks" || event.type === "reloaded-ticks") this.#takeTicks(event);
    else if (event.type === "bar" || event.type === "final") this.#takeBar(event.channel, event.bar, event.type);
  }

  lines(): string[] {
    const ticks = [...this.#ticks.values()].map(({ symbol, time, price, count }) => {
      return [symbol, time.slice(0, 10), time.slice(11, -1), String(price), grouped(count)];
    });
    const bars = [...this.#bars.values()].map(({ name, bar, state }) => {
      const { bucket, open, high, low, close, tick_count } = bar;
      return [
        name,
        bucket,
        state,
        ...[open, high, low, close].map((price) => String(price ?? "–")),
        grouped(tick_count),
      ];
    });
    return [
      ...(ticks.length > 0 ? table([["ticks", "date", "time", "price", "received"], ...ticks], 3) : []),
      ...(ticks.length > 0 && bars.length > 0 ? [""] : []),
      ...(bars.length > 0 ? table([["bars", "bucket", "", "open", "high", "low", "close", "ticks"], ...bars], 3) : []),
    ];
  }

  #takeTicks({ channel, ticks }: { channel: string; ticks: readonly { time: string; price: number }[] }): void {
    const symbol = channel.slice("ticks:".length);
    const row = this.#ticks.get(channel);
    const latest = ticks.reduce(
      (newest, tick) => (tick.time >= newest.time ? tick : newest),
      row ?? { time: "", price: 0 },
    );
    this.#ticks.set(channel, {
      symbol,
      time: latest.time,
      price: latest.price,
      count: (row?.count ?? 0) + ticks.length,
    });
  }

  /** A final bar gives way to the one that runs, and is shown only while there is none. */
  #takeBar(channel: string, bar: LiveBar, type: "bar" | "final"): void {
    const shown = this.#bars.get(channel);
    if (shown !== undefined && shown.bar.bucket > bar.bucket) return;
    this.#bars.set(channel, {
      name: channel.replace(/^ohlc:(.+):([^:]+)$/, "$1 $2"),
      bar,
      state: type === "bar" ? "running" : "final",
    });
  }
}
