import { createHash } from "node:crypto";
import { mkdir, mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { makeColumns, TickFileWriter, tickFile } from "@fx-ohlc/archive";
import type { Sql } from "@fx-ohlc/database";
import { formatTime, parseTime, US_PER_DAY } from "@fx-ohlc/schemas";
import { runJob } from "../load/run-job.js";
import { alternate, median, type Round } from "../rounds.js";
import { compareRates, RateMeter } from "./ratio.js";
import { type Check, grouped, type Row, type RowContext, type RowResult } from "./row.js";

const LOAD = { kind: "paths", connections: 1, warmUpMs: 300, measureMs: 1500 } as const;
/** A day of quotes of a busy pair, so long ago that no other row's ticks are before the mark. */
const TICKS = 50_000;
const DATE = "1990-01-02";
const FROM_US = parseTime(`${DATE}T00:00:00Z`) ?? 0;
const STEP_US = Math.floor(US_PER_DAY / TICKS);
/** A page of a thousand is to be answered within this. */
const PAGE_MS_MAX = 20;
/** One has them in the table, the other in a file. */
const SYMBOLS = { theirs: "TABLED", ours: "ARCHIVED" } as const;

/** What one answer takes, where that is what counts. */
function answerMs(rounds: readonly Round[], atMost: number): Check {
  return { name: "an answer", value: 1000 / median(rounds.map(({ ours }) => ours)), unit: " ms", target: { atMost } };
}

/** A range of a day that is dropped, against the same range of one that is in the table. */
function archived(name: string, work: string, queries: readonly string[], msMax?: number): Row {
  return {
    name,
    async measure({ lab, config, signal }: RowContext): Promise<RowResult> {
      const { url } = await lab.service("ohlc-query");
      await storeBoth(lab.database.sql, url);
      const paths = (symbol: string) => queries.map((query) => `/ticks?symbol=${symbol}&${query}`);
      const meter = new RateMeter();
      const answers = (side: keyof typeof SYMBOLS) => async () =>
        meter.rate(side, await runJob({ ...LOAD, paths: paths(SYMBOLS[side]), url }));
      const rounds = await alternate(config.rounds, signal, { theirs: answers("theirs"), ours: answers("ours") });
      return {
        work,
        against: "the same ticks in the table",
        setup: `one connection, a file of ${grouped(TICKS)} quotes, ${LOAD.measureMs} ms a round`,
        ...compareRates(rounds, "answers/s", 1),
        ...(msMax === undefined ? {} : { checks: [answerMs(rounds, msMax)] }),
        generatorCpu: meter.generatorCpu,
      };
    },
  };
}

const noon = formatTime(FROM_US + US_PER_DAY / 2);

export const archiveRows: readonly Row[] = [
  archived(
    "archive-day",
    `GET /ticks, a dropped day of ${grouped(TICKS)} quotes, in pages of 10,000`,
    [0, 1, 2, 3, 4].map(
      (part) => `start=${formatTime(FROM_US + part * 10_000 * STEP_US)}&end=1990-01-03&limit=10000&format=csv`,
    ),
  ),
  archived(
    "archive-page",
    "GET /ticks, a page of 1,000 within a dropped day",
    [`start=${noon}&end=1990-01-03`],
    PAGE_MS_MAX,
  ),
];

/** The second time nothing is stored. */
async function storeBoth(sql: Sql, queryUrl: string): Promise<void> {
  const known = await sql`select from archive_days where symbol = ${SYMBOLS.ours}`;
  if (known.length > 0) return;
  const folder = await mkdtemp(join(tmpdir(), "fx-bench-archive-"));
  const { bytes, lastUs } = await writeDay(folder);
  await sql.begin(async (transaction) => {
    await transaction`
      insert into ticks (symbol, time, seq, price, bid, ask)
      select ${SYMBOLS.theirs}, ${FROM_US}::timestamptz + i * ${STEP_US}::bigint * interval '1 microsecond', 0,
             (110000 + i % 997 + 0.5) / 1e5, (110000 + i % 997) / 1e5::float8, (110001 + i % 997) / 1e5::float8
        from generate_series(0, ${TICKS - 1}::int) as i`;
    for (const symbol of Object.values(SYMBOLS)) {
      await transaction`
        insert into symbols (symbol, first_heard, last_heard, quotes) values (${symbol}, now(), now(), true) on conflict do nothing`;
    }
    await transaction`
      insert into archive_days (symbol, date, n, file, ticks_version, ticks, first, last, rows_checksum, file_sha256, bytes,
                                written_at, verified_at, dropped_at)
      values (${SYMBOLS.ours}, ${DATE}::text::date, 1, ${tickFile({ symbol: SYMBOLS.ours, date: DATE, n: 1 })}, 1, ${TICKS},
              ${FROM_US}, ${lastUs}, 'unread', ${createHash("sha256").update(bytes).digest("hex")}, ${bytes.length}, now(), now(), now())`;
    await transaction`
      insert into settings (key, value) values ('archive_url', ${pathToFileURL(folder).href}) on conflict (key) do nothing`;
  });
  await sql`update retention_mark set dropped_before = ${FROM_US + US_PER_DAY}`;
  for (const symbol of Object.values(SYMBOLS)) {
    const text = await (
      await fetch(`${queryUrl}/ticks?symbol=${symbol}&start=${DATE}&end=1990-01-03&limit=all&format=csv`)
    ).text();
    const lines = text.trim().split("\n").length - 1;
    if (lines !== TICKS) throw new Error(`${symbol} has ${lines} ticks, not ${TICKS}`);
  }
}

async function writeDay(folder: string): Promise<{ readonly bytes: Buffer; readonly lastUs: number }> {
  const columns = makeColumns(TICKS);
  for (let i = 0; i < TICKS; i += 1) {
    columns.time[i] = BigInt(FROM_US + i * STEP_US);
    columns.price[i] = (110_000 + (i % 997) + 0.5) / 1e5;
    columns.bid[i] = (110_000 + (i % 997)) / 1e5;
    columns.ask[i] = (110_001 + (i % 997)) / 1e5;
    columns.recordedAt[i] = BigInt(FROM_US + i * STEP_US + 1000);
  }
  const writer = await TickFileWriter.open();
  const bytes = Buffer.concat([writer.add({ ...columns, count: TICKS }), writer.finish()]);
  const path = join(folder, tickFile({ symbol: SYMBOLS.ours, date: DATE, n: 1 }));
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, bytes);
  return { bytes, lastUs: FROM_US + (TICKS - 1) * STEP_US };
}
