import { closeBars } from "@fx-ohlc/database";
import {
  type BarFormat,
  type BarPrice,
  type DayBoundary,
  formatBucket,
  INTERVALS,
  type Interval,
  takesDayBoundary,
} from "@fx-ohlc/schemas";
import { eventually } from "@fx-ohlc/testkit";
import { type ExpectedBar, expectedBars, quoteMembers } from "./independent-bars.js";
import { microsOf, quoteOf, type ReadSide, startReadSide, type TestTick } from "./read-side.js";

let service: ReadSide;
const MINUTE_US = 60_000_000;
const DAY_US = 1440 * MINUTE_US;
const FROM_US = microsOf("2024-02-26T00:00:00Z");
const TO_US = microsOf("2024-04-08T00:00:00Z");

/** A repeatable sequence of numbers in [0, 1). */
function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

const next = random(7);
const below = (max: number) => Math.floor(next() * max);
const pick = <T>(values: readonly T[]): T => values[below(values.length)] as T; // The lists are not empty.

/** A quote, now and then crossed, or of some hours a single price. */
function someTick(us: number): TestTick {
  const points = 100_000 + below(5000);
  if (us % (5 * 60 * MINUTE_US) < 40 * MINUTE_US) return { time: formatTick(us), price: points / 1e5 };
  return quoteOf(formatTick(us), points / 1e5, (points - 2 + below(30)) / 1e5);
}

/** Ticks of six weeks, in which the clocks of New York change, and a month and a year end: dense hours, weekends and holes. */
function someTicks(): TestTick[] {
  const ticks: TestTick[] = [];
  for (let us = FROM_US; us < TO_US; us += below(20) * MINUTE_US + below(59_000_000)) {
    if (new Date(us / 1000).getUTCDay() === 6) us += DAY_US;
    ticks.push(someTick(us));
  }
  return ticks;
}

function formatTick(us: number): string {
  return new Date(us / 1000).toISOString();
}

const BOUNDARIES: readonly (readonly [parameters: string, boundary: DayBoundary])[] = [
  ["", { hour: 22, timezone: "UTC" }],
  ["&day_start_hour=17&timezone=America/New_York", { hour: 17, timezone: "America/New_York" }],
  ["&day_start_hour=9&timezone=Asia/Kolkata", { hour: 9, timezone: "Asia/Kolkata" }],
];
const FORMATS = ["json", "csv", "ndjson", "columns", "ccxt"] as const satisfies readonly BarFormat[];
const NAMES = ["bucket", "symbol", "open", "high", "low", "close", "tick_count", "complete"] as const;

const NO_QUOTE = { open: null, high: null, low: null, close: null };
const NO_BAR = { bucket: "", open: 0, high: 0, low: 0, close: 0, tick_count: 0 };

/** The text of bars, by code that shares nothing with the service's. */
function textOf(bars: readonly ExpectedBar[], { interval, format, price, include }: Question, symbol: string): string {
  const hasDates = ["1d", "1w", "1M", "3M", "1y"].includes(interval);
  const rows = bars.map((bar) => {
    const { bucket, open, high, low, close, tick_count, date } = bar;
    const prices = price === "mid" ? { open, high, low, close } : (bar.quotes?.[price] ?? NO_QUOTE);
    return {
      ...{ bucket, symbol, ...prices, tick_count, complete: true },
      ...{ ...(hasDates ? { date } : {}), ...quoteMembers(bar, include) },
    };
  });
  const names = [...NAMES, ...(hasDates ? ["date"] : []), ...Object.keys(quoteMembers(NO_BAR, include))];
  if (format === "ndjson") return rows.map((row) => `${JSON.stringify(row)}\n`).join("");
  if (format === "csv") return [names.join(","), ...rows.map((row) => Object.values(row).join(",")), ""].join("\n");
  if (format === "columns") {
    const column = (name: string) => rows.map((row) => (row as Record<string, unknown>)[name]);
    return JSON.stringify(Object.fromEntries(names.map((name) => [name, column(name)])));
  }
  if (format === "json") return JSON.stringify(rows);
  return JSON.stringify(
    rows.map(({ bucket, open, high, low, close, tick_count }) => [
      Date.parse(bucket),
      open,
      high,
      low,
      close,
      tick_count,
    ]),
  );
}

interface Question {
  readonly interval: Interval;
  readonly boundary: DayBoundary;
  readonly parameters: string;
  readonly format: BarFormat;
  readonly price: BarPrice;
  readonly include: readonly string[];
  readonly fromUs: number;
  readonly toUs: number;
  readonly limit: number;
  readonly isLast: boolean;
}

function someQuestion(): Question {
  const interval = pick(INTERVALS);
  const [parameters, boundary] = takesDayBoundary(interval) ? pick(BOUNDARIES) : (BOUNDARIES[0] ?? pick(BOUNDARIES));
  // Few starts and ends, so that what is asked has often been asked before.
  const instant = () => FROM_US - DAY_US + below(60) * DAY_US * 0.75;
  const [a, b] = [instant(), instant()];
  const format = pick(FORMATS);
  const include = format === "ccxt" ? [] : pick([[], [], ["spread"], ["bid", "ask", "spread"]]);
  return {
    ...{ interval, parameters, boundary, format, price: pick(["mid", "mid", "bid", "ask"] as const), include },
    limit: pick([1, 7, 100, 1000, 10_000]),
    ...{ fromUs: next() < 0.1 ? 0 : Math.min(a, b), toUs: next() < 0.1 ? 4e15 : Math.max(a, b), isLast: next() < 0.5 },
  };
}

function pathOf(question: Question, symbol: string): string {
  const { interval, parameters, format, fromUs, toUs, limit, isLast, price, include } = question;
  const quotes = `${price === "mid" ? "" : `&price=${price}`}${include.length === 0 ? "" : `&include=${include}`}`;
  const range = `start=${formatBucket(fromUs)}&end=${formatBucket(toUs)}&${isLast ? "count" : "limit"}=${limit}`;
  return `/ohlc?interval=${interval}&symbol=${symbol}&${range}${parameters}${quotes}&format=${format}`;
}

async function metric(name: string): Promise<number> {
  const text = await (await fetch(`${service.url}/metrics`)).text();
  return Number(new RegExp(`^${name} (\\S+)`, "m").exec(text)?.[1]);
}

/** What is stored of a symbol, and what is to be answered of it. */
class Ticks {
  all: TestTick[] = [];
  /** By interval and boundary: they are asked for again and again. */
  readonly #bars = new Map<string, ExpectedBar[]>();

  async add(symbol: string, ticks: readonly TestTick[]): Promise<void> {
    await service.insert(ticks.map((tick) => ({ ...tick, symbol })));
    this.all = [...this.all, ...ticks].sort((a, b) => microsOf(a.time) - microsOf(b.time));
    this.#bars.clear();
  }

  answerTo(question: Question, symbol: string): string {
    const { interval, boundary, fromUs, toUs, limit, isLast } = question;
    const key = `${interval} ${boundary.hour} ${boundary.timezone}`;
    const all = this.#bars.get(key) ?? expectedBars(this.all, interval, boundary);
    this.#bars.set(key, all);
    const [from, to] = [formatBucket(fromUs), formatBucket(toUs)];
    const within = all.filter(({ bucket }) => bucket >= from && bucket < to);
    const bars = isLast ? within.slice(-limit) : within.slice(0, limit);
    return textOf(bars, question, symbol);
  }
}

beforeAll(async () => {
  service = await startReadSide();
});
afterAll(() => service.stop());

test("answers from memory are those of the ticks, whatever is asked, closed or changed between", async () => {
  const stored = new Ticks();
  await stored.add("EURUSD", someTicks());
  let closedTo = FROM_US + 20 * DAY_US;
  await closeBars(service.sql, closedTo);
  for (let i = 0; i < 300; i += 1) {
    const question = someQuestion();
    const path = pathOf(question, "EURUSD");
    const response = await fetch(service.url + path);
    const text = await response.text();
    const expected = stored.answerTo(question, "EURUSD");
    if (text !== expected) expect({ i, path, text }).toEqual({ i, path, text: expected });
    if (i % 25 === 24) {
      const us = FROM_US + below(closedTo - FROM_US);
      await stored.add("EURUSD", [someTick(us)]);
    }
    // As while bars are changed by what draws no version a bar.
    if (i % 90 === 60) await service.sql`update bar_versions set version = null`;
    if (i % 90 === 80) await service.sql`update bar_versions set version = new_version()`;
    if (i % 50 === 49) {
      closedTo = Math.min(TO_US, closedTo + below(3000) * MINUTE_US);
      await closeBars(service.sql, closedTo);
    }
  }
  expect(await metric("ohlc_cache_hits_total")).toBeGreaterThan(250);
}, 120_000);

describe("closed bars that were read", () => {
  const DAY = "2024-03-05";
  const path = (symbol: string) => `/ohlc/minute?symbol=${symbol}&start=${DAY}T00:00:00Z&end=${DAY}T23:00:00Z`;
  const dense = (symbol: string) =>
    Array.from({ length: 600 }, (_, i) => ({
      symbol,
      time: formatTick(microsOf(`${DAY}T01:00:00Z`) + i * MINUTE_US),
      price: 1 + i / 1000,
    }));
  const changes = async (name: string, work: () => Promise<unknown>) => {
    const before = await metric(name);
    await work();
    return (await metric(name)) - before;
  };

  test("are read once, however many ask at the same time, and not again", async () => {
    await service.insert(dense("ONCE"));
    await closeBars(service.sql, TO_US);
    await service.get(path("NOBODY"));
    const ask = () => Promise.all(Array.from({ length: 16 }, () => service.get(path("ONCE"))));
    const answers: { text: string }[] = [];
    const misses = await changes("ohlc_cache_misses_total", async () => {
      answers.push(...(await ask()), ...(await ask()));
    });
    expect(misses).toBe(1);
    expect(new Set(answers.map(({ text }) => text)).size).toBe(1);
    expect(await changes("ohlc_cache_hits_total", ask)).toBe(16);
  });

  test("are the database's as soon as a change is committed, and have another tag then", async () => {
    await service.insert(dense("CHANGED"));
    await closeBars(service.sql, TO_US);
    const known = async () => {
      await service.get(path("CHANGED"));
      return (await service.get(path("CHANGED"))).headers.get("etag") ?? "";
    };
    for (let seq = 1; seq < 20; seq += 1) {
      const tag = await known();
      const again = await service.get(path("CHANGED"), { "If-None-Match": tag });
      expect({ status: again.status, text: again.text }).toEqual({ status: 304, text: "" });
      await service.insert([{ symbol: "CHANGED", time: `${DAY}T02:00:00Z`, seq, price: 5 + seq }]);
      const { status, body } = await service.get(path("CHANGED"), { "If-None-Match": tag });
      expect(status).toBe(200);
      expect(body.find(({ bucket }) => bucket === `${DAY}T02:00:00Z`)).toMatchObject({ close: 5 + seq });
    }
  });

  test("have the tag that they have when all of them are read from the database, also while fewer are kept", async () => {
    await service.insert(dense("TAGGED"));
    const tag = async () => (await service.get(path("TAGGED"))).headers.get("etag");
    const fromDatabase = await tag();
    await service.sql`select begin_another_history()`;
    for (const hour of ["03", "07", "23"]) {
      await closeBars(service.sql, microsOf(`${DAY}T${hour}:00:00Z`));
      const tags: (string | null)[] = [];
      const hits = await changes("ohlc_cache_hits_total", async () => {
        for (let i = 0; i < 3; i += 1) tags.push(await tag());
      });
      expect(hits).toBeGreaterThan(0);
      expect(tags).toEqual([fromDatabase, fromDatabase, fromDatabase]);
    }
    await closeBars(service.sql, TO_US);
  });

  test("are kept by a short read when it is asked for again, and not before", async () => {
    await service.insert(dense("SHORT"));
    await closeBars(service.sql, TO_US);
    await service.get(path("NOBODY"));
    const ask = () => service.get(`${path("SHORT")}&limit=60`);
    const seen: number[][] = [];
    for (let i = 0; i < 3; i += 1) {
      let misses = 0;
      const hits = await changes("ohlc_cache_hits_total", async () => {
        misses = await changes("ohlc_cache_misses_total", ask);
      });
      seen.push([misses, hits]);
    }
    expect(seen).toEqual([
      [0, 0],
      [1, 0],
      [0, 1],
    ]);
  });

  test.each(["1m", "4h", "1d"])(
    "are a hit the second time where there are fewer than were asked for, %s",
    async (interval) => {
      const symbol = `FEW${interval.toUpperCase()}`;
      // Too far from one another for chunks that are looked for one by one.
      const times = [10, 6, 3, 1].map((day) => formatTick(TO_US - day * DAY_US));
      await service.insert(times.map((time, i) => ({ symbol, time, price: 1 + i })));
      await closeBars(service.sql, TO_US);
      await service.get(path("NOBODY"));
      const ask = async () => {
        const { body } = await service.get(`/ohlc?interval=${interval}&symbol=${symbol}&count=100`);
        return body.reduce((sum, { tick_count }) => sum + tick_count, 0);
      };
      expect(await ask()).toBe(4);
      expect(await changes("ohlc_cache_hits_total", ask)).toBeGreaterThan(0);
      // One more, before all that is kept.
      await service.insert([{ symbol, time: formatTick(TO_US - 40 * DAY_US), price: 1 }]);
      expect(await ask()).toBe(5);
      // Where it is refreshed, other levels of bars follow.
      await eventually(async () => (await changes("ohlc_cache_hits_total", ask)) > 0, { what: "a hit" });
      // What comes after it is closed too, and joins it.
      await service.insert([{ symbol, time: formatTick(TO_US + 60 * MINUTE_US), price: 1 }]);
      await closeBars(service.sql, TO_US + 120 * MINUTE_US);
      await eventually(async () => (await changes("ohlc_cache_hits_total", ask)) > 0, { what: "a hit" });
      expect(await ask()).toBe(6);
    },
  );

  test.each(["1m", "5m"])("are kept for hours that are asked for in no order, %s", async (interval) => {
    const symbol = `ANY${interval.toUpperCase()}`;
    const ticks = dense(symbol);
    await service.insert(ticks);
    await closeBars(service.sql, TO_US);
    await service.get(path("NOBODY"));
    const ask = async (hour: number) => {
      const range = `start=${DAY}T0${hour}:00:00Z&end=${DAY}T0${hour + 1}:00:00Z`;
      const { body } = await service.get(`/ohlc?interval=${interval}&symbol=${symbol}&${range}`);
      const count = body.reduce((sum, { tick_count }) => sum + tick_count, 0);
      expect([body[0]?.open, body.at(-1)?.close, count]).toEqual([
        ticks[(hour - 1) * 60]?.price,
        ticks[hour * 60 - 1]?.price,
        60,
      ]);
    };
    for (const hour of [8, 2]) await ask(hour);
    const misses = await changes("ohlc_cache_misses_total", async () => {
      const hits = await changes("ohlc_cache_hits_total", async () => {
        for (const hour of [6, 4, 7, 3, 5, 1]) await ask(hour);
      });
      expect(hits).toBe(6);
    });
    expect(misses).toBe(0);
  });

  test("are forgotten when the database says that it is another history", async () => {
    await service.insert(dense("RESTORED"));
    await closeBars(service.sql, TO_US);
    const { text } = await service.get(path("RESTORED"));
    expect(await changes("ohlc_cache_hits_total", () => service.get(path("RESTORED")))).toBe(1);
    await service.sql`select begin_another_history()`;
    expect(await changes("ohlc_cache_hits_total", () => service.get(path("RESTORED")))).toBe(0);
    expect((await service.get(path("RESTORED"))).text).toBe(text);
  });
});

test("memory is bounded, and what does not fit is answered all the same", async () => {
  const small = await startReadSide(undefined, { BAR_CACHE_MB: "1" });
  try {
    const symbols = Array.from({ length: 10 }, (_, i) => `S${i}`);
    for (const symbol of symbols) {
      await small.insert(
        Array.from({ length: 1000 }, (_, i) => ({
          ...{ symbol, price: 1 + i / 1000 },
          time: formatTick(FROM_US + i * MINUTE_US),
        })),
      );
    }
    await closeBars(small.sql, TO_US);
    // The first answer says what is closed.
    await small.get("/ohlc/minute?symbol=NOBODY&count=1");
    const start = formatBucket(FROM_US);
    const texts = new Map<string, string>();
    let most = 0;
    for (let round = 0; round < 3; round += 1) {
      for (const symbol of symbols) {
        const { text, body } = await small.get(`/ohlc/minute?symbol=${symbol}&start=${start}&limit=1000`);
        expect(body).toHaveLength(1000);
        expect(texts.get(symbol) ?? text).toBe(text);
        texts.set(symbol, text);
        const bytes = /^ohlc_cache_bytes (\d+)/m.exec(await (await fetch(`${small.url}/metrics`)).text())?.[1];
        expect(Number(bytes)).toBeLessThanOrEqual(1024 * 1024);
        most = Math.max(most, Number(bytes));
      }
    }
    // What is refreshed just now is not kept.
    expect(most).toBeGreaterThan(512 * 1024);
  } finally {
    await small.stop();
  }
});
