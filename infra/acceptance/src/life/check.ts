import { formatTime } from "@fx-ohlc/schemas";
import { eventually } from "@fx-ohlc/testkit";
import type postgres from "postgres";
import { barFaults } from "./accounts.js";
import { DAY_US, DERIVED, LEVELS, type Level } from "./buckets.js";
import { type Facts, iso, readFacts } from "./facts.js";
import { type Life, SYMBOLS } from "./life.js";
import type { ModelBar, ModelTick } from "./model.js";

/**
 * Late ticks are in the bars within two seconds, what a tick-ingest could not tell is told after 17 s, and live bars are held against
 * the database every 45 s; longer on a busy machine, ms.
 */
const SETTLED_MS = 90_000;
/** Looked at this often meanwhile, ms. */
const LOOK_MS = 50;
/** Faults that are listed. */
const SHOWN_MAX = 10;
/** No clock of a life is so far ahead. */
const FAR_US = 400 * DAY_US;
/** Rows that one answer holds: more than a life has of one symbol. */
const ROWS_MAX = "10000";

/** Instants as whole microseconds. */
const us = (sql: postgres.ISql, column: string) => sql`(extract(epoch from ${sql(column)}) * 1000000)::bigint`;

interface Stored {
  readonly facts: Facts;
  readonly ticks: readonly ModelTick[];
  readonly bars: Readonly<Record<Level, readonly ModelBar[]>>;
}

/** Everything that the database holds, under one snapshot. */
function readStored(sql: postgres.Sql): Promise<Stored> {
  const read = async (transaction: postgres.TransactionSql): Promise<Stored> => {
    const ticks = await transaction<(Omit<ModelTick, "timeUs"> & { at: string })[]>`
      select symbol, ${us(transaction, "time")} as at, seq, price from ticks order by symbol, time, seq`;
    const bars = async (level: Level) => {
      const rows = await transaction<(ModelBar & { at: string; count: string })[]>`
        select symbol, ${us(transaction, "bucket")} as at, open, high, low, close, tick_count as count
          from ${transaction(`ohlc_${level}`)}
         where bucket >= '1970-01-01 00:00:00+00' order by symbol, bucket`;
      return rows.map(({ at, count, ...row }) => ({ ...row, bucketUs: Number(at), tick_count: Number(count) }));
    };
    return {
      facts: await readFacts(transaction),
      ticks: ticks.map(({ at, ...tick }) => ({ ...tick, timeUs: Number(at) })),
      bars: { minute: await bars("minute"), hour: await bars("hour"), day: await bars("day") },
    };
  };
  return sql.begin("isolation level repeatable read read only", read) as Promise<Stored>; // postgres.js unwraps arrays in its type.
}

const BAR_FIELDS = ["symbol", "bucketUs", "open", "high", "low", "close", "tick_count"] as const;
const TICK_FIELDS = ["symbol", "timeUs", "seq", "price"] as const;

/** The first row in which two lists differ, in words. */
function difference<T extends object>(
  what: string,
  expected: readonly T[],
  found: readonly T[],
  fields: readonly (keyof T)[],
): string[] {
  const text = (row: T | undefined) => (row ? fields.map((field) => row[field]).join(" ") : "nothing");
  const length = Math.max(expected.length, found.length);
  for (let index = 0; index < length; index += 1) {
    const [should, is] = [text(expected[index]), text(found[index])];
    if (should !== is) return [`${what} ${index} of ${expected.length}: should be ${should}, is ${is}`];
  }
  return [];
}

/** What is not as the model says, in the database itself. */
function storedFaults({ model }: Life, { facts, ticks, bars }: Stored): string[] {
  const isKept = ({ timeUs }: ModelTick) => timeUs >= facts.markUs;
  const stale = ticks.filter((tick) => !isKept(tick));
  const unknown = stale.filter(({ symbol, timeUs, seq, price }) => model.priceAt(symbol, timeUs, seq) !== price);
  return [
    ...difference("tick", model.ticks().filter(isKept), ticks.filter(isKept), TICK_FIELDS),
    ...difference("tick before the mark", [], unknown, TICK_FIELDS),
    ...LEVELS.flatMap((level) => difference(`${level} bar`, model.bars(level), bars[level], BAR_FIELDS)),
  ];
}

async function read<Row>(url: string, query: Readonly<Record<string, string>>): Promise<Row[]> {
  const answer = await fetch(`${url}?${new URLSearchParams({ ...query, limit: ROWS_MAX })}`);
  if (!answer.ok) throw new Error(`${url} ${JSON.stringify(query)}: ${answer.status} ${await answer.text()}`);
  return (await answer.json()) as Row[];
}

interface TickAnswer extends Omit<ModelTick, "timeUs"> {
  readonly time: string;
}

interface BarAnswer extends Omit<ModelBar, "bucketUs"> {
  readonly bucket: string;
}

/** What a reader is answered about one symbol. */
async function answeredFaults(life: Life, markUs: number, symbol: string): Promise<string[]> {
  const { model, system } = life;
  const { url } = system.services.query;
  const ticks = model.ticks(symbol);
  const range = {
    symbol,
    start: "2000-01-01T00:00:00Z",
    end: formatTime(Date.now() * 1_000 + FAR_US),
  };
  const toUs = (text: string) => Date.parse(`${text.slice(0, 19)}Z`) * 1_000 + Number(text.slice(20, -1) || 0);
  const answered = await read<TickAnswer>(`${url}/ticks`, range);
  const kept = ticks.filter(({ timeUs }) => timeUs >= markUs);
  const told = answered.map(({ time, ...tick }) => ({ ...tick, timeUs: toUs(time) }));
  const faults = difference("answered tick", kept, told, TICK_FIELDS);
  const levels = { minute: "1m", hour: "1h", day: "1d", "5m": "5m", "15m": "15m" } as const;
  for (const name of [...LEVELS, "5m", "15m"] as const) {
    const bucketOf = name === "5m" || name === "15m" ? DERIVED[name] : (at: number) => model.bucketOf(name, at);
    const bars = await read<BarAnswer>(`${url}/ohlc`, { ...range, interval: levels[name] });
    const found = bars.map(({ bucket, ...bar }) => ({ ...bar, bucketUs: Date.parse(bucket) * 1_000 }));
    faults.push(...difference(`answered ${name} bar`, model.barsOf(ticks, bucketOf), found, BAR_FIELDS));
  }
  return faults;
}

/** What is still to be done: windows of late ticks and corrections. */
async function undone(life: Life): Promise<string[]> {
  const { sql, hasTimescale } = life.system.database;
  const [queued] = hasTimescale ? await sql<{ n: number }[]>`select count(*)::int as n from refresh_queue` : [];
  return (queued?.n ?? 0) > 0 ? [`${queued?.n} windows wait for a refresh`] : [];
}

/** The first thing of an account that does not close, of any client. */
function accountFaults(life: Life): string[] {
  const { accounts, created, lost, model, system } = life;
  return accounts.flatMap((account) => {
    if (!account.ear.isFollowing) return [`${account.ear.name} is not connected`];
    const isOfBars = account.ear.name.startsWith("/ws/ohlc");
    const ticks = isOfBars ? [] : account.missing({ created, lost });
    const isOfTicks = account.ear.name === "/ws/ticks";
    return [
      ...ticks,
      ...(isOfTicks ? [] : barFaults(account.ear, model, system.nowUs(), isOfBars ? ["minute"] : LEVELS)),
    ];
  });
}

/** Holds everything against the model, once it has had the time to become so. */
export async function check(life: Life): Promise<string[]> {
  const { system } = life;
  const symbol = SYMBOLS[Math.floor(life.random() * SYMBOLS.length)] ?? SYMBOLS[0];
  let faults: string[] = [];
  const isSettled = async () => {
    faults = [...(await undone(life)), ...(await system.healthFaults()), ...accountFaults(life)];
    return faults.length === 0;
  };
  const isRight = async () => {
    // What costs little is waited for first: the rest reads everything there is.
    if (!(await isSettled())) return false;
    const stored = await readStored(system.database.sql);
    faults = [...storedFaults(life, stored), ...(await answeredFaults(life, stored.facts.markUs, symbol))];
    return faults.length === 0 && isSettled();
  };
  const settled = { timeoutMs: SETTLED_MS, intervalMs: LOOK_MS, what: "everything to be as the model says" };
  await eventually(isRight, settled).catch((error: Error) => {
    if (faults.length === 0) faults = [error.message];
  });
  const facts = await life.facts();
  system.assertAlive();
  const found = [
    ...life.faults,
    ...life.marks.check(facts),
    ...life.accounts.flatMap((account) => [...account.ear.faults, ...account.invented()]),
    ...faults,
  ];
  const more = found.length > SHOWN_MAX ? [`and ${found.length - SHOWN_MAX} more`] : [];
  return found.length === 0 ? [] : [...found.slice(0, SHOWN_MAX), ...more, `the mark is ${iso(facts.markUs)}`];
}
