import { US_PER_DAY, US_PER_HOUR, US_PER_MINUTE } from "@fx-ohlc/schemas";
import { history, Keeper } from "./keeper.js";

let keeper: Keeper;
afterEach(() => keeper.close());

async function kinds(): Promise<Record<string, number>> {
  const rows = await keeper.sql<{ kind: string; count: number }[]>`
    select kind, count(*) as count from revisions group by kind`;
  return Object.fromEntries(rows.map(({ kind, count }) => [kind, count]));
}

test("what retention drops is no correction, and what was kept of it goes with it", async () => {
  keeper = await Keeper.open();
  const { nowUs } = keeper;
  await keeper.store(history(nowUs, 10, 1, US_PER_HOUR));
  const late = (await kinds()).late ?? 0;
  for (const days of [8, 2]) {
    await keeper.sql`delete from ticks where time >= ${nowUs - days * US_PER_DAY} and time < ${nowUs - days * US_PER_DAY + 2 * US_PER_HOUR}`;
  }
  await keeper.sql`update ticks set price = 2 where time >= ${nowUs - 8 * US_PER_DAY} and time < ${nowUs - 7 * US_PER_DAY}`;
  const made = await kinds();
  // Of each symbol.
  expect(made).toEqual({ late, delete: 4, update: 2 });
  keeper.startWorker();
  await keeper.migrate({ retentionDays: 5 });
  await keeper.dropped(5);
  const keptFrom = async () => {
    const [row] = await keeper.sql<{ oldest: number; rows: number }[]>`
      select min(time) as oldest, count(*) as rows from tick_history`;
    return row;
  };
  await keeper.stopWorker();
  expect(await kinds()).toEqual(made);
  expect(await keptFrom()).toEqual({ oldest: expect.any(Number), rows: 4 });
  expect((await keptFrom())?.oldest).toBeGreaterThan(nowUs - 3 * US_PER_DAY);
});

test("late ticks are noted an hour of a symbol a row, whatever is written with them, and those of now are not", async () => {
  keeper = await Keeper.open();
  const hourUs = Math.floor(keeper.nowUs / US_PER_HOUR - 48) * US_PER_HOUR;
  const at = (minutes: number, symbol = "EURUSD") => ({ symbol, timeUs: hourUs + minutes * US_PER_MINUTE, price: 1 });
  await keeper.store([at(1), at(2), at(59), at(61), at(5, "USDJPY"), { ...at(0), timeUs: keeper.nowUs }]);
  const rows = await keeper.sql<{ symbol: string; from: number; until: number }[]>`
    select symbol, (extract(epoch from from_time) / 60)::bigint - ${hourUs / US_PER_MINUTE}::bigint as "from",
           (ceil(extract(epoch from to_time) / 60))::bigint - ${hourUs / US_PER_MINUTE}::bigint as "until"
      from revisions where kind = 'late' order by symbol, from_time`;
  expect(rows.map(({ symbol, from, until }) => [symbol, from, until])).toEqual([
    ["EURUSD", 1, 60],
    ["EURUSD", 61, 62],
    ["USDJPY", 5, 6],
  ]);
});
