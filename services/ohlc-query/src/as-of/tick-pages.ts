import type { Reader } from "../reader.js";
import { readTicks, type TickColumns, type TickRange } from "../ticks.js";
import { haveTicksChanged } from "./changes.js";
import { changedTicks } from "./known-walk.js";
import type { Moment } from "./moment.js";

/** Reads the first ticks of a range as they were known: those that are there, where nothing has changed. */
export async function readKnownTicks(reader: Reader, range: TickRange, moment: Moment): Promise<TickColumns> {
  const known = { ...range, toUs: Math.min(range.toUs, moment.nothingFromUs) };
  const there = await readTicks(reader, known);
  const { symbol, fromUs, rowsMax } = known;
  const isFull = there.timeUs.length >= rowsMax;
  const toUs = isFull ? (there.timeUs.at(-1) ?? fromUs) + 1 : known.toUs;
  const isChanged = fromUs < toUs && (await haveTicksChanged(reader, { symbol, fromUs, toUs }, moment));
  return isChanged ? readChanged(reader, known, moment, there.sides !== undefined) : there;
}

async function readChanged(reader: Reader, range: TickRange, moment: Moment, hasSides: boolean): Promise<TickColumns> {
  const { afterSeq, rowsMax } = range;
  const ticks = {
    timeUs: [] as number[],
    seq: [] as number[],
    price: [] as number[],
    bid: [] as number[],
    ask: [] as number[],
  };
  for await (const { columns, seq } of changedTicks(reader, { ...range, withQuotes: hasSides }, moment, afterSeq)) {
    ticks.timeUs.push(...columns.bucketUs);
    ticks.seq.push(...seq);
    ticks.price.push(...columns.close);
    ticks.bid.push(...(columns.quotes?.bidClose ?? []));
    ticks.ask.push(...(columns.quotes?.askClose ?? []));
    if (ticks.seq.length >= rowsMax) break;
  }
  const cut = (values: readonly number[]) => values.slice(0, rowsMax);
  const columns = { timeUs: cut(ticks.timeUs), seq: cut(ticks.seq), price: cut(ticks.price) };
  return { ...columns, sides: hasSides ? { bid: cut(ticks.bid), ask: cut(ticks.ask) } : undefined };
}
