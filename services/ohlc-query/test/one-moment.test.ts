import { setTimeout as delay } from "node:timers/promises";
import type { Transaction } from "@fx-ohlc/database";
import { type ReadSide, startReadSide } from "./read-side.js";

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
/** So often what is read changes while it is: of answers that were made of two moments, one in ten or more was torn. */
const CHANGES = 150;

const iso = (ms: number) => new Date(ms).toISOString();
/** The last whole hours: no clock of an engine has stored their bars for good. */
const hourMs = Math.floor(Date.now() / HOUR_MS) * HOUR_MS;

let service: ReadSide;
beforeAll(async () => {
  service = await startReadSide();
});
afterAll(() => service.stop());

/** Asks again and again while `change` commits one state after the other, and gathers what is not as it was at any moment. */
async function faultsWhile(
  { sql }: ReadSide,
  change: (transaction: Transaction, n: number) => Promise<unknown>,
  fault: () => Promise<unknown>,
): Promise<unknown[]> {
  const faults: unknown[] = [];
  let done = false;
  const asking = [1, 2].map(async () => {
    while (!done) {
      const found = await fault();
      if (found !== undefined) faults.push(found);
    }
  });
  for (let n = 0; n < CHANGES; n += 1) {
    await sql.begin((transaction) => change(transaction, n));
    await delay(n % 5);
  }
  done = true;
  await Promise.all(asking);
  return faults;
}

describe("an answer is of one moment, however many statements it takes", () => {
  test("the newest bar of an interval that is folded is there as long as any is", async () => {
    const newest = iso(Date.now() - MINUTE_MS);
    await service.insert([{ symbol: "NEWEST", time: iso(Date.now() - HOUR_MS), price: 1 }]);
    const change = (transaction: Transaction, n: number) =>
      n % 2 === 0
        ? transaction`insert into ticks (symbol, time, seq, price) values ('NEWEST', ${newest}::text::timestamptz, 0, 2)`
        : transaction`delete from ticks where symbol = 'NEWEST' and time = ${newest}::text::timestamptz`;
    const fault = async () => {
      const { body } = await service.get("/ohlc/latest?symbol=NEWEST&interval=5m");
      return body.length === 1 ? undefined : body;
    };
    expect(await faultsWhile(service, change, fault)).toEqual([]);
  });

  test("buckets are filled with the close that was the last when their bars were read", async () => {
    const times = [hourMs - 2 * HOUR_MS, hourMs - HOUR_MS].map(iso);
    await service.insert(times.map((time) => ({ symbol: "FILLED", time, price: 1 })));
    const change = (transaction: Transaction, n: number) =>
      transaction`update ticks set price = ${2 + n} where symbol = 'FILLED'`;
    const fault = async () => {
      const range = `start=${iso(hourMs - 1.5 * HOUR_MS)}&end=${iso(hourMs - HOUR_MS + 1)}`;
      const { body } = await service.get(`/ohlc?symbol=FILLED&interval=10m&${range}&fill=previous`);
      return body[0]?.close === body.at(-1)?.high ? undefined : body;
    };
    expect(await faultsWhile(service, change, fault)).toEqual([]);
  });

  test("a chart is told of the last bar before its range as of when there was none in it", async () => {
    const [first = "", within = "", before = ""] = [5, 1, 3].map((hours) => iso(hourMs - hours * HOUR_MS));
    await service.insert([first, within].map((time) => ({ symbol: "CHART", time, price: 1 })));
    const change = (transaction: Transaction, n: number) => transaction`
      update ticks set time = ${n % 2 === 0 ? before : within}::text::timestamptz
       where symbol = 'CHART' and time > ${first}::text::timestamptz`;
    const fault = async () => {
      const range = `from=${hourMs / 1000 - 2 * 3600}&to=${hourMs / 1000}`;
      const { body } = await service.get<{ s: string; nextTime?: number }>(
        `/udf/history?symbol=CHART&resolution=1&${range}`,
      );
      return body.s === "ok" || body.nextTime === Date.parse(before) / 1000 ? undefined : body;
    };
    expect(await faultsWhile(service, change, fault)).toEqual([]);
  });

  test.each(["0", "64"])(
    "so are pages that are folded from more bars than one statement reads, BAR_CACHE_MB=%s",
    async (mb) => {
      // Where old bars change with their ticks.
      const plain = await startReadSide({ engine: "postgres" }, { BAR_CACHE_MB: mb });
      try {
        const [startMs, minutes] = [Date.UTC(2024, 0, 1), 50_500];
        await plain.sql`
        insert into ticks (symbol, time, seq, price)
        select 'LONG', ${iso(startMs)}::text::timestamptz + minute * interval '1 minute', 0, 1
          from generate_series(0, ${minutes}::int) minute`;
        const ends = [startMs, startMs + minutes * MINUTE_MS].map(iso);
        const change = (transaction: Transaction, n: number) =>
          transaction`update ticks set price = ${2 + n} where symbol = 'LONG' and time = any(${ends}::text[]::timestamptz[])`;
        const fault = async () => {
          const { body } = await plain.get(`/ohlc?symbol=LONG&interval=30m&start=${ends[0]}&limit=1700`);
          const found = [body.length, body[0]?.high, body.at(-1)?.high];
          return found[0] === 1684 && found[1] === found[2] ? undefined : found;
        };
        expect(await faultsWhile(plain, change, fault)).toEqual([]);
      } finally {
        await plain.stop();
      }
    },
  );
});
