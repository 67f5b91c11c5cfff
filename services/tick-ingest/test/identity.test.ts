import { setTimeout as later } from "node:timers/promises";
import fc from "fast-check";
import { type Ingest, startIngest } from "./ingest.js";
import { type ModelTick, SlotModel, type StoredTick } from "./slot-model.js";

// A new day is a new chunk on TimescaleDB, which takes some 50 ms each.
let ingest: Ingest;

/** Every commit tries COPY first, also right after it has met a stored tick; or none does. */
const WAYS = [
  ["by copy", { COPY_TICKS_MIN: "1", COPY_DOUBT_S: "0" }],
  ["carefully", { COPY_TICKS_MIN: "10000000" }],
] as const;

/** Of one mid, which is a price too. */
const MID = 1.2;
const QUOTES = [
  { bid: 1.1, ask: 1.3 },
  { bid: 1.15, ask: 1.25 },
  { bid: 1.3, ask: 1.1 },
];
const place = fc.record(
  {
    symbol: fc.constantFrom("EURUSD", "GBPUSD"),
    // So many that the first and the last tick of a request are often new where one between them is not.
    time: fc.constantFrom(
      ...["2024-01-02T03:04:05.000006Z", "2024-01-02T03:04:05.000007Z", "2024-01-02T03:04:05.000008Z"],
      ...["2024-01-02T23:04:05.000000Z", "2024-01-02T23:04:06.000000Z", "2024-01-02T23:04:07.000000Z"],
    ),
    seq: fc.integer({ min: 0, max: 4 }),
  },
  { requiredKeys: ["symbol", "time"] },
);
const price = fc.constantFrom(1.1, 1.2, 1.3).map((value) => ({ price: value }));
const tick = fc
  .tuple(place, fc.oneof(price, fc.constantFrom(...QUOTES)))
  .map(([at, cost]): ModelTick => ({ ...at, ...cost }));
const requests = fc.array(
  fc.record({
    ticks: fc.array(tick, { minLength: 1, maxLength: 10 }),
    as: fc.constantFrom("single", "json", "ndjson", "csv"),
  }),
  { minLength: 1, maxLength: 6 },
);

/** Requests of one run must not meet those of another: each run has its own day. */
function onDay(day: number, ticks: readonly ModelTick[]): ModelTick[] {
  const date = new Date(Date.UTC(1980, 0, 1 + day)).toISOString().slice(0, 10);
  return ticks.map((one) => ({ ...one, time: one.time.replace(/^.{10}/, date) }));
}

/** All of one kind, which is what a header can name. */
function csv(ticks: readonly ModelTick[]): string {
  const cost = ticks[0]?.bid === undefined ? (["price"] as const) : (["bid", "ask"] as const);
  const columns = [...cost, ...(ticks[0]?.seq === undefined ? [] : (["seq"] as const))];
  return [
    `time,symbol,${columns.join(",")}`,
    ...ticks.map((one) => `${one.time},${one.symbol},${columns.map((name) => one[name])}`),
  ].join("\n");
}

function areOfOneKind(ticks: readonly ModelTick[]): boolean {
  const kindOf = ({ bid, seq }: ModelTick) => `${bid === undefined} ${seq === undefined}`;
  return new Set(ticks.map(kindOf)).size === 1;
}

/** Sends a request in one of the forms; a streamed one is all or nothing here because it is free of conflicts. */
function send(as: string, ticks: readonly ModelTick[]) {
  if (as === "single" && ticks.length === 1) return ingest.post("/ticks", ticks[0]);
  if (as === "csv" && areOfOneKind(ticks)) return ingest.post("/ticks/bulk", csv(ticks), "text/csv");
  if (as === "ndjson" || as === "csv")
    return ingest.post("/ticks/bulk", ticks.map((one) => JSON.stringify(one)).join("\n"), "application/x-ndjson");
  return ingest.post("/ticks/bulk", ticks);
}

/** The runs of adjacent ticks of one symbol and time. */
function runsOf(ticks: readonly ModelTick[]): ModelTick[][] {
  const runs: ModelTick[][] = [];
  for (const one of ticks) {
    const last = runs.at(-1)?.[0];
    if (last?.symbol === one.symbol && last.time === one.time) runs.at(-1)?.push(one);
    else runs.push([one]);
  }
  return runs;
}

/** The price of a quote is left out where it is the mid that its sides give. */
async function table(day: number): Promise<StoredTick[]> {
  const date = new Date(Date.UTC(1980, 0, 1 + day));
  const rows = await ingest.sql`
    select symbol, to_char(time at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as time, price, bid, ask, seq
      from ticks where time >= ${date} and time < ${date}::timestamptz + interval '1 day'
     order by symbol, time, seq`;
  return rows.map(({ symbol, time, price: value, bid, ask, seq }) => ({
    ...{ symbol, time, bid: bid ?? undefined, ask: ask ?? undefined, seq },
    price: bid !== null && value === MID ? undefined : value,
  }));
}

let day = 0;

describe.each(WAYS)("written %s", (way, env) => {
  beforeAll(async () => {
    ingest = await startIngest(env);
  });
  afterAll(async () => {
    const wasted = await wastedRows();
    await ingest.stop();
    // What is random here does meet stored ticks between the first and the last of a request.
    if (way === "by copy") expect(wasted).toBeGreaterThan(0);
    else expect(wasted).toBe(0);
  });

  test("random requests in any form, repeated at random, leave the table the model has", async () => {
    await fc.assert(
      fc.asyncProperty(requests, fc.array(fc.nat(), { maxLength: 3 }), async (generated, repeats) => {
        day += 1;
        const model = new SlotModel();
        const all = [...generated, ...repeats.flatMap((which) => generated[which % generated.length] ?? [])];
        for (const { as, ticks } of all) {
          const own = onDay(day, ticks);
          const isStreamed = as === "csv" || as === "ndjson";
          const inRuns = isStreamed ? model.postAll(runsOf(own)) : undefined;
          const expected = inRuns ?? model.post(own);
          const form = isStreamed && inRuns === undefined ? "json" : as;
          const answer = await send(form, own);
          expect(answer.status).toBe(expected.status);
          if (expected.status === 201 && !("duplicate" in answer.body)) {
            expect(answer.body).toMatchObject({ created: expected.created, duplicates: expected.duplicates });
          }
        }
        expect(await table(day)).toEqual(model.sorted);
      }),
      { numRuns: 60 },
    );
  });

  test("concurrent senders that repeat their requests lose nothing, double nothing and are all answered", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.array(tick, { minLength: 1, maxLength: 5 }), { minLength: 2, maxLength: 10 }),
        async (generated) => {
          day += 1;
          const own = generated.map((ticks) => onDay(day, ticks).map(({ seq: _seq, ...rest }) => rest));
          const answers = await Promise.all(
            [...own, ...own].map((ticks, index) => send(index % 2 === 0 ? "json" : "single", ticks)),
          );
          expect(answers.map((answer) => answer.status)).toEqual(answers.map(() => 201));
          const stored = await table(day);
          const key = ({ symbol, time, price: value, bid, ask }: ModelTick) =>
            JSON.stringify([symbol, time, value, bid, ask]);
          const copies = (rows: readonly ModelTick[], of: ModelTick) =>
            rows.filter((row) => key(row) === key(of)).length;
          for (const of of own.flat()) {
            const most = Math.max(...own.map((ticks) => copies(ticks, of)));
            const sum = own.reduce((total, ticks) => total + copies(ticks, of), 0);
            const count = copies(stored, of);
            expect(count).toBeGreaterThanOrEqual(most);
            expect(count).toBeLessThanOrEqual(sum);
          }
          const created = answers.reduce(
            (sum, { body }) => sum + Number(body.created ?? (body.duplicate === false ? 1 : 0)),
            0,
          );
          expect(created).toBe(stored.length);
        },
      ),
      { numRuns: 40 },
    );
  });

  test("a request whose answer was lost can be sent again", async () => {
    day += 1;
    const ticks = Array.from({ length: 400 }, (_, index) => ({ symbol: "EURUSD", price: 1 + index / 1000 }));
    const [own = []] = [
      onDay(
        day,
        ticks.map((one, index) => ({ ...one, time: `2024-01-02T00:00:0${index % 3}.000000Z` })),
      ),
    ];
    const aborter = new AbortController();
    const lost = fetch(`${ingest.url}/ticks/bulk`, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(own),
      signal: aborter.signal,
    }).catch(() => undefined);
    await later(0);
    aborter.abort();
    await lost;
    const answer = await ingest.post("/ticks/bulk", own);
    expect(answer.status).toBe(201);
    expect((await table(day)).length).toBe(400);
  });
});

async function wastedRows(): Promise<number> {
  const text = await (await fetch(`${ingest.url}/metrics`)).text();
  return Number(/^tick_copy_wasted_rows_total (\d+)/m.exec(text)?.[1]);
}
