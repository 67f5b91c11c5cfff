import { type ArchiveStore, openStore } from "@fx-ohlc/archive";
import { formatTime, US_PER_DAY, US_PER_HOUR } from "@fx-ohlc/schemas";
import { emptyDatabase, eventually, type TestService } from "@fx-ohlc/testkit";
import postgres from "postgres";
import { ArchiveInBucket } from "../src/archive-in-bucket.js";

const SYMBOLS = ["005930", "2025-12-05", "US30#", "A:B", "X+", `L${"0".repeat(31)}`];
const DAYS = 11;
const KEPT_DAYS = 8;
const TODAY = Math.floor((Date.now() * 1000) / US_PER_DAY) * US_PER_DAY;
const daysAgo = (days: number) => TODAY - days * US_PER_DAY;
/** A busy machine is no failure. */
const PATIENT = { timeoutMs: 120_000 };
const FORMATS = ["json", "csv", "ndjson", "columns", "parquet", "arrow"];

let archive: ArchiveInBucket;
let ingest: TestService;
let query: TestService;
let store: ArchiveStore;
const services: TestService[] = [];

/** Every day. */
const VERIFY = ["verify", "--archive", "--start", "2000-01-01"];
const quoted = encodeURIComponent;

beforeAll(async () => {
  archive = await ArchiveInBucket.create();
  const { env } = archive;
  [ingest, query] = await Promise.all([start("tick-ingest"), start("ohlc-query")]);
  // The store is looked at by the same credentials as everybody's.
  Object.assign(process.env, archive.s3.account);
  store = await openStore(env.ARCHIVE_URL ?? "", { endpoint: archive.s3.endpoint });
  const ticks = SYMBOLS.flatMap((symbol, at) =>
    Array.from({ length: DAYS * 12 }, (_, i) => ({
      symbol,
      time: formatTime(daysAgo(DAYS) + i * 2 * US_PER_HOUR + at * 1_000_003),
      ...(i % 3 === 0 ? { price: 1 + i / 64 } : { bid: 1 + i / 64, ask: 1.5 + i / 64 }),
    })),
  );
  const answer = await post(ticks);
  if (!answer.ok) throw new Error(await answer.text());
}, 300_000);

afterAll(async () => {
  await store.close();
  await archive.close();
});

async function start(name: string, env: Record<string, string> = {}): Promise<TestService> {
  const service = await archive.system.start(name, { ...archive.env, LOG_LEVEL: "debug", ...env }, undefined, false);
  services.push(service);
  await eventually(async () => (await fetch(`${service.url}/ready`)).ok, { what: name, ...PATIENT });
  return service;
}

function post(ticks: readonly object[]): Promise<Response> {
  const headers = { "content-type": "application/json" };
  return fetch(`${ingest.url}/ticks/bulk`, { method: "POST", headers, body: JSON.stringify(ticks) });
}

/** Everything that is made of ticks. */
async function answers(): Promise<string[]> {
  const found: string[] = [];
  const range = `start=${formatTime(daysAgo(DAYS))}&end=${formatTime(TODAY)}`;
  for (const symbol of SYMBOLS) {
    const of = `symbol=${quoted(symbol)}&${range}`;
    const paths = FORMATS.map((format) => `/ticks?${of}&format=${format}`);
    for (const path of [
      ...paths,
      `/ticks?${of}&limit=all&format=csv`,
      `/ohlc?interval=1s&${of}`,
      `/ohlc?interval=10t&${of}`,
    ]) {
      const answer = await fetch(query.url + path);
      found.push(`${path} ${answer.status} ${Buffer.from(await answer.arrayBuffer()).toString("latin1")}`);
    }
  }
  return found;
}

const statusOf = async (service: TestService, symbol: string, fromUs: number) => {
  const path = `/ticks?symbol=${quoted(symbol)}&start=${formatTime(fromUs)}&end=${formatTime(fromUs + US_PER_DAY)}`;
  const { status, headers } = await fetch(service.url + path);
  return [status, headers.get("retry-after")];
};

async function filesOf(where: string): Promise<string[]> {
  const rows = await archive.system.sql<{ file: string }[]>`
    select file from archive_days where ${archive.system.sql.unsafe(where)} order by date, symbol`;
  return rows.map(({ file }) => file);
}

async function pathsIn(folder: string): Promise<string[]> {
  const paths: string[] = [];
  for await (const { path } of store.list(folder)) paths.push(path);
  return paths.sort();
}

test("the archive's whole life in a bucket: days are written, replaced, put aside, dropped, read, verified and rebuilt", async () => {
  const { link } = archive;
  const { sql } = archive.system;
  const before = await answers();
  expect(before.filter((text) => !text.includes(" 200 "))).toEqual([]);

  let archiver = await start("archiver", { ARCHIVE_AFTER_DAYS: "0" });
  await eventually(async () => (await filesOf("true")).length === SYMBOLS.length * DAYS, {
    what: "every day to be archived",
    ...PATIENT,
  });
  expect(await pathsIn("ticks/")).toEqual((await filesOf("true")).sort());
  // Those of the archiver; ohlc-query has read nothing of it yet.
  expect(link.busiest).toBeLessThanOrEqual(16);

  // A change of a day makes another file of it, and the first one is put aside when its time is over.
  const at = formatTime(daysAgo(2));
  expect((await post([{ symbol: "US30#", time: at, price: 7 }])).status).toBe(201);
  await archive.migrate(["archive", "--start", formatTime(daysAgo(3))]);
  const [second] = await filesOf("n = 2");
  expect(second).toMatch(/^ticks\/symbol=US30%23\/.*\/2\.parquet$/);
  await archiver.stop();
  archiver = await start("archiver", { ARCHIVE_AFTER_DAYS: "0", ARCHIVE_GRACE_H: "0" });
  await eventually(async () => (await pathsIn("_replaced/")).length === 1, { ...PATIENT });
  expect(await pathsIn("_replaced/")).toEqual([`_replaced/${second?.replace("/2.", "/1.")}`]);
  expect(await archive.migrate(VERIFY)).toContain(`${SYMBOLS.length * DAYS} days compared: 0 differ`);

  const whole = await answers();
  await archive.migrate([], { RETENTION_DAYS: String(KEPT_DAYS) });
  const dropped = () => filesOf(`dropped_at is not null`);
  await eventually(async () => (await dropped()).length >= SYMBOLS.length * (DAYS - KEPT_DAYS), {
    what: "expired days to be dropped",
    ...PATIENT,
  });
  expect(await sql`select from ticks where time < ${formatTime(daysAgo(KEPT_DAYS))}::text::timestamptz`).toHaveLength(
    0,
  );
  expect(await answers()).toEqual(whole);
  const late = await post([{ symbol: "X+", time: formatTime(daysAgo(DAYS)), price: 7 }]);
  expect([late.status, await late.text()]).toEqual([422, expect.stringContaining("older_than_retention")]);
  const told = (await (await fetch(`${query.url}/archive`)).json()) as { symbol: string; days: number }[];
  expect(told.map(({ symbol, days }) => [symbol, days])).toEqual([...SYMBOLS].sort().map((symbol) => [symbol, DAYS]));

  await damaged(await dropped());
  await rebuilt();
  await withoutStore(archiver);
  await secretsKept();
}, 600_000);

/** A byte of a statistic, a file that is gone, one too many. */
async function damaged([first = "", second = "", third = ""]: string[]): Promise<void> {
  const [kept, gone] = [await store.read(first), await store.read(second)];
  const flipped = Buffer.from(kept);
  flipped[flipped.length - 200] = (flipped[flipped.length - 200] ?? 0) ^ 4;
  const extra = third.replace(/\d+\.parquet$/, "77.parquet");
  await Promise.all([store.write(first, flipped), store.remove(second), store.write(extra, kept)]);
  const { code, text } = await archive.tried(VERIFY);
  expect({ code, text }).toMatchObject({
    code: 1,
    text: expect.stringContaining(`${SYMBOLS.length * DAYS} days compared: 3 differ`),
  });
  for (const path of [first, second, extra]) expect(text).toContain(path);
  await Promise.all([store.write(first, kept), store.write(second, gone), store.remove(extra)]);
  await archive.migrate(VERIFY);
}

async function rebuilt(): Promise<void> {
  const other = await emptyDatabase();
  const env = { DATABASE_URL: other.url };
  const sql = postgres(other.url, { max: 1, onnotice: () => undefined });
  try {
    await archive.migrate([], { ...env, RETENTION_DAYS: "0", CHUNK_DAYS: "1" });
    await archive.migrate(["rebuild"], env);
    const [row] = await sql<{ ticks: string }[]>`select count(*) as ticks from ticks`;
    expect(Number(row?.ticks)).toBe(SYMBOLS.length * DAYS * 12 + 1);
    expect(await archive.migrate(VERIFY, env)).toContain(" 0 differ");
  } finally {
    await sql.end({ timeout: 5 });
    await other.drop();
  }
}

/** Whatever it is that keeps the store away. */
async function withoutStore(archiver: TestService): Promise<void> {
  const { link } = archive;
  const reader = await start("ohlc-query");
  const faults = [
    ["US30#", { status: 503, code: "SlowDown" }],
    ["X+", "silence"],
    ["A:B", "stall"],
  ] as const;
  for (const [symbol, fault] of faults) {
    link.fail = () => fault;
    expect([symbol, ...(await statusOf(reader, symbol, daysAgo(DAYS)))]).toEqual([symbol, 503, "5"]);
    expect(await statusOf(reader, symbol, daysAgo(2))).toEqual([200, null]);
    link.fail = () => undefined;
    await eventually(async () => (await statusOf(reader, symbol, daysAgo(DAYS)))[0] === 200, PATIENT);
  }
  link.fail = () => ({ status: 403, code: "AccessDenied" });
  const metrics = async () => (await fetch(`${archiver.url}/metrics`)).text();
  const health = async () => (await fetch(`${archiver.url}/health`)).text();
  await eventually(async () => (await health()).includes("store is away"), { ...PATIENT });
  expect((await post([{ symbol: "LATE", time: formatTime(daysAgo(2)), price: 7 }])).status).toBe(201);
  await eventually(async () => /^archive_backlog_days 1$/m.test(await metrics()), { ...PATIENT });
  link.fail = () => undefined;
  await eventually(async () => /^archive_backlog_days 0$/m.test(await metrics()), { ...PATIENT });
  expect(await health()).not.toContain("store is away");
  expect(await filesOf("symbol = 'LATE'")).toHaveLength(1);
}

/** Nobody says what he came in with, also where it was written into a wrong place. */
async function secretsKept(): Promise<void> {
  const { AWS_ACCESS_KEY_ID: id, AWS_SECRET_ACCESS_KEY: secret } = archive.s3.account;
  const wrong = { ARCHIVE_URL: `s3://${quoted(id)}:${quoted(secret)}@bucket/fx` };
  const endpoint = { ARCHIVE_ENDPOINT: `http://${quoted(id)}:${quoted(secret)}@127.0.0.1:9` };
  expect((await archive.tried([], wrong)).text).toContain("ARCHIVE_URL must be");
  expect((await archive.tried(["archive", "--init"], wrong)).text).toContain("ARCHIVE_URL must be");
  expect((await archive.tried(["archive", "--init"], endpoint)).text).toContain("ARCHIVE_ENDPOINT must be");
  const nowhere = await archive.tried(["archive", "--init"], { ARCHIVE_ENDPOINT: "http://127.0.0.1:9" });
  expect(nowhere.text).toContain("the archive's store: ECONNREFUSED (nobody listens there) at _dataset.json");
  await archive.tried(["archive", "--init"], { AWS_SECRET_ACCESS_KEY: "fx+Secret/wrong" });
  const open = services.filter(({ pid }) => pid !== undefined);
  const pages = open.flatMap(({ url }) => ["/health", "/metrics", "/archive"].map((path) => url + path));
  const bodies = await Promise.all(pages.map(async (url) => (await fetch(url)).text()));
  const all = [...archive.said, ...bodies, ...services.map(({ output }) => output)].join("\n");
  for (const word of [id, secret, quoted(secret), "fx+Secret"]) expect(all).not.toContain(word);
}
