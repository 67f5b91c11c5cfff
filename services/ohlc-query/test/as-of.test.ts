import {
  type Engine,
  lockSymbols,
  mergeChunks,
  migrate,
  noteChange,
  queueRefresh,
  readSettings,
  type Sql,
  stillQueued,
  type Transaction,
} from "@fx-ohlc/database";
import { formatTime, type Micros, US_PER_DAY, US_PER_HOUR, US_PER_MINUTE, US_PER_SECOND } from "@fx-ohlc/schemas";
import { eventually } from "@fx-ohlc/testkit";
import { createApp } from "../src/app.js";
import { configFor, get, microsOf, quoteOf, type ReadSide, startReadSide, type TestTick } from "./read-side.js";

/** The long form asks at 1,000. */
const MOMENTS = Number(process.env.AS_OF_MOMENTS ?? 60);
const SYMBOL = "EURUSD";

let service: ReadSide;
let engine: Engine;
let nowUs: Micros;

/** A repeatable sequence of numbers in [0, 1). */
function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

const next = random(21);
const below = (max: number) => Math.floor(next() * max);
const pick = <T>(values: readonly T[]): T => values[below(values.length)] as T; // The lists are not empty.

beforeAll(async () => {
  service = await startReadSide({ chunkDays: 1 });
  ({ engine } = await readSettings(service.sql));
  nowUs = await clockUs(service.sql);
  await service.insert(someTicks(nowUs - 20 * US_PER_DAY, nowUs - US_PER_DAY, 7 * US_PER_MINUTE));
  // A moment is asked of a minute later at the earliest: to the services two have passed already.
  await moveClocks(service.sql, 2);
}, 120_000);
afterAll(() => service.stop());

/** When the database's server says it is, whatever a test has made of its clock. */
async function clockUs(sql: Sql): Promise<Micros> {
  const [row] = await sql<{ now: Micros }[]>`select clock_timestamp() as now`;
  return row?.now ?? 0;
}

async function moveClocks(sql: Sql, minutes: number): Promise<void> {
  const by = `interval '${minutes} minutes'`;
  await sql.unsafe(`
    create or replace function fx_now()   returns timestamptz language sql stable   parallel safe return now() + ${by};
    create or replace function fx_clock() returns timestamptz language sql volatile parallel safe return clock_timestamp() + ${by}`);
}

/** Prices of even minutes, and quotes of odd ones, some at the stamp of others. */
function someTicks(fromUs: Micros, toUs: Micros, apartUs: Micros): TestTick[] {
  const ticks: TestTick[] = [];
  for (let us = fromUs; us < toUs; us += 1 + below(2 * apartUs)) {
    const points = 100_000 + below(5000);
    const isQuote = Math.floor(us / US_PER_MINUTE) % 2 === 1;
    const time = formatTime(us);
    ticks.push(isQuote ? quoteOf(time, points / 1e5, (points + below(9)) / 1e5) : { time, price: points / 1e5 });
    if (below(10) === 0) ticks.push({ time, seq: 1, price: points / 1e5 });
  }
  return ticks;
}

/** Changes stored ticks as tick-ingest does, and waits until the bars hold it. */
async function change(range: { fromUs: Micros; toUs: Micros }, work: (transaction: Transaction) => Promise<unknown>) {
  const ids = await service.sql.begin(async (transaction) => {
    await Promise.all([lockSymbols(transaction, [SYMBOL]), noteChange(transaction, { by: "test", reason: "because" })]);
    await work(transaction);
    return queueRefresh(transaction, engine, [{ symbol: SYMBOL, ...range, reason: "correction" }]);
  });
  await eventually(async () => (await stillQueued(service.sql, ids)).size === 0, {
    what: "the bars to hold the change",
  });
}

const anyTime = () => nowUs - below(21 * US_PER_DAY);

/** Everything that can become of stored ticks. */
const CHANGES: readonly (() => Promise<unknown>)[] = [
  async () => {
    const [tick] = await service.sql<{ time: Micros; seq: number; bid: number | null }[]>`
      select time, seq, bid from ticks where symbol = ${SYMBOL} and time >= ${anyTime()} order by time limit 1`;
    if (tick === undefined) return;
    const { time, seq, bid } = tick;
    const price = (100_000 + below(5000)) / 1e5;
    const sides = bid === null ? [null, null] : [price, price];
    // As of a service of the version before: it names no column that it does not know.
    await change({ fromUs: time, toUs: time + 1 }, (transaction) =>
      transaction`
        insert into ticks (symbol, time, seq, price, bid, ask)
        values (${SYMBOL}, ${time}, ${seq}, ${price}, ${sides[0] ?? null}, ${sides[1] ?? null})
        on conflict (symbol, time, seq) do update set price = excluded.price, bid = excluded.bid, ask = excluded.ask`.execute(),
    );
  },
  async () => {
    const fromUs = anyTime();
    const toUs = fromUs + below(3 * US_PER_HOUR);
    await change({ fromUs, toUs }, (transaction) =>
      transaction`delete from ticks where symbol = ${SYMBOL} and time >= ${fromUs} and time < ${toUs}`.execute(),
    );
  },
  () => {
    const fromUs = anyTime() - US_PER_DAY - below(US_PER_DAY);
    return service.insert(someTicks(fromUs, fromUs + below(20) * US_PER_MINUTE + 1, US_PER_MINUTE));
  },
  // Ticks as they happen, which are never late.
  async () => {
    const us = await clockUs(service.sql);
    return service.insert(someTicks(us - 20 * US_PER_SECOND, us, 3 * US_PER_SECOND));
  },
];

const INTERVALS = ["1m", "5m", "45m", "1h", "4h", "12h", "1d", "1w", "1M", "1y", "30s", "12t"];
const BOUNDARIES = ["", "&day_start_hour=17&timezone=America/New_York", "&day_start_hour=9&timezone=Asia/Kolkata"];

/** A question of some of the last weeks. */
function someQuestion(): string {
  const fromUs = nowUs - (2 + below(20)) * US_PER_DAY;
  const toUs = Math.min(fromUs + below(10 * US_PER_DAY), nowUs + US_PER_DAY);
  const range = `symbol=${SYMBOL}&start=${formatTime(fromUs)}&end=${formatTime(toUs)}&limit=${50 + below(2000)}`;
  if (below(5) === 0) return `/ticks?${range}&format=${pick(["json", "csv", "columns"])}`;
  const interval = pick(INTERVALS);
  const isOfTicks = ["30s", "12t"].includes(interval);
  const boundary = ["4h", "12h", "1d", "1w", "1M", "1y"].includes(interval) ? pick(BOUNDARIES) : "";
  // Buckets are filled up to now, which is later by the clocks of these tests.
  const fill = isOfTicks || toUs > nowUs - US_PER_DAY ? "" : pick(["", "", "&fill=previous"]);
  const count = below(3) === 0 ? range.replace("&limit=", "&count=").replace(/count=(\d{4})/, "count=999") : range;
  return `/ohlc?interval=${interval}&${count}${boundary}${fill}${pick(["", "&include=bid,ask,spread"])}`;
}

/** What of an answer is to be the same: a bar that runs at the moment may run no more by the clocks of these tests. */
function rowsOf(text: string): string {
  return text.replaceAll(/"complete":(true|false),?/g, "");
}

interface Remembered {
  readonly question: string;
  readonly us: Micros;
  readonly rows: string;
}

async function expectAsRemembered(url: string, moments: readonly Remembered[]): Promise<void> {
  for (const { question, us, rows } of moments) {
    const path = `${question}&as_of=${formatTime(us)}`;
    const answer = await eventually(
      async () => {
        const response = await fetch(url + path);
        const text = await response.text();
        return response.status === 503 ? undefined : { status: response.status, text };
      },
      { what: "nobody to write since before the moment" },
    );
    expect({ path, ...answer, text: rowsOf(answer?.text ?? "") }).toEqual({ path, status: 200, text: rows });
  }
}

test("answers as of a moment are those of the moment, whatever was corrected, deleted or came late since, and whoever answers", async () => {
  const moments: Remembered[] = [];
  while (moments.length < MOMENTS) {
    await pick(CHANGES)();
    const us = await clockUs(service.sql);
    for (const question of [someQuestion(), someQuestion()]) {
      const { status, text } = await getText(service.url + question);
      if (status !== 200) throw new Error(`${question}: ${text}`);
      moments.push({ question, us, rows: rowsOf(text) });
    }
  }
  await expectAsRemembered(service.url, moments);
  if (engine === "timescaledb") {
    await service.sql`select compress_chunk(chunk, if_not_compressed => true) from show_chunks('ticks', older_than => now() - interval '3 days') chunk`;
    await expectAsRemembered(service.url, moments.slice(-10));
    await pick(CHANGES.slice(0, 1))();
    await pick(CHANGES.slice(1, 2))();
    await migrate({ url: service.databaseUrl, engine, chunkDays: 7 });
    await mergeChunks({ url: service.databaseUrl });
    for (const level of ["minute", "hour", "day"])
      await service.sql.unsafe(`call refresh_bars('${level}', null, null, true)`);
  }
  const restarted = createApp(configFor(service.databaseUrl), "1.2.3", new AbortController().signal);
  await restarted.start();
  try {
    await expectAsRemembered(`http://127.0.0.1:${restarted.port}`, moments);
  } finally {
    await restarted.stop();
  }
}, 1_800_000);

async function getText(url: string): Promise<{ status: number; text: string }> {
  const response = await fetch(url);
  return { status: response.status, text: await response.text() };
}

test("the last bar as of a moment is found behind however many that came later", async () => {
  const at = (minute: number) => Date.UTC(2022, 0, 3, 10, minute) * 1000;
  const tick = (minute: number) => ({ symbol: "BEHIND", time: formatTime(at(minute)), price: 1 + minute / 1000 });
  await service.insert([tick(0)]);
  const us = await clockUs(service.sql);
  await service.insert(Array.from({ length: 500 }, (_, i) => tick(i + 1)));
  const ask = async (path: string) => (await get(service.url, `${path}&symbol=BEHIND&as_of=${formatTime(us)}`)).body;
  const [start, end] = [600, 602].map((minute) => formatTime(at(minute)));
  expect(await ask(`/ohlc?interval=1m&count=1&end=${end}`)).toMatchObject([{ close: 1 }]);
  expect(await ask("/ohlc/latest?interval=1m")).toMatchObject([{ close: 1 }]);
  expect(await ask(`/ohlc?interval=1m&fill=previous&start=${start}&end=${end}`)).toMatchObject([
    { close: 1 },
    { close: 1 },
  ]);
});

test("a moment is asked of a minute later, and by nobody while somebody writes since before it", async () => {
  const path = `/ticks?symbol=${SYMBOL}&start=2020-01-01`;
  const future = formatTime((await clockUs(service.sql)) + 2 * US_PER_MINUTE);
  expect((await get(service.url, `${path}&as_of=${future}`)).status).toBe(400);
  await service.sql.begin(async (transaction) => {
    await transaction`select pg_current_xact_id()`;
    const us = await clockUs(service.sql);
    const answer = await get(service.url, `${path}&as_of=${formatTime(us)}`);
    expect(answer.status).toBe(503);
    expect(Number(answer.headers.get("retry-after"))).toBeGreaterThan(0);
  });
});

test("a role that may not see since when others write waits for all of them", async () => {
  const role = `reader_${process.pid}_${below(1e9)}`;
  await service.sql.unsafe(`create role ${role} login password 'x'; grant pg_read_all_data to ${role}`);
  const url = new URL(service.databaseUrl);
  [url.username, url.password] = [role, "x"];
  const app = createApp(configFor(url.href), "1", new AbortController().signal);
  try {
    await app.start();
    const path = `/ticks?symbol=${SYMBOL}&start=2020-01-01&as_of=${formatTime(await clockUs(service.sql))}`;
    await service.sql.begin(async (transaction) => {
      await transaction`select pg_current_xact_id()`;
      expect((await get(`http://127.0.0.1:${app.port}`, path)).status).toBe(503);
    });
    expect((await get(`http://127.0.0.1:${app.port}`, path)).status).toBe(200);
  } finally {
    await app.stop();
    await service.sql.unsafe(`drop role ${role}`);
  }
});

test("bars whose ticks are dropped are told as of a moment since which they never changed, and others are gone", async () => {
  const hours = [10, 11].map((hour) => `2023-01-02T${hour}:00:00Z`);
  await service.insert(hours.map((time) => ({ symbol: SYMBOL, time, price: 1 })));
  const before = formatTime(await clockUs(service.sql));
  const changedUs = microsOf(hours[1] ?? "");
  await change({ fromUs: changedUs, toUs: changedUs + 1 }, (transaction) =>
    transaction`update ticks set price = 2 where symbol = ${SYMBOL} and time = ${changedUs}`.execute(),
  );
  const after = formatTime(await clockUs(service.sql));
  const ask = (path: string, hour: string, asOf: string) =>
    get(service.url, `${path}?symbol=${SYMBOL}&start=${hour}&end=${hour.replace(":00:00Z", ":30:00Z")}&as_of=${asOf}`);
  const [first = "", second = ""] = hours;
  expect((await ask("/ohlc/minute", second, before)).body).toMatchObject([{ close: 1 }]);
  await service.sql`update retention_mark set dropped_before = '2023-02-01 00:00:00+00'`;
  expect((await ask("/ohlc/minute", first, before)).body).toMatchObject([{ close: 1 }]);
  expect((await ask("/ohlc/minute", second, before)).status).toBe(410);
  expect((await ask("/ohlc/minute", second, after)).body).toMatchObject([{ close: 2 }]);
  expect((await ask("/ticks", first, before)).status).toBe(410);
});
