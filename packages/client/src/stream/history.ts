import type { ChannelSide, FilledBar, TickJson } from "@fx-ohlc/schemas";
import type { BarsQuery, RangeQuery } from "../queries.js";
import type { HistoryChannel } from "./channel.js";
import type { ReloadedBarsEvent, ReloadedTicksEvent } from "./events.js";
import type { Range } from "./ranges.js";

/** The two reads that fill what a stream could not give. */
export interface HistoryReader {
  ticks(query: RangeQuery): AsyncIterable<TickJson>;
  bars(query: BarsQuery): AsyncIterable<FilledBar>;
}

/** The beginning of a range. */
export interface Page {
  /** Absent when there is nothing in it. */
  readonly event?: ReloadedTicksEvent | ReloadedBarsEvent | undefined;
  /** What is to be read after it. */
  readonly rest?: Range | undefined;
}

/**
 * Rows of a request, and of an event: a busy reader is never far from its end, and no event holds a whole day. More than the
 * 1,024 ticks that one stamp may have, so that every page goes further than the one before.
 */
const PAGE_ROWS = 2_000;

/** How HTTP is asked for what a channel tells. */
const READ_OF: Readonly<Record<ChannelSide, Pick<BarsQuery, "price" | "include">>> = {
  mid: {},
  bid: { price: "bid" },
  ask: { price: "ask" },
  quote: { include: ["bid", "ask", "spread"] },
};

/** Up to now would leave out ticks that are stamped a little ahead of the server's clock. */
const FOREVER = "9999-01-01T00:00:00Z";

/**
 * The first rows, and the time the rest begins at. A full page may end between two ticks of one stamp: the last stamp is left
 * to the next page.
 */
async function firstRows<Row>(rows: AsyncIterable<Row>, timeOf: (row: Row) => string) {
  const page: Row[] = [];
  for await (const row of rows) {
    page.push(row);
    if (page.length < PAGE_ROWS) continue;
    const next = timeOf(row);
    return { page: page.filter((each) => timeOf(each) !== next), next };
  }
  return { page, next: undefined };
}

/** Reads the beginning of a range of a channel: its ticks, or its bars that are closed by now. */
export async function readPage(
  reader: HistoryReader,
  name: string,
  channel: HistoryChannel,
  range: Range,
  signal: AbortSignal,
): Promise<Page> {
  const { symbol } = channel;
  const query = { symbol, start: range.from, end: range.to ?? FOREVER, pageSize: PAGE_ROWS, signal };
  if (channel.kind === "ticks") {
    const { page: ticks, next } = await firstRows(reader.ticks(query), ({ time }) => time);
    const read = { from: range.from, to: next ?? range.to };
    return {
      // Without any as well: what was held of the range is deleted.
      event: { type: "reloaded-ticks", channel: name, symbol, ...read, ticks },
      rest: next === undefined ? undefined : { from: next, to: range.to },
    };
  }
  const { interval, side, boundary } = channel;
  const kind = { interval, dayStartHour: boundary?.hour, timezone: boundary?.timezone, ...READ_OF[side] };
  const { page, next } = await firstRows(reader.bars({ ...query, ...kind }), ({ bucket }) => bucket);
  const bars = page.filter(({ complete }) => complete);
  return {
    event: bars.length === 0 ? undefined : { type: "reloaded-bars", channel: name, symbol, interval, side, bars },
    rest: next === undefined ? undefined : { from: next, to: range.to },
  };
}
