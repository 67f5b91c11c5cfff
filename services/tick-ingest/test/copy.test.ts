import { eventually } from "@fx-ohlc/testkit";
import { type Ingest, startIngest } from "./ingest.js";

let ingest: Ingest;
beforeAll(async () => {
  ingest = await startIngest({ COPY_TICKS_MIN: "100" });
  // The first ticks of a symbol find its room, and are written carefully.
  await ingest.sql`
    insert into symbols (symbol)
    select unnest(array['COPIED', 'INSERTED', 'AGAIN', 'AGAINNEW', 'MIDDLE', 'CONFLICT', 'OLD', 'CUT',
                         'RACED', 'REMOVED'])`;
});
afterAll(() => ingest.stop());

interface Row {
  readonly symbol: string;
  readonly time: string;
  readonly price: number;
  readonly seq?: number;
}

/** A tick a second. */
function rows(symbol: string, count: number, price = 1.5): Row[] {
  return Array.from({ length: count }, (_, index) => ({
    ...{ symbol, price },
    time: new Date(Date.UTC(2024, 0, 2, 3) + index * 1000).toISOString(),
  }));
}

async function count(symbol: string): Promise<number> {
  const [row] = await ingest.sql`select count(*)::int as count from ticks where symbol = ${symbol}`;
  return row?.count;
}

async function metric(name: string): Promise<number> {
  const text = await (await fetch(`${ingest.url}/metrics`)).text();
  return Number(new RegExp(`^${name} (\\d+)`, "m").exec(text)?.[1]);
}

test("many new ticks are written by COPY, and a few are not", async () => {
  const before = await metric("tick_copied_rows_total");
  const answer = await ingest.post("/ticks/bulk", rows("COPIED", 5000));
  expect(answer.body).toMatchObject({ created: 5000, duplicates: 0 });
  expect(await metric("tick_copied_rows_total")).toBe(before + 5000);
  await ingest.post("/ticks/bulk", rows("INSERTED", 99));
  expect(await metric("tick_copied_rows_total")).toBe(before + 5000);
  expect(await count("INSERTED")).toBe(99);
});

test("what was sent before is found by its first or last tick, and no row is written in vain", async () => {
  const before = await metric("tick_copy_wasted_rows_total");
  await ingest.post("/ticks/bulk", rows("AGAIN", 500));
  const again = await ingest.post("/ticks/bulk", [...rows("AGAIN", 500), ...rows("AGAINNEW", 500)]);
  expect(again.body).toMatchObject({ created: 500, duplicates: 500 });
  expect(await metric("tick_copy_wasted_rows_total")).toBe(before);
});

test("a taken place in the middle of a request is met by COPY, and everything is written all the same", async () => {
  const [middle] = rows("MIDDLE", 251).slice(250);
  await ingest.post("/ticks", { ...middle, price: 9 });
  const before = await metric("tick_copy_wasted_rows_total");
  const answer = await ingest.post("/ticks/bulk", rows("MIDDLE", 500));
  expect(answer.body).toMatchObject({ created: 500, duplicates: 0 });
  expect(await metric("tick_copy_wasted_rows_total")).toBe(before + 500);
  const stamp =
    await ingest.sql`select seq, price from ticks where symbol = 'MIDDLE' and time = ${middle?.time ?? ""} order by seq`;
  expect([...stamp]).toEqual([
    { seq: 0, price: 9 },
    { seq: 1, price: 1.5 },
  ]);
  // The symbol is looked up first now, and nothing is wasted on it.
  await ingest.post("/ticks/bulk", rows("MIDDLE", 500));
  expect(await metric("tick_copy_wasted_rows_total")).toBe(before + 500);
});

/** Runs something while the rows of a request wait behind the lock of their symbol. */
async function beside(symbol: string, statement: string) {
  let answering: ReturnType<Ingest["post"]> | undefined;
  await ingest.sql.begin(async (transaction) => {
    await transaction`select pg_advisory_xact_lock(hashtextextended(${symbol}, 0))`;
    answering = ingest.post("/ticks/bulk", rows(symbol, 500));
    const waits = () => ingest.sql`select from pg_locks where locktype = 'advisory' and not granted`;
    await eventually(async () => (await waits()).length > 0, { what: "the rows to wait" });
    await transaction.unsafe(statement);
  });
  return answering;
}

test("what has changed while a COPY waited for its symbol is seen behind the lock, before a row is written", async () => {
  const before = await metric("tick_copy_wasted_rows_total");
  const taking = "insert into ticks (symbol, time, seq, price) values ('RACED', '2024-01-02T03:00:00Z', 0, 9)";
  const raced = await beside("RACED", taking);
  expect(raced?.body).toMatchObject({ created: 500, duplicates: 0 });
  expect(await count("RACED")).toBe(501);

  const removed = await beside("REMOVED", "delete from symbols where symbol = 'REMOVED'");
  expect(removed?.body).toMatchObject({ created: 500 });
  expect(await ingest.sql`select from symbols where symbol = 'REMOVED'`).toHaveLength(1);
  expect(await metric("tick_copy_wasted_rows_total")).toBe(before);
});

test("a conflict in the middle of many new ticks is refused by name, and nothing of the request is stored", async () => {
  const [middle] = rows("CONFLICT", 251).slice(250);
  await ingest.post("/ticks", { ...middle, price: 9 });
  const numbered = rows("CONFLICT", 500).map((row) => ({ ...row, seq: 0 }));
  const answer = await ingest.post("/ticks/bulk", numbered);
  expect(answer.status).toBe(409);
  expect(answer.body).toMatchObject({ errors: [{ field: "[250].seq" }] });
  expect(await count("CONFLICT")).toBe(1);
});

test("ticks of compressed chunks that are sent again are stored once", async () => {
  await ingest.post("/ticks/bulk", rows("OLD", 1000));
  const [engine] = await ingest.sql`select value from settings where key = 'engine'`;
  // Plain PostgreSQL compresses nothing; there the rest holds as well.
  if (engine?.value === "timescaledb") await ingest.sql`select compress_chunk(show_chunks('ticks'))`;
  const shifted = [
    { ...rows("OLD", 1)[0], time: "2024-01-02T02:00:00Z" },
    ...rows("OLD", 1000),
    { ...rows("OLD", 1)[0], time: "2024-01-02T05:00:00Z" },
  ];
  const answer = await ingest.post("/ticks/bulk", shifted);
  expect(answer.body).toMatchObject({ created: 2, duplicates: 1000 });
  expect(await count("OLD")).toBe(1002);
});

test("a connection that ends in the middle of a COPY is answered 503, and the request can be sent again", async () => {
  await ingest.sql`
    create function hold_up() returns trigger language plpgsql as $$
    begin
      if new.symbol = 'CUT' then perform pg_sleep(30); end if;
      return new;
    end $$`;
  await ingest.sql`create trigger held_up before insert on ticks for each row execute function hold_up()`;
  const answering = ingest.post("/ticks/bulk", rows("CUT", 2000));
  const cut = async () => {
    const ended = await ingest.sql`
      select pg_terminate_backend(pid) from pg_stat_activity
       where application_name = 'tick-ingest' and state = 'active' and query ilike 'copy ticks%'`;
    return ended.length > 0;
  };
  await eventually(cut, { what: "the COPY to be under way" });
  expect((await answering).status).toBe(503);
  await ingest.sql`drop trigger held_up on ticks`;
  const again = () => ingest.post("/ticks/bulk", rows("CUT", 2000));
  await eventually(async () => (await again()).status === 201, { what: "the database to be back" });
  expect(await count("CUT")).toBe(2000);
});
