import { env } from "node:process";
import { eventually, type TestService } from "@fx-ohlc/testkit";
import { shuffled } from "../src/chunks.js";
import { metricOf } from "../src/history/still-history.js";
import { seededRandom } from "../src/random.js";
import { System } from "../src/system.js";

/** The long form: HISTORY_CACHE_DAYS=365, under BAR_CACHE_MB=64. */
const DAYS = Number(env.HISTORY_CACHE_DAYS ?? 3);
const CACHE_MB = Number(env.BAR_CACHE_MB ?? 4);
const SYMBOLS = Array.from({ length: 30 }, (_, index) => `SYM${index}`);
const CLIENTS = 16;
const DAY_MS = 86_400_000;
const FIRST_MS = Date.UTC(2025, 0, 6);
/** A mark follows about a minute after bars may be closed, ms. */
const CLOSED_MS = 100_000;
const BYTES_PER_MB = 1024 * 1024;
/** What a day of minutes in one format takes, as the first test prints. */
const DAY_BYTES = 223_000;
/** Answers under way and what the collector has not freed yet, of a process that reads at full speed. */
const SLACK_MB = 96;

let system: System;
let query: TestService;

beforeAll(
  async () => {
    system = await System.create();
    for (const symbol of SYMBOLS) await insertMinutes(symbol);
    if ((await system.engine()) === "timescaledb") {
      for (const level of ["minute", "hour", "day"])
        await system.sql`call refresh_bars(${level}, '-infinity', 'infinity')`;
    }
    // Bars are closed by whoever leads maintenance, at once when it begins.
    await system.start("tick-ingest");
    query = await system.start("ohlc-query", { BAR_CACHE_MB: String(CACHE_MB) });
    await eventually(isKept, { timeoutMs: CLOSED_MS, intervalMs: 200, what: "a day to be answered from memory" });
  },
  240_000 + DAYS * 10_000,
);
afterAll(() => system.stop());

/** A tick a minute. */
async function insertMinutes(symbol: string): Promise<void> {
  await system.sql`
    insert into ticks (symbol, time, seq, price)
    select ${symbol}, to_timestamp(${FIRST_MS / 1000}) + minute * interval '1 minute', 0, 1 + minute % 997 / 1000.0
      from generate_series(0, ${DAYS * 1440}::int - 1) as minute`;
}

interface SymbolDay {
  readonly symbol: string;
  readonly day: number;
}

/** Whether what was asked a moment ago is answered from memory. */
async function isKept(): Promise<boolean> {
  await readDay({ symbol: SYMBOLS[0] ?? "", day: 0 });
  const before = await numbers();
  await readDay({ symbol: SYMBOLS[0] ?? "", day: 0 });
  return (await numbers()).hits > before.hits;
}

const ALL: readonly SymbolDay[] = SYMBOLS.flatMap((symbol) =>
  Array.from({ length: DAYS }, (_, day) => ({ symbol, day })),
);

/** The rows of a day are known: one tick a minute. */
async function readDay({ symbol, day }: SymbolDay): Promise<void> {
  const [start, end] = [day, day + 1].map((at) => new Date(FIRST_MS + at * DAY_MS).toISOString());
  const answer = await fetch(
    `${query.url}/ohlc/minute?symbol=${symbol}&start=${start}&end=${end}&limit=1440&format=columns`,
  );
  const { open, tick_count: counts } = (await answer.json()) as Readonly<Record<string, readonly number[]>>;
  const expected = Array.from({ length: 1440 }, (_, minute) => (1000 + ((day * 1440 + minute) % 997)) / 1000);
  if (JSON.stringify(open) !== JSON.stringify(expected) || counts?.some((count) => count !== 1)) {
    throw new Error(`day ${day} of ${symbol} is wrong`);
  }
}

async function readAll(days: readonly SymbolDay[], clients = CLIENTS): Promise<void> {
  const queue = [...days];
  const client = async () => {
    for (let next = queue.pop(); next !== undefined; next = queue.pop()) await readDay(next);
  };
  await Promise.all(Array.from({ length: clients }, client));
}

async function numbers() {
  const [bytes, hits, misses, heap, external] = await Promise.all(
    [
      "ohlc_cache_bytes",
      "ohlc_cache_hits_total",
      "ohlc_cache_misses_total",
      "nodejs_heap_size_used_bytes",
      "nodejs_external_memory_bytes",
    ].map((name) => metricOf(query, name)),
  );
  return { bytes, hits: hits ?? 0, misses: misses ?? 0, memory: (heap ?? 0) + (external ?? 0) };
}

test(
  `30 symbols x ${DAYS} days of minutes, read by ${CLIENTS} clients at once, stay under ${CACHE_MB} MB in memory, and answers are right`,
  async () => {
    const before = await numbers();
    await readAll(ALL);
    const after = await numbers();
    console.info(`bar cache: ${JSON.stringify({ before, after })}`);
    expect(after.bytes).toBeGreaterThan(0);
    expect(after.bytes).toBeLessThanOrEqual(CACHE_MB * BYTES_PER_MB);
    expect(after.memory - before.memory).toBeLessThan((CACHE_MB + SLACK_MB) * BYTES_PER_MB);
  },
  120_000 + DAYS * 5_000,
);

test("what fits is answered from memory 95 times of 100 when it is read again", async () => {
  const random = seededRandom(1);
  // Three quarters of the memory: the rest is room for chunks to be seen a second time, and for those in use before.
  const fitting = Math.floor((CACHE_MB * BYTES_PER_MB * 0.75) / DAY_BYTES);
  const some = shuffled(ALL, random).slice(0, fitting);
  // One after the other: of clients that read side by side, one may push out what another's answer is being made of.
  await readAll(some, 1);
  const before = await numbers();
  await readAll(some);
  const after = await numbers();
  const [hits, misses] = [after.hits - before.hits, after.misses - before.misses];
  console.info(`bar cache: ${JSON.stringify({ days: some.length, hits, misses })}`);
  expect(hits).toBeGreaterThan(0);
  expect(hits / (hits + misses)).toBeGreaterThanOrEqual(0.95);
});
