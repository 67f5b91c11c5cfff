import { eventually } from "@fx-ohlc/testkit";
import { type Ingest, startIngest } from "./ingest.js";

let ingest: Ingest;
beforeAll(async () => {
  ingest = await startIngest();
});
afterAll(() => ingest.stop());

/** A tick each millisecond, for 20 s. */
const STORED = 20_000;
const FROM_MS = Date.UTC(2024, 0, 2, 3);

function tickAt(ms: number, price: number) {
  return { symbol: "DENSE", time: new Date(FROM_MS + ms).toISOString(), price };
}

/** Rows that statements have read of the ticks and added to them, as far as PostgreSQL has counted them: all of a transaction at once. */
async function counted(): Promise<{ read: number; added: number }> {
  const [row] = await ingest.sql`
    select sum(coalesce(idx_tup_fetch, 0) + seq_tup_read)::float8 as read, sum(n_tup_ins)::float8 as added
      from pg_stat_all_tables
     where relname = 'ticks' or relname like '\\_hyper%'`;
  return { read: row?.read, added: row?.added };
}

test("a few ticks far apart in a dense history are looked up by themselves, and rightly so", async () => {
  const history = Array.from({ length: STORED }, (_, ms) => tickAt(ms, 1));
  expect((await ingest.post("/ticks/bulk", history)).status).toBe(201);
  await eventually(async () => (await counted()).added >= STORED, { what: "the count of what was stored" });
  const before = await counted();
  const few = [tickAt(0, 1), tickAt(9_000, 2), tickAt(19_999, 1), tickAt(20_000, 1)];
  const answer = await ingest.post("/ticks/bulk", few);
  expect(answer.body).toMatchObject({ created: 2, duplicates: 2 });
  const stored = await ingest.sql`
    select seq, price from ticks where symbol = 'DENSE' and time = ${few[1]?.time ?? ""}::timestamptz order by seq`;
  expect(stored.map(({ seq, price }) => [seq, price])).toEqual([
    [0, 1],
    [1, 2],
  ]);
  await eventually(async () => (await counted()).added > before.added, { what: "the count of what was added" });
  expect((await counted()).read - before.read).toBeLessThan(1000);
});
