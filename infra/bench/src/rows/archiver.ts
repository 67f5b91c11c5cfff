import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { openStore } from "@fx-ohlc/archive";
import type { Sql } from "@fx-ohlc/database";
import { initArchive } from "@fx-ohlc/database/archive";
import { eventually } from "@fx-ohlc/embedded";
import { runJob } from "../load/run-job.js";
import { cpuSecondsOf } from "../load/server-metrics.js";
import { alternate, median, type Round } from "../rounds.js";
import { readSample } from "../sample.js";
import { compareRates, RateMeter } from "./ratio.js";
import { grouped, type Row, type RowContext, type RowResult } from "./row.js";

const WEEK = Array.from({ length: 4 }, (_, number) => `WEEK${number}`);
const WEEK_ROWS = 248_039;
/** The smallest days that a rate is promised for. */
const SMALL = { symbol: "SMALLDAYS", days: 320, rows: 5000, from: "2013-01-01" };
const LOAD = {
  kind: "bulk",
  form: "json",
  connections: 8,
  rows: 240_000,
  rowsPerRequest: 1000,
  areQuotes: true,
} as const;
const ROUNDS_MIN = 6;
const TIMEOUT = { timeoutMs: 120_000, intervalMs: 50 };

/** What archiving costs: reading, coding, writing and reading back. */
const archiveRate: Row = {
  name: "archive-rate",
  async measure({ lab, config, signal }: RowContext): Promise<RowResult> {
    const { sql } = lab.database;
    const place = await makeArchive(sql);
    await storeWeek(sql);
    await storeSmall(sql);
    const archiver = await lab.another("archiver", { ARCHIVE_URL: place, ARCHIVE_ROWS_PER_SECOND: "0" });
    const { url } = archiver;
    await archived(sql, [...WEEK, SMALL.symbol]);
    const rate = (symbols: readonly string[], rows: number) => async () => rows / (await secondsOf(sql, url, symbols));
    const rounds = await alternate(config.rounds, signal, {
      theirs: rate([SMALL.symbol], SMALL.days * SMALL.rows),
      ours: rate(WEEK, WEEK.length * WEEK_ROWS),
    });
    // One archiver works at a time: the next row has its own.
    await archiver.stop();
    const [week] = await sql<{ bytes: number }[]>`
      select (sum(bytes) / sum(ticks))::float8 as bytes from archive_days where symbol = any(${WEEK}::text[])`;
    const check = (name: string, side: keyof Round) =>
      ({ name, value: median(rounds.map((round) => round[side])), unit: "", target: { atLeast: 300_000 } }) as const;
    return {
      work: "archiving the given week, each file read back",
      against: `days of ${grouped(SMALL.rows)} quotes`,
      setup: `rows a CPU second of the archiver; ${WEEK.length} times ${grouped(WEEK_ROWS)} quotes, and ${SMALL.days} small days, ARCHIVE_ROWS_PER_SECOND=0`,
      ...compareRates(rounds, "rows/CPU s", 0),
      checks: [
        check("the week", "ours"),
        check("small days", "theirs"),
        { name: "a quote", value: week?.bytes ?? Number.NaN, unit: "bytes", target: { atMost: 8 } },
      ],
      generatorCpu: { ours: 0, theirs: 0 },
    };
  },
};

/** Whether anybody notices who writes meanwhile. */
const archiveIngest: Row = {
  name: "archive-ingest",
  async measure({ lab, config, signal }: RowContext): Promise<RowResult> {
    const { sql } = lab.database;
    const place = await makeArchive(sql);
    await storeWeek(sql);
    const { url } = await lab.service("tick-ingest");
    await lab.another("archiver", { ARCHIVE_URL: place });
    const meter = new RateMeter();
    let round = 0;
    const post = async (side: "ours" | "theirs") => {
      round += 1;
      const answers = meter.rate(side, await runJob({ ...LOAD, symbols: [`POSTED${round}`], url }));
      await refreshed(sql);
      return answers * LOAD.rowsPerRequest;
    };
    const theirs = async () => {
      await letArchiver(sql, false);
      return post("theirs");
    };
    const ours = async () => {
      await sql`delete from archive_days where symbol = any(${WEEK}::text[])`;
      await sql`update archive_versions set archived = case when symbol = any(${WEEK}::text[]) then null else version end`;
      await letArchiver(sql, true);
      return post("ours");
    };
    const rounds = await alternate(Math.max(config.rounds, ROUNDS_MIN), signal, { theirs, ours });
    return {
      work: "bulk ingest of quotes while 20,000 rows a second are archived",
      against: "the same while the archiver waits",
      setup: `${grouped(LOAD.rows)} quotes a round of a symbol of its own, ${LOAD.connections} connections; the archiver at its default rate`,
      ...compareRates(rounds, "rows/s", 0.95),
      generatorCpu: meter.generatorCpu,
    };
  },
};

export const archiverRows: readonly Row[] = [archiveRate, archiveIngest];

/** Where the archive is; the first time it is made. */
async function makeArchive(sql: Sql): Promise<string> {
  const ours = pathToFileURL(await mkdtemp(join(tmpdir(), "fx-bench-archiver-"))).href;
  await sql`insert into settings (key, value) values ('archive_url', ${ours}) on conflict (key) do nothing`;
  const [row] = await sql<{ place: string }[]>`select value as place from settings where key = 'archive_url'`;
  const place = row?.place ?? ours;
  const store = await openStore(place);
  await initArchive(sql, store, () => {});
  await store.close();
  return place;
}

async function storeWeek(sql: Sql): Promise<void> {
  const known = await sql`select from archive_versions where symbol = any(${WEEK}::text[]) limit 1`;
  if (known.length > 0) return;
  const sample = await readSample(WEEK_ROWS);
  for (const symbol of WEEK) {
    await sql`
      insert into ticks (symbol, time, seq, price, bid, ask)
      select ${symbol}, time::timestamptz, seq, (bid::float8 + ask::float8) / 2, bid::float8, ask::float8
        from unnest(${sample.map(({ time }) => time)}::text[], ${sample.map(({ seq }) => seq)}::float8[],
                    ${sample.map(({ price }) => price)}::text[], ${sample.map(({ ask }) => ask)}::text[]) as t(time, seq, bid, ask)`;
  }
  await drawVersions(sql, WEEK);
}

async function storeSmall(sql: Sql): Promise<void> {
  const { symbol, days, rows, from } = SMALL;
  const known = await sql`select from archive_versions where symbol = ${symbol} limit 1`;
  if (known.length > 0) return;
  await sql`
    insert into ticks (symbol, time, seq, price, bid, ask)
    select ${symbol}, ${from}::text::timestamptz + i * interval '1 day' / ${rows}::int, 0, m / 1e5::float8 + 0.000005, m / 1e5::float8,
           (m + 1) / 1e5::float8
      from (select i, 110000 + i::bigint * 7919 % 61 as m from generate_series(0, ${days * rows - 1}::int) as i) made`;
  await drawVersions(sql, [symbol]);
}

async function drawVersions(sql: Sql, symbols: readonly string[]): Promise<void> {
  await sql`
    insert into archive_versions (symbol, date, version, drawn_at)
    select symbol, date, new_version(), '-infinity'
      from (select distinct symbol, (time at time zone 'UTC')::date as date from ticks where symbol = any(${[...symbols]}::text[])) days
        on conflict (symbol, date) do nothing`;
}

async function archived(sql: Sql, symbols: readonly string[]): Promise<void> {
  const isDone = async () =>
    (
      await sql`select from archive_versions
                 where symbol = any(${[...symbols]}::text[]) and version is distinct from archived limit 1`
    ).length === 0;
  await eventually(isDone, { ...TIMEOUT, what: "days to be archived" });
}

/** CPU seconds that the archiver takes for days that it has not archived yet. */
async function secondsOf(sql: Sql, url: string, symbols: readonly string[]): Promise<number> {
  const before = await cpuSecondsOf(`${url}/metrics`);
  await sql.begin(async (transaction) => {
    await transaction`delete from archive_days where symbol = any(${[...symbols]}::text[])`;
    await transaction`update archive_versions set archived = null where symbol = any(${[...symbols]}::text[])`;
  });
  await archived(sql, symbols);
  return (await cpuSecondsOf(`${url}/metrics`)) - before;
}

/** Lets the archiver that runs work, or wait as it does while somebody archives by hand: a process that starts takes more than its work. */
async function letArchiver(sql: Sql, isAtWork: boolean): Promise<void> {
  await sql`update archive_state set by_hand_until = case when ${isAtWork}::boolean then null else fx_clock() + interval '1 day' end`;
  const hasCopied = async () =>
    (
      await sql`select from pg_stat_activity
                where application_name = 'fx archive reads' and query like 'copy %' and datname = current_database() limit 1`
    ).length > 0;
  await eventually(async () => (await hasCopied()) === isAtWork, {
    ...TIMEOUT,
    what: "the archiver to begin or to end",
  });
}

/** So that nothing of a round is left for the next one. */
async function refreshed(sql: Sql): Promise<void> {
  const [queue] = await sql<{ isThere: boolean }[]>`select to_regclass('refresh_queue') is not null as "isThere"`;
  if (queue?.isThere !== true) return;
  const isEmpty = async () => (await sql`select from refresh_queue limit 1`).length === 0;
  await eventually(isEmpty, { ...TIMEOUT, what: "late ticks to be refreshed" });
}
