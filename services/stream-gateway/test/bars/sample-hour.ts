import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { gunzipSync } from "node:zlib";
import { costOf, type Micros, parseTime } from "@fx-ohlc/schemas";
import type { FoldTick } from "../../src/bars/folded-bar.js";

/** The quotes of one hour of the sample week, in order; those of one stamp are numbered. */
export function readSampleHour(hour: string): FoldTick[] {
  const file = fileURLToPath(new URL("../../../../infra/sample/eurusd-ticks-2014-05-04_09.csv.gz", import.meta.url));
  const lines = gunzipSync(readFileSync(file)).toString("utf8").split("\n");
  let before: FoldTick | undefined;
  return lines
    .filter((line) => line.startsWith(hour))
    .map((line) => {
      const [time, ...sides] = line.split(",");
      const [bid = Number.NaN, ask = Number.NaN] = sides.map(Number);
      const timeUs: Micros = parseTime(time) ?? Number.NaN;
      before = { timeUs, ...costOf({ bid, ask }), seq: before?.timeUs === timeUs ? before.seq + 1 : 0 };
      return before;
    });
}
