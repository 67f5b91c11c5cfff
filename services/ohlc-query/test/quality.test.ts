import { readSettings } from "@fx-ohlc/database";
import { formatTime, type GapJson, type QualityJson, US_PER_MINUTE } from "@fx-ohlc/schemas";
import { allPages, type Bar, microsOf, type ReadSide, startReadSide, type TestTick } from "./read-side.js";

let service: ReadSide;

beforeAll(async () => {
  service = await startReadSide();
});
afterAll(() => service.stop());

/** A tick ten seconds into each minute of a range. */
function everyMinute(symbol: string, from: string, to: string): TestTick[] {
  const ticks: TestTick[] = [];
  for (let us = microsOf(from); us < microsOf(to); us += US_PER_MINUTE) {
    ticks.push({ symbol, time: formatTime(us + 10_000_000), price: 1.3 });
  }
  return ticks;
}

const DECEMBER = "start=2025-12-24T09:00:00Z&end=2025-12-29T02:00:00Z";
const row = (symbol: string, from: string, to: string, reason: string) => ({
  ...{ symbol, from: `2025-12-${from}:00.000000Z`, to: `2025-12-${to}:00.000000Z` },
  ...{ seconds: (microsOf(`2025-12-${to}:00Z`) - microsOf(`2025-12-${from}:00Z`)) / 1e6, reason },
});

/** Runs of one reason, as bars of a minute tell it. */
async function filledGaps(symbol: string, range: string) {
  const { body } = await service.get(`/ohlc/minute?symbol=${symbol}&${range}&fill=null&limit=10000`);
  const runs: { from: string; to: string; reason: string }[] = [];
  for (const { bucket, empty } of body) {
    if (empty === undefined) continue;
    const [from, to] = [formatTime(microsOf(bucket)), formatTime(microsOf(bucket) + US_PER_MINUTE)];
    const last = runs.at(-1);
    if (last?.reason === empty && last.to === from) last.to = to;
    else runs.push({ from, to, reason: empty });
  }
  return runs;
}

test("a killed producer, a weekend, a holiday and a quiet hour have their reasons, the same as `fill` tells", async () => {
  const symbol = "GBPUSD";
  await service.insert([
    ...everyMinute(symbol, "2025-12-24T09:00:00Z", "2025-12-24T10:01:00Z"),
    ...everyMinute(symbol, "2025-12-24T11:00:00Z", "2025-12-24T13:00:00Z"),
    ...everyMinute(symbol, "2025-12-24T14:00:00Z", "2025-12-24T22:00:00Z"),
    ...everyMinute(symbol, "2025-12-25T22:00:00Z", "2025-12-26T22:00:00Z"),
    ...everyMinute(symbol, "2025-12-28T22:00:00Z", "2025-12-29T02:00:00Z"),
  ]);
  await service.sql`
    insert into feed_outages (symbol, from_time, to_time) values
      (${symbol}, '2025-12-24 10:00:10+00', '2025-12-24 11:00:10+00'), ('USDJPY', '2025-12-24 13:00:00+00', null)`;
  const killed = row(symbol, "24T10:01", "24T11:00", "feed_down");
  const quiet = row(symbol, "24T13:00", "24T14:00", "no_ticks");
  const holiday = row(symbol, "24T22:00", "25T22:00", "market_closed");
  const weekend = row(symbol, "26T22:00", "28T22:00", "market_closed");
  const path = `/quality/gaps?symbol=${symbol}&${DECEMBER}`;
  expect((await service.get<GapJson[]>(path)).body).toEqual([killed, quiet]);
  const { body } = await service.get<GapJson[]>(`${path}&closed=true`);
  expect(body).toEqual([killed, quiet, holiday, weekend]);
  expect(body.map(({ from, to, reason }) => ({ from, to, reason }))).toEqual(await filledGaps(symbol, DECEMBER));
  expect((await service.get<GapJson[]>(`${path}&min_gap_s=3600`)).body).toEqual([quiet]);
  expect(await allPages<GapJson>(service, `${path}&closed=true&limit=3`)).toEqual([
    [killed, quiet, holiday],
    [weekend],
  ]);
  const csv = await fetch(`${service.url}/quality/gaps.csv?symbol=${symbol}&${DECEMBER}&limit=1`);
  expect(await csv.text()).toBe(
    "symbol,from,to,seconds,reason\nGBPUSD,2025-12-24T10:01:00.000000Z,2025-12-24T11:00:00.000000Z,3540,feed_down\n",
  );
  const { engine } = await readSettings(service.sql);
  const quality = await service.get<QualityJson[]>(`/quality?symbol=${symbol},NOSUCH&${DECEMBER}`);
  expect(quality.body).toEqual([
    {
      ...{ symbol, from: "2025-12-24T09:00:00.000000Z", to: "2025-12-29T02:00:00.000000Z" },
      ...{ open_s: 41 * 3600, tick_count: 41 * 60 - 119, quote_count: 0 },
      ...{ gaps: 2, gap_s: 3540 + 3600, down_s: 3540 },
      ...{ longest_silence_s: 3600, longest_silence_from: quiet.from },
      // On TimescaleDB who stores them counts them, which this test has not.
      ...{ late_ticks: 0, imported_ticks: engine === "postgres" ? 41 * 60 - 119 : null },
      ...{ corrections: 0, crossed_minutes: 0 },
    },
  ]);
  // It is open at Christmas once an operator has said so.
  await service.sql`update symbols set kind = 'metal' where symbol = ${symbol}`;
  const open = (await service.get<GapJson[]>(path)).body;
  expect(open).toEqual([killed, quiet, { ...holiday, reason: "no_ticks" }]);
});

test("gaps are what `fill` says of every minute, wherever ticks, outages and closures lie", async () => {
  const symbol = "EURUSD";
  let state = 7;
  const below = (max: number) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * max);
  };
  const start = microsOf("2025-12-19T18:00:00Z");
  const time = (us: number) => formatTime(start + us);
  const lengthUs = 6.5 * 86_400_000_000;
  const ticks = new Set(Array.from({ length: 400 }, () => time(below(lengthUs))));
  await service.insert([...ticks].map((at) => ({ symbol, time: at, price: 1 + below(100) / 1000 })));
  let us = 0;
  for (let i = 0; i < 60; i += 1) {
    const from = us + below(lengthUs / 60);
    us = from + 1 + below(lengthUs / 60);
    await service.sql`
      insert into feed_outages (symbol, from_time, to_time)
      values (${symbol}, ${time(from)}::text::timestamptz, ${time(us)}::text::timestamptz)`;
  }
  for (const range of [
    `start=${time(0)}&end=${time(lengthUs)}`,
    `start=${time(1)}&end=${time(below(lengthUs))}`,
    "start=2025-12-20T00:00:30Z&end=2025-12-21T00:00:30Z",
  ]) {
    const { body } = await service.get<GapJson[]>(`/quality/gaps?symbol=${symbol}&${range}&closed=true&limit=10000`);
    const gaps = body.map(({ from, to, reason }) => ({ from, to, reason }));
    expect(gaps).toEqual(await filledGaps(symbol, range));
    expect(gaps.length).toBeGreaterThan(0);
  }
});

test("what came late, was corrected, is crossed or far off is counted", async () => {
  const symbol = "XAUUSD";
  const at = (i: number) => formatTime(microsOf("2025-12-10T10:59:00Z") + i * 1_000_000);
  const quotes = Array.from({ length: 120 }, (_, i): TestTick => {
    const far = i === 50 ? 40 : 0;
    const bid = 2000 + (i % 3) + far;
    const ask = bid + (i === 20 || i === 110 ? -0.5 : 0.5);
    return { symbol, time: at(i), bid, ask, price: (bid + ask) / 2 };
  });
  await service.insert(quotes);
  await service.sql`
    insert into revisions (change, at, kind, symbol, from_time, to_time, ticks)
    select tick_change(), '2025-12-10 12:00:00+00'::timestamptz + after, kind,
           'XAGUSD', '2025-12-10 11:00:00+00', '2025-12-10 12:00:00+00', ticks
      from (values ('late', interval '0', 12), ('late', '23 h 59 min', 3), ('late', '1 day', 5), ('update', '2 days', 2),
                   ('delete', '0', 4)) done(kind, after, ticks)`;
  await service.sql`insert into symbols (symbol) values ('XAGUSD')`;
  const range = "start=2025-12-10T10:59:00Z&end=2025-12-10T11:02:00Z";
  const { body } = await service.get<QualityJson[]>(`/quality?symbol=XAGUSD,${symbol}&${range}&outliers=true`);
  const silver = { tick_count: 0, gaps: 1, late_ticks: 15, imported_ticks: 5, corrections: 6, outliers: 0 };
  expect(body).toEqual([
    expect.objectContaining({ symbol: "XAGUSD", ...silver }),
    expect.objectContaining({
      ...{ symbol, tick_count: 120, quote_count: 120, gaps: 1, gap_s: 60 },
      ...{ crossed_minutes: 2, crossed_quotes: 2, outliers: 1, corrections: 0 },
    }),
  ]);
  const untouched = await service.get<QualityJson[]>(`/quality?symbol=${symbol}&${range}`);
  expect(untouched.body.map((one) => "outliers" in one || "crossed_quotes" in one)).toEqual([false]);
});

test("minutes that have not ended are not missing, and what is too much is refused", async () => {
  const now = Date.now();
  const time = (ms: number) => new Date(now + ms).toISOString();
  await service.sql`insert into symbols (symbol, session) values ('NEWUSD', 'always')`;
  const { body } = await service.get<GapJson[]>(
    `/quality/gaps?symbol=NEWUSD&start=${time(-600_000)}&end=${time(86_400_000)}`,
  );
  expect(body.map(({ reason }) => reason)).toEqual(["no_ticks"]);
  expect(Date.parse(body[0]?.to ?? "")).toBeLessThanOrEqual(Date.now());
  const refused = await service.get<Bar[]>(`/quality?symbol=A,B,C&start=1970-01-01`);
  expect([refused.status, refused.text]).toEqual([422, expect.stringContaining("ask for fewer symbols at a time")]);
  expect((await service.get(`/quality?symbol=A&start=${time(0)}&end=${time(-1)}`)).body).toEqual([]);
});
