import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import {
  type ArchiveStore,
  type CurrentFile,
  makeColumns,
  TickFileWriter,
  tickFile,
  writeCurrent,
} from "@fx-ohlc/archive";
import { midOf } from "@fx-ohlc/schemas";
import { microsOf, type TestTick } from "./read-side.js";

export const ROOT = join(__dirname, "../../..");
/** Minute bars of the week that comes with the repository. */
export const BARS_OF_THE_WEEK = 6967;

/** The given week's quotes, by UTC day. */
export async function sampleDays(): Promise<Map<string, TestTick[]>> {
  const text = gunzipSync(await readFile(join(ROOT, "infra/sample/eurusd-ticks-2014-05-04_09.csv.gz"))).toString();
  const ticks = text
    .trim()
    .split("\n")
    .slice(1)
    .map((line): TestTick => {
      const [time = "", bid = "", ask = ""] = line.split(",");
      return { time, bid: Number(bid), ask: Number(ask), price: midOf(Number(bid), Number(ask)) };
    });
  return byDay(numbered(ticks));
}

/** Those of one stamp are told apart by their order. */
function numbered(ticks: readonly TestTick[]): TestTick[] {
  let [last, seq] = ["", 0];
  return ticks.map((tick) => {
    seq = tick.time === last ? seq + 1 : 0;
    last = tick.time;
    return { ...tick, seq };
  });
}

function byDay(ticks: readonly TestTick[]): Map<string, TestTick[]> {
  const found = new Map<string, TestTick[]>();
  for (const tick of ticks) {
    const date = tick.time.slice(0, "2014-05-04".length);
    const own = found.get(date) ?? [];
    found.set(date, own);
    own.push(tick);
  }
  return found;
}

async function fileOf(ticks: readonly TestTick[]): Promise<Buffer> {
  const columns = makeColumns(ticks.length);
  for (const [i, { time, seq = 0, price, bid = 0, ask = 0 }] of ticks.entries()) {
    columns.time[i] = BigInt(microsOf(time));
    columns.recordedAt[i] = BigInt(microsOf(time) + 1000);
    columns.seq[i] = seq;
    columns.price[i] = price;
    columns.bid[i] = bid;
    columns.ask[i] = ask;
  }
  const writer = await TickFileWriter.open();
  return Buffer.concat([writer.add({ ...columns, count: ticks.length }), writer.finish()]);
}

/** Days of some symbols, all of which have the same ticks; and beside each day's file one that counts no more. */
export async function writeDataset(
  store: ArchiveStore,
  symbols: readonly string[],
  days: ReadonlyMap<string, readonly TestTick[]>,
): Promise<void> {
  const files: CurrentFile[] = [];
  for (const [date, ticks] of days) {
    const bytes = await fileOf(ticks);
    for (const symbol of symbols) {
      const file = { symbol, date, ticks: ticks.length, path: tickFile({ symbol, date, n: 2 }), checksum: "unread" };
      files.push(file);
      await store.write(file.path, bytes);
      await store.write(tickFile({ symbol, date, n: 1 }), bytes);
    }
  }
  await writeCurrent(
    store,
    (async function* () {
      yield files.sort((a, b) => (a.symbol < b.symbol ? -1 : 1));
    })(),
  );
}
