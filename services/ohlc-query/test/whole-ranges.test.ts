import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { eventually } from "@fx-ohlc/testkit";
import { expectedBars } from "./independent-bars.js";
import { type Answer, type Bar, nextPath, type ReadSide, startReadSide, type TestTick } from "./read-side.js";

/** On a busy machine with five other test files beside it. */
let service: ReadSide;
let week: TestTick[];
const MINUTE_MS = 60_000;
/** Five months of minutes: a year takes as long for each of them. */
const MINUTES = 200_000;
const FIRST_MS = Date.UTC(2023, 0, 2);
const LONG_RANGE = `symbol=LONG&start=2023-01-01T00:00:00Z&end=2024-01-01T00:00:00Z`;

/** The sample week's bids, numbered within their stamps. */
function readWeek(): TestTick[] {
  const file = join(__dirname, "../../../infra/sample/eurusd-ticks-2014-05-04_09.csv.gz");
  const [, ...lines] = gunzipSync(readFileSync(file)).toString().trim().split("\n");
  let last = "";
  let seq = 0;
  return lines.map((line) => {
    const [time = "", bid] = line.split(",");
    seq = time === last ? seq + 1 : 0;
    last = time;
    return { time, seq, price: Number(bid) };
  });
}

/** A tick in each of so many minutes; the two further ones say which bars have changed. */
async function insertMinutes(): Promise<void> {
  const first = new Date(FIRST_MS).toISOString();
  await service.sql`
    insert into ticks (symbol, time, seq, price)
    select 'LONG', ${first}::text::timestamptz + make_interval(mins => minute), 0, 1 + minute % 997 / 1000.0
      from generate_series(0, ${MINUTES - 1}::int) as minute`;
  const last = new Date(FIRST_MS + (MINUTES - 1) * MINUTE_MS).toISOString();
  await service.insert([
    { symbol: "LONG", time: first, seq: 1, price: 1 },
    { symbol: "LONG", time: last, seq: 1, price: 1 },
  ]);
}

beforeAll(async () => {
  service = await startReadSide();
  week = readWeek();
  await service.insert(week);
  await insertMinutes();
}, 240_000);
afterAll(() => service.stop());

/** A bar without what an independent computation from ticks does not know. */
function plain({ symbol: _symbol, complete: _complete, ...rest }: Bar) {
  return rest;
}

test("the sample week is five days of the market's own, and six of 22:00 UTC", async () => {
  const range = "symbol=EURUSD&start=2014-05-01T00:00:00Z&end=2014-05-12T00:00:00Z";
  const market = await service.get(`/ohlc?interval=1d&${range}&timezone=America/New_York&day_start_hour=17`);
  expect(market.body.map(({ date }) => date)).toEqual([5, 6, 7, 8, 9].map((day) => `2014-05-0${day}`));
  expect(market.body.map(plain)).toEqual(expectedBars(week, "1d", { hour: 17, timezone: "America/New_York" }));
  const utc = await service.get(`/ohlc?interval=1d&${range}&day_start_hour=22`);
  expect(utc.body.map(({ date }) => date)).toEqual([4, 5, 6, 7, 8, 9].map((day) => `2014-05-0${day}`));
  expect(utc.body.map(plain)).toEqual(expectedBars(week, "1d", { hour: 22, timezone: "UTC" }));
  const weeks = await service.get(`/ohlc?interval=1w&${range}&timezone=America/New_York&day_start_hour=17`);
  expect(weeks.body).toMatchObject([{ bucket: "2014-05-04T21:00:00Z", date: "2014-05-05", tick_count: week.length }]);
});

test("months of minutes page through to the end, none lost and none repeated, while ticks arrive", async () => {
  let isPaging = true;
  const arriving = async () => {
    // Into bars that have been read, bars that will be, and the one that runs now.
    for (let round = 0; isPaging; round += 1) {
      const past = (round * 7919) % MINUTES;
      await service.insert([
        {
          symbol: "LONG",
          time: new Date(FIRST_MS + past * MINUTE_MS + 30_000).toISOString(),
          seq: 2 + (round % 1000),
          price: 1.5,
        },
        { symbol: "LONG", time: new Date().toISOString(), seq: round % 1000, price: 1.25 },
      ]);
    }
  };
  const writer = arriving();
  const buckets: string[] = [];
  for (let next: string | undefined = `/ohlc/minute?${LONG_RANGE}&limit=10000`; next !== undefined; ) {
    const answer: Answer<Bar[]> = await service.get(next);
    buckets.push(...answer.body.map(({ bucket }) => bucket));
    next = nextPath(answer, service.url);
  }
  isPaging = false;
  await writer;
  expect(buckets).toHaveLength(MINUTES);
  const wrong = buckets.findIndex((bucket, i) => Date.parse(bucket) !== FIRST_MS + i * MINUTE_MS);
  expect(wrong).toBe(-1);
});

/** Statements that have read minutes. */
async function pagesRead(): Promise<number> {
  const text = await (await fetch(`${service.url}/metrics`)).text();
  return Number(/ohlc_query_duration_seconds_count\{interval="1m"\} (\d+)/.exec(text)?.[1] ?? 0);
}

/** Counts what a connection brings, and ends with it. */
function drain(socket: Socket): Promise<{ bytes: number; lines: number }> {
  return new Promise((resolve, reject) => {
    let [bytes, lines] = [0, 0];
    socket.on("data", (chunk: Buffer) => {
      bytes += chunk.length;
      for (const byte of chunk) if (byte === 0x0a) lines += 1;
    });
    socket.on("error", reject);
    socket.on("end", () => resolve({ bytes, lines }));
  });
}

test("a whole range waits for a reader that does not read, and is whole in the end", async () => {
  const whole = await (await fetch(`${service.url}/ohlc/minute?${LONG_RANGE}&limit=all&format=ndjson`)).text();
  expect(whole.match(/\n/g)).toHaveLength(MINUTES);
  const before = await pagesRead();
  const { hostname, port } = new URL(service.url);
  const socket = connect(Number(port), hostname);
  socket.pause();
  socket.write(`GET /ohlc/minute?${LONG_RANGE}&limit=all&format=ndjson HTTP/1.0\r\nHost: localhost\r\n\r\n`);
  // Once it waits for the reader the count stands still: a hundred looks in a row see the same.
  let last = -1;
  let same = 0;
  await eventually(
    async () => {
      const read = (await pagesRead()) - before;
      same = read > 0 && read === last ? same + 1 : 0;
      last = read;
      return same >= 100;
    },
    { timeoutMs: 60_000, what: "the service to wait for its reader" },
  );
  // 5,000 rows at a time; what it has read ahead lies in the sockets' buffers.
  expect(last).toBeLessThan((MINUTES / 5000) * 0.7);
  const drained = drain(socket);
  socket.resume();
  const { bytes, lines } = await drained;
  expect(bytes).toBeGreaterThan(whole.length);
  expect(lines).toBeGreaterThan(MINUTES);
  expect((await pagesRead()) - before).toBe(MINUTES / 5000);
});

test("a whole range as CSV is its pages, for those who take it compressed too", async () => {
  const digest = async (path: string) => {
    const hash = createHash("sha256");
    const response = await fetch(service.url + path);
    for await (const chunk of response.body ?? []) hash.update(chunk);
    return { encoding: response.headers.get("content-encoding"), hash: hash.digest("hex") };
  };
  const path = `/ohlc/minute?${LONG_RANGE}&format=csv`;
  let paged = "";
  for (let next: string | undefined = `${path}&limit=10000`; next !== undefined; ) {
    const response: Response = await fetch(service.url + next);
    const text = await response.text();
    paged += paged === "" ? text : text.slice(text.indexOf("\n") + 1);
    next = nextPath({ status: 200, headers: response.headers, text, body: undefined }, service.url);
  }
  const streamed = await digest(`${path}&limit=all`);
  expect(streamed).toEqual({ encoding: "gzip", hash: createHash("sha256").update(paged).digest("hex") });
});

test("a reader that goes away in the middle frees the place it had", async () => {
  for (let round = 0; round < 25; round += 1) {
    const aborter = new AbortController();
    const response = await fetch(`${service.url}/ohlc/minute?${LONG_RANGE}&limit=all&format=csv`, {
      signal: aborter.signal,
    });
    expect(response.status).toBe(200);
    aborter.abort();
    await response.text().catch(() => "");
  }
  await eventually(
    async () => (await fetch(`${service.url}/ohlc/minute?${LONG_RANGE}&limit=all&format=csv`, { method: "HEAD" })).ok,
    { what: "a place for a whole range" },
  );
});
