import { type Micros, parseTime, type StoredInterval, US_PER_DAY } from "@fx-ohlc/schemas";
import type { Sql, Transaction } from "../src/sql.js";

/** What a reader's memory is kept by: bars of a level in a span. */
const SPANS = { minute: "day", hour: "month", day: "year" } as const;

interface Chunk {
  readonly level: StoredInterval;
  readonly symbol: string;
  readonly from: string;
  readonly versions: string;
  readonly closedTo: Micros;
  readonly bars: string;
}

interface Mark extends Readonly<Record<StoredInterval, Micros>> {
  readonly mark: number;
}

/** A reader as ohlc-query is one, that keeps closed bars by their versions, and is told where that would have been wrong. */
export class KeptBars {
  readonly wrong: string[] = [];
  /** Chunks that a look found as they were kept. */
  hits = 0;
  private chunks: Chunk[] = [];
  private mark: number | undefined;

  /** @param symbols all that there may be; spans without a bar are kept, too */
  constructor(
    private readonly sql: Sql,
    private readonly symbols: readonly string[],
    private readonly daysBack: number,
  ) {}

  /** Holds all that is kept against what is stored, as far as it may be used, and keeps what is stored. */
  look(): Promise<unknown> {
    return this.sql.begin("isolation level repeatable read", async (transaction) => {
      const [known] = await transaction`select 1 from bar_marks where mark = ${this.mark ?? -1}`;
      if (known === undefined) this.chunks = [];
      const [mark] = await transaction<Mark[]>`
        select mark, minute_to as minute, hour_to as hour, day_to as day from bar_mark`;
      if (mark === undefined) throw new Error("there is no mark");
      this.mark = mark.mark;
      for (const chunk of this.chunks) await this.check(transaction, chunk);
      this.chunks = await this.read(transaction, mark);
    });
  }

  private async check(transaction: Transaction, chunk: Chunk): Promise<void> {
    if ((await versionsOf(transaction, chunk)) !== chunk.versions) return;
    this.hits += 1;
    const bars = await barsOf(transaction, chunk);
    if (bars !== chunk.bars) this.wrong.push(`${chunk.level} ${chunk.symbol} ${chunk.from}: ${chunk.bars} | ${bars}`);
  }

  private async read(transaction: Transaction, mark: Mark): Promise<Chunk[]> {
    const chunks: Chunk[] = [];
    for (const level of ["minute", "hour", "day"] as const) {
      const starts = await transaction<{ start: string }[]>`
        select distinct date_trunc(${SPANS[level]}, day)::date::text as start
          from generate_series((fx_now() at time zone 'UTC')::date - ${this.daysBack}::int,
                               (fx_now() at time zone 'UTC')::date, interval '1 day') as day`;
      for (const { start: from } of starts) {
        for (const symbol of this.symbols) {
          const place = { level, symbol, from, closedTo: mark[level] };
          const versions = await versionsOf(transaction, place);
          if (versions === undefined) continue;
          chunks.push({ ...place, versions, bars: await barsOf(transaction, place) });
        }
      }
    }
    return chunks;
  }
}

type Place = Pick<Chunk, "level" | "symbol" | "from">;

/** Undefined where nobody may keep anything. */
async function versionsOf(transaction: Transaction, { level, symbol, from }: Place): Promise<string | undefined> {
  const rows = await transaction<{ key: string; version: number | null }[]>`
    select symbol || ' ' || day as key, version from bar_versions
     where symbol in ('', ${symbol}) and date_trunc(${SPANS[level]}, day)::date = ${from}::text::date order by symbol, day`;
  if (rows.some(({ version }) => version === null)) return undefined;
  return rows.map(({ key, version }) => `${key}=${version}`).join();
}

async function barsOf(transaction: Transaction, place: Place & Pick<Chunk, "closedTo">): Promise<string> {
  const { level, symbol, from, closedTo } = place;
  const fromUs = parseTime(`${from}T00:00:00Z`) ?? 0;
  const toUs = Math.min(fromUs + LENGTH_US[SPANS[level]], closedTo);
  const within = () => transaction`
     where symbol = ${symbol} and bucket >= ${fromUs}::timestamptz and bucket < ${toUs}::timestamptz
       and date_trunc(${SPANS[level]}, bucket, 'UTC') = ${fromUs}::timestamptz
     order by bucket`;
  const prices = await transaction`
    select bucket, open, high, low, close, tick_count from ${transaction(`ohlc_${level}`)} ${within()}`;
  const quotes = await transaction`
    select bucket, bid_open, bid_high, bid_low, bid_close, ask_open, ask_high, ask_low, ask_close,
           spread_min, spread_max, spread_sum, quote_count
      from ${transaction(`quote_${level}`)} ${within()}`;
  return JSON.stringify([prices, quotes]);
}

const LENGTH_US = { day: US_PER_DAY, month: 31 * US_PER_DAY, year: 366 * US_PER_DAY } as const;
