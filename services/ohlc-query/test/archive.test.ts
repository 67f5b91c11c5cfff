import { rename, rm } from "node:fs/promises";
import { formatTime, type Micros, type QualityJson, US_PER_HOUR } from "@fx-ohlc/schemas";
import { createApp } from "../src/app.js";
import { archiveDays, dropDays, droppableBefore, emptyDataset } from "./archived-days.js";
import { configFor, get, microsOf, quoteOf, type ReadSide, startReadSide, type TestTick } from "./read-side.js";

/** Prices alone, and quotes; both with stamps that several ticks share. */
const DAYS = Array.from({ length: 13 }, (_, day) => `2024-05-${String(day + 1).padStart(2, "0")}`);

function ticksOfDay(day: string, index: number): TestTick[] {
  return Array.from({ length: 500 }, (_, i) => {
    const time = formatTime(microsOf(`${day}T00:00:00Z`) + Math.floor(i / 2) * 345_000_001 + (i % 7 === 0 ? 0 : 7));
    const isSame = i % 2 === 1 && i % 7 !== 0 && (i - 1) % 7 !== 0;
    const seq = isSame ? 1 : 0;
    // One a day is an outlier, and some quotes are crossed.
    const bid = i === 251 ? 9 : 1 + ((i * 37 + index * 11) % 1000) / 1e5;
    const at = i % 2 === 1 && !isSame ? formatTime(microsOf(time) + 3) : time;
    return {
      ...(i % 5 === 0 ? { time: at, price: bid } : quoteOf(at, bid, bid + ((i % 9) - (i % 97 === 1 ? 9 : 0)) / 1e5)),
      seq,
    };
  });
}

const ticksOfAll = () => DAYS.flatMap(ticksOfDay);

let service: ReadSide;
let dataset: Awaited<ReturnType<typeof emptyDataset>>;
let boundaryUs: Micros;

beforeAll(async () => {
  service = await startReadSide();
  dataset = await emptyDataset();
  await service.insert(ticksOfAll());
  await service.insert(DAYS.map((day): TestTick => ({ symbol: "RARE", time: `${day}T12:00:00.5Z`, price: 2 })));
  await service.endMaintenance();
  boundaryUs = await droppableBefore(service.sql, "2024-05-08");
});

afterAll(async () => {
  await service.stop();
  await rm(dataset.path, { recursive: true, force: true });
});

/** Everything that is made of ticks, of days on either side of the one where what is kept begins. */
function paths(): string[] {
  const at = (hours: number) => formatTime(boundaryUs + hours * US_PER_HOUR);
  const around = `symbol=EURUSD&start=${at(-30)}&end=${at(30)}`;
  const before = `symbol=EURUSD&start=${at(-31)}&end=${at(-30.5)}`;
  const all = "symbol=EURUSD&start=2024-05-01&end=2024-05-14";
  const intervals = ["1s", "30s", "10t", "37t", "1000t"].flatMap((interval) => [
    `/ohlc?interval=${interval}&${around}&limit=300`,
    `/ohlc?interval=${interval}&${around}&include=bid,ask,spread&price=bid`,
    `/ohlc?interval=${interval}&symbol=EURUSD&end=${at(1)}&count=40`,
    `/ohlc?interval=${interval}&symbol=EURUSD&end=${at(-50)}&count=7`,
    `/ohlc.csv?interval=${interval}&${all}&limit=all`,
    `/ohlc/latest?interval=${interval}&symbol=EURUSD,RARE`,
  ]);
  return [
    ...["json", "csv", "ndjson", "columns", "parquet", "arrow"].map((format) => `/ticks?${around}&format=${format}`),
    ...["json", "csv", "ndjson", "parquet", "arrow"].map((format) => `/ticks?${all}&limit=all&format=${format}`),
    ...[`/ticks?${all}&limit=7`, `/ticks?${before}`, `/ticks?${around}&limit=333`],
    ...["symbol=RARE&start=2024-01-01", "symbol=NONE&start=2024-01-01"].map((range) => `/ticks?${range}`),
    ...intervals,
    `/ohlc?interval=10s&fill=previous&include=bid,ask&symbol=EURUSD&start=${at(-24.01)}&end=${at(-23.9)}`,
    `/ohlc?interval=37t&symbol=EURUSD,RARE&start=${at(-3)}&end=${at(3)}`,
    ...[all, around, before].map((range) => `/quality?${range}&outliers=true`),
    `/symbols`,
  ];
}

/** Numbers below a bound, the same ones in each run. */
function chances(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
    return Math.floor((state / 2_147_483_648) * below);
  };
}

const ASKED = 24;

/** Whatever may be asked of ticks and what is made of them, around where they begin to be in the table. */
function randomPaths(): string[] {
  const below = chances(20_240_508);
  const pick = <T>(some: readonly [T, ...T[]]): T => some[below(some.length)] ?? some[0];
  // Some begin and end at a stamp of a tick.
  const instantFrom = (fromUs: Micros, hours: number) =>
    below(2) === 0 ? fromUs + below(hours * 3_600_000_000) : fromUs + below(hours * 10) * 345_000_001 + pick([0, 3, 7]);
  return Array.from({ length: ASKED }, () => {
    const fromUs = instantFrom(boundaryUs - 60 * US_PER_HOUR, 90);
    const range = `start=${formatTime(fromUs)}&end=${formatTime(instantFrom(fromUs, 50))}`;
    const answered = pick(["json", "csv", "ndjson", "columns", "parquet", "arrow"]);
    const format = `format=${answered}`;
    const limit = `limit=${answered === "columns" ? 1000 : pick([1, 2, 37, 250, "all"])}`;
    const symbol = pick(["EURUSD", "EURUSD", "RARE", "EURUSD,RARE"]);
    if (below(2) === 0) {
      const cursor = below(3) === 0 ? `&after_seq=${below(3)}` : "";
      return `/ticks?symbol=${symbol.slice(0, 6)}&${range}&${limit}&${format}${cursor}`;
    }
    const bars = `/ohlc?interval=${pick(["1s", "5s", "30s", "10t", "37t", "500t"])}&symbol=${symbol}&${format}`;
    const sides = pick(["", "&include=bid,ask,spread", "&price=ask", "&complete=true"]);
    return below(3) === 0
      ? `${bars.replace(",RARE", "")}&end=${formatTime(instantFrom(fromUs, 50))}&count=${1 + below(60)}${sides}`
      : `${bars}&${range}&${limit}${sides}`;
  });
}

interface Answered {
  readonly path: string;
  readonly status: number;
  readonly link: string | null;
  readonly body: string;
}

async function answers(of: readonly string[]): Promise<Answered[]> {
  const found: Answered[] = [];
  for (const path of of) {
    const response = await fetch(service.url + path);
    const body = Buffer.from(await response.arrayBuffer()).toString("latin1");
    found.push({ path, status: response.status, link: response.headers.get("link"), body });
  }
  return found;
}

test("what is dropped is answered as it was before, by every route that is made of ticks", async () => {
  const { sql } = service;
  const asked = [...paths(), ...randomPaths()];
  const before = await answers(asked);
  expect(before.filter(({ status }) => status !== 200)).toEqual([]);
  await archiveDays(sql, dataset.path, boundaryUs);
  await sql`insert into settings (key, value) values ('archive_url', ${dataset.url})`;
  await sql`update retention_mark set dropped_before = ${boundaryUs}`;
  // Retention has begun: readers go by the entries, which say that all of it is in the table still.
  expect(await answers(asked)).toEqual(before);
  await dropDays(sql, boundaryUs);
  expect(await sql`select from ticks where time < ${boundaryUs}`).toHaveLength(0);
  expect(await answers(asked)).toEqual(before);
  const start = formatTime(boundaryUs - 20 * US_PER_HOUR);
  const gone = await answers([
    `/ticks?symbol=EURUSD&start=${start}&as_of=2025-01-01`,
    `/revisions?symbol=EURUSD&start=${start}`,
  ]);
  expect(gone.map(({ status }) => status)).toEqual([410, 410]);
});

test("odd ticks are counted in files as in the table, and are not known where some ticks are in neither", async () => {
  const { sql } = service;
  const odd = async (start: string) => {
    const range = `symbol=EURUSD,RARE&start=${start}&end=2024-05-14`;
    const { body } = await service.get<QualityJson[]>(`/quality?${range}&outliers=true`);
    return body.map(({ outliers, crossed_quotes: crossed }) => [outliers, crossed]);
  };
  const crossed = ticksOfAll().filter(({ bid = 0, ask = 0 }) => ask < bid).length;
  expect(crossed).toBeGreaterThan(0);
  const inFiles = await odd("2024-05-01");
  expect(inFiles).toEqual([
    [DAYS.length, crossed],
    [0, 0],
  ]);
  await sql`delete from settings where key = 'archive_url'`;
  try {
    expect(await odd("2024-05-01")).toEqual([
      [null, null],
      [null, null],
    ]);
    expect((await odd(formatTime(boundaryUs))).flat()).not.toContain(null);
  } finally {
    await sql`insert into settings (key, value) values ('archive_url', ${dataset.url})`;
  }
});

test("while the store is away the days in it are answered 503, and others as ever", async () => {
  const start = formatTime(boundaryUs - 20 * US_PER_HOUR);
  const dropped = [`/ticks?symbol=EURUSD&start=${start}`, `/ohlc?interval=10t&symbol=EURUSD&start=${start}`];
  const kept = dropped.map((path) => path.replace(start, formatTime(boundaryUs)));
  await rename(dataset.path, `${dataset.path}-away`);
  try {
    // What was read a moment ago is still known.
    const other = createApp(configFor(service.databaseUrl), "1.2.3", new AbortController().signal);
    await other.start();
    try {
      const url = `http://127.0.0.1:${other.port}`;
      const statuses = await Promise.all([...dropped, ...kept].map((path) => get(url, path)));
      expect(statuses.map(({ status }) => status)).toEqual([503, 503, 200, 200]);
      expect(statuses[0]?.headers.get("retry-after")).toBe("5");
    } finally {
      await other.stop();
    }
  } finally {
    await rename(`${dataset.path}-away`, dataset.path);
  }
});
