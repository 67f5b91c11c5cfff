import { RangedTickFile, type TickFileRange } from "./ranged-tick-file.js";
import { makeColumns } from "./tick-columns.js";
import { TickFileWriter } from "./tick-file-writer.js";

const DAY_US = 86_400_000_000;
const FROM_US = 1_764_892_800_000_000;
/** As many as a day of five million ticks has; each has fewer rows, so that the test is quick. */
const GROUPS = 38;
const ROWS_PER_GROUP = 400;
const STEP_US = Math.floor(DAY_US / (GROUPS * ROWS_PER_GROUP));

async function dayOfTicks(): Promise<Buffer> {
  const writer = await TickFileWriter.open();
  const parts: Uint8Array[] = [];
  for (let group = 0; group < GROUPS; group += 1) {
    const columns = makeColumns(ROWS_PER_GROUP);
    for (let i = 0; i < ROWS_PER_GROUP; i += 1) {
      const row = group * ROWS_PER_GROUP + i;
      columns.time[i] = BigInt(FROM_US + row * STEP_US);
      columns.price[i] = 1 + ((row * 7919) % 10_007) / 1e5;
    }
    parts.push(writer.add({ ...columns, count: ROWS_PER_GROUP }));
  }
  return Buffer.concat([...parts, writer.finish()]);
}

let bytes: Buffer;
let readBytes: number;
let file: RangedTickFile;

beforeAll(async () => {
  bytes = await dayOfTicks();
});

beforeEach(async () => {
  const slice = async (from: number, to = bytes.length) => {
    readBytes += to - from;
    return new Uint8Array(bytes.subarray(from, to)).buffer;
  };
  file = await RangedTickFile.open({ byteLength: bytes.length, slice });
  readBytes = 0;
});

const hour = (at: number) => FROM_US + at * (DAY_US / 24);

const ranges: readonly [string, Omit<TickFileRange, "seq">, number][] = [
  ["an hour", { fromUs: hour(13), toUs: hour(14), order: "asc", rowsMax: 1_000_000 }, 3],
  ["an hour from its end", { fromUs: hour(13), toUs: hour(14), order: "desc", rowsMax: 1_000_000 }, 3],
  ["a page deep in the day", { fromUs: hour(20.5), toUs: hour(24), order: "asc", rowsMax: 100 }, 2],
  ["a page before an instant deep in the day", { fromUs: hour(0), toUs: hour(20.5), order: "desc", rowsMax: 100 }, 2],
  ["what is beside the day", { fromUs: hour(24), toUs: hour(25), order: "asc", rowsMax: 100 }, 0],
];

test.each(ranges)(
  "of a day of many row groups %s reads only those that hold some of it",
  async (_, range, groupsMax) => {
    const { timeUs } = await file.read({ ...range, seq: range.order === "asc" ? -1 : 0 });
    const all = Array.from({ length: GROUPS * ROWS_PER_GROUP }, (__, row) => FROM_US + row * STEP_US);
    const within = all.filter((us) => us >= range.fromUs && us < range.toUs);
    const expected = range.order === "asc" ? within.slice(0, range.rowsMax) : within.slice(-range.rowsMax);
    expect(Array.from(timeUs)).toEqual(expected);
    expect(readBytes).toBeLessThanOrEqual((bytes.length / GROUPS) * groupsMax);
  },
);
