import {
  type Database,
  lateWindows,
  lockSymbols,
  queueRefresh,
  readCommitRules,
  type Transaction,
} from "@fx-ohlc/database";
import type { Micros, NewTick, SymbolRange, Tick } from "@fx-ohlc/schemas";
import type { CommitLedger, UntoldCommit } from "./commit-ledger.js";
import { type Outcome, type Placement, type Refusal, SlotAllocator } from "./slot-allocator.js";
import { stampRanges } from "./stored-ranges.js";

/** What one transaction stored. */
export interface Commit {
  /** One for each request, in their order. */
  readonly outcomes: readonly Outcome[];
  /** Ticks that were not there before, ordered by (symbol, time, seq). */
  readonly created: readonly Tick[];
  /** Of the transaction; messages carry it. */
  readonly xid: string;
  /** For whoever tells of it; undefined when nothing was created. */
  readonly untold: UntoldCommit | undefined;
  /** The database's clock. */
  readonly nowUs: Micros;
  /** Of the database when the transaction began. */
  readonly incarnation: string;
}

/**
 * Writes the ticks of some requests in one transaction, and decides what becomes of each.
 *
 * The symbols are locked first. What is stored at the ticks' stamps is read in a statement after that, so it holds all that
 * earlier writers committed and nobody can add to it; the slots are then decided in memory and the new ticks inserted. (An
 * `on conflict` clause could not tell a replay from a second tick of the same stamp.)
 */
export class TickWriter {
  constructor(
    private readonly database: Database,
    private readonly ledger: CommitLedger,
  ) {}

  /** @throws whatever PostgreSQL answers; nothing is stored then */
  commit(requests: readonly (readonly NewTick[])[]): Promise<Commit> {
    const ranges = stampRanges(requests);
    const symbols = [...new Set(ranges.map((range) => range.symbol))];
    const { incarnation } = this.database.settings;
    return this.database.sql.begin(async (transaction) => {
      const [, rules, stored] = await Promise.all([
        lockSymbols(transaction, symbols),
        readCommitRules(transaction),
        storedAt(transaction, ranges),
      ]);
      this.database.assertIdentity(rules.identity);
      const slots = new SlotAllocator();
      slots.load(stored);
      const outcomes: Outcome[] = [];
      const created: Tick[] = [];
      const inserts: Promise<unknown>[] = [];
      for (const part of headAndRest(requests)) {
        const placed = place(slots, part, rules.horizonUs);
        outcomes.push(...placed.outcomes);
        created.push(...placed.created);
        if (placed.created.length > 0) inserts.push(insert(transaction, placed.created));
        // postgres.js sends a query at the end of a turn of the queue of promises.
        await undefined;
      }
      const facts = { outcomes, created, xid: rules.xid, nowUs: rules.nowUs, incarnation };
      if (created.length === 0) return { ...facts, untold: undefined };
      created.sort(bySymbolTimeSeq);
      const [untold] = await Promise.all([
        this.ledger.record(transaction, changedRanges(created)),
        queueRefresh(transaction, this.database.settings.engine, lateWindows(created, rules.lateBeforeUs)),
        ...inserts,
      ]);
      return { ...facts, untold };
    });
  }
}

/** The outer bounds on time let TimescaleDB leave out chunks before the first probe. */
async function storedAt(transaction: Transaction, ranges: readonly SymbolRange[]): Promise<Tick[]> {
  const from = ranges.map((range) => range.fromUs);
  const to = ranges.map((range) => range.toUs);
  const earliestUs = from.reduce((earliest, us) => Math.min(earliest, us), Number.POSITIVE_INFINITY);
  const latestUs = to.reduce((latest, us) => Math.max(latest, us), 0);
  return transaction<Tick[]>`
    select stored.symbol, stored.time as "timeUs", stored.seq, stored.price
      from unnest(${ranges.map((range) => range.symbol)}::text[], ${from}::timestamptz[], ${to}::timestamptz[])
           as stamps(symbol, from_time, to_time)
     cross join lateral (
       select symbol, time, seq, price
         from ticks
        where symbol = stamps.symbol
          and time >= stamps.from_time and time < stamps.to_time
          and time >= ${earliestUs}::timestamptz and time < ${latestUs}::timestamptz
       offset 0) stored`;
}

/** PostgreSQL inserts the first of this many ticks while the rest are placed; alone they would be a commit of good size. */
const HEAD_TICKS = 1000;

function headAndRest(requests: readonly (readonly NewTick[])[]): (readonly (readonly NewTick[])[])[] {
  let ticks = 0;
  const headLength = requests.findIndex((request) => {
    ticks += request.length;
    return ticks >= HEAD_TICKS;
  });
  if (headLength < 0 || headLength + 1 === requests.length) return [requests];
  return [requests.slice(0, headLength + 1), requests.slice(headLength + 1)];
}

function place(
  slots: SlotAllocator,
  requests: readonly (readonly NewTick[])[],
  horizonUs: Micros,
): Pick<Commit, "outcomes" | "created"> {
  const created: Tick[] = [];
  const outcomes = requests.map((ticks) => {
    const expired = expiredAmong(ticks, horizonUs);
    const outcome: Outcome = expired.length > 0 ? { ok: false, refusals: expired } : slots.place(ticks);
    if (outcome.ok) addCreated(created, ticks, outcome.placements);
    return outcome;
  });
  created.sort(bySymbolTimeSeq);
  return { outcomes, created };
}

function expiredAmong(ticks: readonly NewTick[], horizonUs: Micros): Refusal[] {
  const refusals: Refusal[] = [];
  ticks.forEach(({ timeUs }, index) => {
    if (timeUs < horizonUs) refusals.push({ index, reason: "older_than_retention" });
  });
  return refusals;
}

function addCreated(created: Tick[], ticks: readonly NewTick[], placements: readonly Placement[]): void {
  ticks.forEach(({ symbol, timeUs, price }, index) => {
    const placement = placements[index];
    if (placement?.created === true) created.push({ symbol, timeUs, seq: placement.seq, price });
  });
}

function bySymbolTimeSeq(a: Tick, b: Tick): number {
  if (a.symbol !== b.symbol) return a.symbol < b.symbol ? -1 : 1;
  return a.timeUs - b.timeUs || a.seq - b.seq;
}

/**
 * Times travel as whole microseconds and symbols as places in a list of those there are: half the bytes of their texts, and
 * less than half the time to write them here and to read them there.
 */
function insert(transaction: Transaction, ticks: readonly Tick[]): Promise<unknown> {
  const places = new Map<string, number>();
  const at = ticks.map(({ symbol }) => {
    const place = places.get(symbol) ?? places.size + 1;
    places.set(symbol, place);
    return place;
  });
  return transaction`
    insert into ticks (symbol, time, seq, price)
    select (${[...places.keys()]}::text[])[at::int],
           timestamptz '1970-01-01 00:00:00+00' + us * interval '1 microsecond', seq, price
      from unnest(${at}::bigint[], ${ticks.map((tick) => tick.timeUs)}::bigint[],
                  ${ticks.map((tick) => tick.seq)}::smallint[], ${ticks.map((tick) => tick.price)}::float8[])
           as new_ticks(at, us, seq, price)`.execute();
}

/** The half-open range of each symbol's ticks, which are ordered by symbol and time. */
export function changedRanges(ticks: readonly Tick[]): SymbolRange[] {
  const ranges = new Map<string, SymbolRange>();
  for (const { symbol, timeUs } of ticks) {
    const fromUs = ranges.get(symbol)?.fromUs ?? timeUs;
    ranges.set(symbol, { symbol, fromUs, toUs: timeUs + 1 });
  }
  return [...ranges.values()];
}
