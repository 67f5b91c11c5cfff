import { type Ingest, startIngest } from "./ingest.js";

let ingest: Ingest;
beforeAll(async () => {
  ingest = await startIngest();
});
afterAll(() => ingest.stop());

const SECOND = (second: number) => `2024-05-01T10:00:${String(second).padStart(2, "0")}Z`;

interface StoredTick {
  readonly time: Date;
  readonly seq: number;
  readonly price: number;
  readonly bid: number | null;
}

async function stored(symbol: string): Promise<StoredTick[]> {
  const ticks = await ingest.sql<StoredTick[]>`
    select time, seq, price, bid from ticks where symbol = ${symbol} order by time, seq`;
  return [...ticks];
}

async function revisions(symbol: string): Promise<Record<string, unknown>[]> {
  const rows = await ingest.sql`
    select kind, ticks::int, by, reason, undoes::int from revisions where symbol = ${symbol} order by id`;
  return [...rows];
}

async function idOf(symbol: string, kind: string): Promise<number> {
  const [row] = await ingest.sql`
    select id::int from revisions where symbol = ${symbol} and kind = ${kind} order by id limit 1`;
  return row?.id;
}

const post = (symbol: string, seconds: readonly number[]) =>
  ingest.post(
    "/ticks/bulk",
    seconds.map((second) => ({ symbol, time: SECOND(second), price: 1 + second / 100 })),
  );

test("what comes late, is corrected and deleted is kept with who did it and why", async () => {
  await post("AAA", [1, 2, 3]);
  await ingest.send("PUT", `/ticks?symbol=AAA&time=${SECOND(1)}`, { price: 2, reason: "a typo" });
  await ingest.send("DELETE", `/ticks?symbol=AAA&start=${SECOND(2)}&end=${SECOND(4)}&reason=bad+feed`);
  await ingest.send("DELETE", `/ticks/AAA/${SECOND(1)}`);
  const by = expect.any(String);
  expect(await revisions("AAA")).toEqual([
    { kind: "late", ticks: 3, by: null, reason: null, undoes: null },
    { kind: "update", ticks: 1, by, reason: "a typo", undoes: null },
    { kind: "delete", ticks: 2, by, reason: "bad feed", undoes: null },
    { kind: "delete", ticks: 1, by, reason: null, undoes: null },
  ]);
  const [, updated] = await ingest.sql`
    select price, new_price, recorded_at < removed_at as was_known from tick_history
     where symbol = 'AAA' and time = ${SECOND(1)} order by removed_at desc`;
  expect(updated).toEqual({ price: 1.01, new_price: 2, was_known: true });
});

test("several corrections are made in one transaction, or none of them", async () => {
  await post("BBB", [1, 2, 3]);
  await ingest.post("/ticks", { symbol: "BBQ", time: SECOND(1), bid: 1.5, ask: 1.75 });
  const before = await stored("BBB");
  const refused = await ingest.post("/corrections", [
    { op: "update", symbol: "BBB", time: SECOND(1), price: 5 },
    { op: "delete", symbol: "BBB", time: SECOND(9) },
  ]);
  expect(refused).toMatchObject({ status: 404, body: { errors: [{ field: "[1].time" }] } });
  const wrongKind = await ingest.post("/corrections", [{ op: "update", symbol: "BBQ", time: SECOND(1), price: 5 }]);
  expect(wrongKind).toMatchObject({ status: 422, body: { errors: [{ field: "[0].price" }] } });
  const twice = { op: "delete", symbol: "BBB", time: SECOND(1) };
  expect((await ingest.post("/corrections", [twice, twice])).status).toBe(422);
  expect(await stored("BBB")).toEqual(before);
  const done = await ingest.post("/corrections?reason=all+wrong", [
    { op: "update", symbol: "BBB", time: SECOND(1), price: 5 },
    { op: "update", symbol: "BBQ", time: SECOND(1), bid: 2, ask: 4 },
    { op: "delete", symbol: "BBB", time: SECOND(3), seq: 0 },
  ]);
  expect(done).toMatchObject({ status: 200, body: { updated: 2, deleted: 1 } });
  expect((await stored("BBB")).map(({ price }) => price)).toEqual([5, 1.02]);
  expect(await stored("BBQ")).toMatchObject([{ price: 3, bid: 2 }]);
  const [counted] = await ingest.sql`
    select count(*)::int as rows, count(distinct change)::int as changes from revisions where reason = 'all wrong'`;
  expect(counted).toEqual({ rows: 3, changes: 1 });
});

test("an undo puts back what a revision replaced, once, and only where nothing was changed since", async () => {
  await post("CCC", [1, 2, 3]);
  await ingest.post("/ticks", { symbol: "CCC", time: SECOND(4), bid: 1.5, ask: 1.75 });
  const before = await stored("CCC");
  await ingest.send("PUT", `/ticks?symbol=CCC&time=${SECOND(1)}`, { price: 2 });
  await ingest.send("DELETE", `/ticks?symbol=CCC&start=${SECOND(2)}&end=${SECOND(5)}`);
  const [update, deletion] = await Promise.all([idOf("CCC", "update"), idOf("CCC", "delete")]);
  expect(await ingest.send("POST", `/revisions/${update}/undo`)).toMatchObject({ status: 200, body: { updated: 1 } });
  expect(await ingest.send("POST", `/revisions/${deletion}/undo?reason=they+were+right`)).toMatchObject({
    ...{ status: 200, body: { restored: 3 } },
  });
  expect(await stored("CCC")).toEqual(before);
  expect((await revisions("CCC")).slice(-2)).toMatchObject([
    { kind: "update", undoes: update },
    { kind: "late", ticks: 3, reason: "they were right", undoes: deletion },
  ]);
  for (const id of [update, deletion]) expect((await ingest.send("POST", `/revisions/${id}/undo`)).status).toBe(409);
  expect((await ingest.send("POST", "/revisions/999999/undo")).status).toBe(404);
  const [bar] = await ingest.sql`
    select tick_count::int from ohlc_minute where symbol = 'CCC' and bucket = '2024-05-01 10:00:00+00'`;
  expect(bar?.tick_count).toBe(4);
});

test("an undo is refused where somebody who began earlier was later, and where what was stored again is gone again", async () => {
  await post("DDD", [1, 2]);
  await ingest.sql.begin(async (hand) => {
    await hand`select now()`;
    await ingest.send("PUT", `/ticks?symbol=DDD&time=${SECOND(1)}`, { price: 2 });
    await hand`update ticks set price = 3 where symbol = 'DDD' and time = ${SECOND(1)}`;
  });
  await ingest.send("DELETE", `/ticks/DDD/${SECOND(2)}`);
  await post("DDD", [2]);
  await ingest.send("DELETE", `/ticks/DDD/${SECOND(2)}`);
  for (const kind of ["update", "delete"]) {
    expect((await ingest.send("POST", `/revisions/${await idOf("DDD", kind)}/undo`)).status).toBe(409);
  }
  expect((await stored("DDD")).map(({ price }) => price)).toEqual([3]);
});

test("what a hand replaced twice in one transaction becomes what it was before", async () => {
  await post("EEE", [1, 2]);
  const before = await stored("EEE");
  const atOne = `symbol = 'EEE' and time = '${SECOND(1)}'`;
  const atTwo = `symbol = 'EEE' and time = '${SECOND(2)}'`;
  await ingest.sql.begin(async (hand) => {
    for (const price of [8, 9]) await hand.unsafe(`update ticks set price = ${price} where ${atOne}`);
    await hand.unsafe(`delete from ticks where ${atTwo}`);
    await hand.unsafe(`insert into ticks (symbol, time, seq, price) values ('EEE', '${SECOND(2)}', 0, 7)`);
    await hand.unsafe(`delete from ticks where ${atTwo}`);
  });
  const undo = async (kind: string) => ingest.send("POST", `/revisions/${await idOf("EEE", kind)}/undo`);
  expect(await undo("update")).toMatchObject({ status: 200, body: { updated: 1 } });
  expect(await undo("delete")).toMatchObject({ status: 200, body: { restored: 1 } });
  expect(await stored("EEE")).toEqual(before);
});
