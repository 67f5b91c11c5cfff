import { readFile } from "node:fs/promises";
import { promisify } from "node:util";
import { gunzip } from "node:zlib";

/** A quote of the sample week. */
export interface SampleTick {
  readonly time: string;
  /** Decimal text: the bid. */
  readonly price: string;
  readonly ask: string;
  /** Place among the ticks of the same time. */
  readonly seq: number;
}

const SAMPLE = new URL("../../sample/eurusd-ticks-2014-05-04_09.csv.gz", import.meta.url);

/** The first `count` quotes of the sample week, which holds 248,039. */
export async function readSample(count: number): Promise<SampleTick[]> {
  const text = (await promisify(gunzip)(await readFile(SAMPLE))).toString("utf8");
  const lines = text.split("\n", count + 1).slice(1);
  let before: SampleTick | undefined;
  return lines.map((line) => {
    const [time = "", price = "", ask = ""] = line.split(",");
    before = { time, price, ask, seq: before?.time === time ? before.seq + 1 : 0 };
    return before;
  });
}
