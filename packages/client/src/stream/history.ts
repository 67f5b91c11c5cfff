import type { BarJson, StoredInterval } from "@fx-ohlc/schemas";
import type { TickJson } from "../types.js";
import type { Channel } from "./channel.js";
import type { ReloadedBarsEvent, ReloadedTicksEvent } from "./events.js";

/** The two reads that fill what a stream could not give. */
export interface HistoryReader {
  ticks(query: HistoryQuery): AsyncIterable<TickJson>;
  bars(query: HistoryQuery & { readonly interval: StoredInterval }): AsyncIterable<BarJson>;
}

export interface HistoryQuery {
  readonly symbol: string;
  readonly start: string;
  readonly end?: string | undefined;
  readonly signal: AbortSignal;
}

/** What is to be read again of one channel. */
export interface Range {
  readonly from: string;
  /** Absent: up to now. */
  readonly to?: string | undefined;
}

/** Rows of one event: some are shown while the rest is being read, and no event holds a whole day. */
const EVENT_ROWS_MAX = 1_000;

/** The longest an interval's bucket is: a day on which the clocks go back has 25 hours. */
const BUCKET_MAX_MS: Readonly<Record<StoredInterval, number>> = { minute: 60_000, hour: 3_600_000, day: 90_000_000 };

/** The start of a query by bucket that finds the bucket `time` lies in. */
function bucketsFrom(time: string, interval: StoredInterval): string {
  return new Date(Date.parse(time) - BUCKET_MAX_MS[interval]).toISOString();
}

async function* grouped<Row>(rows: AsyncIterable<Row>): AsyncGenerator<Row[]> {
  let group: Row[] = [];
  for await (const row of rows) {
    group.push(row);
    if (group.length < EVENT_ROWS_MAX) continue;
    yield group;
    group = [];
  }
  if (group.length > 0) yield group;
}

/** Reads a range of a channel: its ticks, or its bars that are closed by now. */
export async function* readHistory(
  reader: HistoryReader,
  name: string,
  channel: Channel,
  range: Range,
  signal: AbortSignal,
): AsyncGenerator<ReloadedTicksEvent | ReloadedBarsEvent> {
  const { symbol } = channel;
  const query = { symbol, start: range.from, end: range.to, signal };
  if (channel.kind === "ticks") {
    for await (const ticks of grouped(reader.ticks(query))) {
      yield { type: "reloaded-ticks", channel: name, symbol, from: range.from, to: range.to, ticks };
    }
    return;
  }
  const { interval } = channel;
  const start = bucketsFrom(range.from, interval);
  for await (const bars of grouped(reader.bars({ ...query, start, interval }))) {
    const closed = bars.filter(({ complete }) => complete);
    if (closed.length > 0) yield { type: "reloaded-bars", channel: name, symbol, interval, bars: closed };
  }
}
