import type { BarsQuery, FxClient } from "@fx-ohlc/client";
import type { ExpectedBar } from "./expected-bars.js";

/** All pages. */
export async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}

/** Bars over HTTP, as far as ticks determine them. */
export async function readBars(client: FxClient, query: BarsQuery): Promise<ExpectedBar[]> {
  const bars = await collect(client.bars(query));
  return bars.map(({ bucket, open, high, low, close, tick_count }) => ({ bucket, open, high, low, close, tick_count }));
}
