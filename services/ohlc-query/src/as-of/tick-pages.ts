import type { SingleTicks } from "../bars/tick-source.js";
import type { Reader } from "../reader.js";
import { readTicks, type TickColumns, type TickRange } from "../ticks.js";
import { haveTicksChanged } from "./changes.js";
import { changedTicks } from "./known-walk.js";
import type { Moment } from "./moment.js";

/** Reads the first ticks of a range as they were known: those that are there, where nothing has changed. */
export async function readKnownTicks(reader: Reader, range: TickRange, moment: Moment): Promise<TickColumns> {
  const known = { ...range, toUs: Math.min(range.toUs, moment.nothingFromUs) };
  // Of what is dropped nobody knows what was known of it: it is refused below, and not read before.
  const there = await readTicks(reader, known, "table");
  const { symbol, fromUs, rowsMax } = known;
  const isFull = there.timeUs.length >= rowsMax;
  const toUs = isFull ? (there.timeUs.at(-1) ?? fromUs) + 1 : known.toUs;
  const isChanged = fromUs < toUs && (await haveTicksChanged(reader, { symbol, fromUs, toUs }, moment));
  return isChanged ? readChanged(reader, known, moment, there.sides !== undefined) : there;
}

async function readChanged(reader: Reader, range: TickRange, moment: Moment, hasSides: boolean): Promise<TickColumns> {
  const { afterSeq, rowsMax } = range;
  const pieces: SingleTicks[] = [];
  let rows = 0;
  for await (const piece of changedTicks(reader, { ...range, withQuotes: hasSides }, moment, afterSeq)) {
    pieces.push(piece);
    rows += piece.seq.length;
    if (rows >= rowsMax) break;
  }
  const first = (of: (piece: SingleTicks) => readonly number[]) => pieces.flatMap(of).slice(0, rowsMax);
  const side = (name: "bidClose" | "askClose") => first(({ columns }) => columns.quotes?.[name] ?? []);
  return {
    timeUs: first(({ columns }) => columns.bucketUs),
    seq: first(({ seq }) => seq),
    price: first(({ columns }) => columns.close),
    sides: hasSides ? { bid: side("bidClose"), ask: side("askClose") } : undefined,
  };
}
