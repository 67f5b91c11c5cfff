import {
  type CommitRules,
  type Database,
  errorCode,
  hearSymbols,
  lateWindows,
  lockSymbols,
  queueRefresh,
  readCommitRules,
  SQL_STATE,
  type Transaction,
} from "@fx-ohlc/database";
import type { Micros, NewTick, SymbolRange, Tick } from "@fx-ohlc/schemas";
import type { Config } from "../config.js";
import { refuseManyNewDays } from "./commit-bounds.js";
import type { CommitLedger, UntoldCommit } from "./commit-ledger.js";
import type { CopyTrust } from "./copy-trust.js";
import { NO_NEW_SYMBOLS, readNewSymbols } from "./new-symbols.js";
import { type Ground, type Outcome, type Placing, placeTicks } from "./placement.js";
import type { EarlierRun } from "./slot-allocator.js";
import { endStamps, probesOf, type StampRange, stampRanges } from "./stored-ranges.js";
import { runsOf } from "./symbol-runs.js";
import { copyAndCommit, encodeTicks } from "./tick-copy.js";

/** Some ticks that are stored together or not at all. */
export interface WriteRequest {
  readonly ticks: readonly NewTick[];
  /** Each of theirs, once. */
  readonly symbols: readonly string[];
  /** The run that the first of them go on with. */
  readonly earlier?: EarlierRun | undefined;
}

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
 * The symbols are locked first, and those that are new find their room. What is stored at the ticks' stamps is read in a statement
 * after that, so it holds all that earlier writers committed and nobody can add to it; the slots are then decided in memory and the
 * new ticks inserted. (An `on conflict` clause could not tell a replay from a second tick of the same stamp.)
 *
 * Nearly every tick is new, so many of them are written *by copy* instead: placed as if nothing were stored at their stamps, and
 * handed to COPY, which fails when a place is taken after all. Where it does not, looking first would have placed them just so,
 * for a tick is placed elsewhere only because the place before it is taken. A few stamps are looked up all the same: what is sent
 * again is nearly always found by its first tick, before it has cost anything.
 */
export class TickWriter {
  /** @param rules fewer ticks than `copyTicksMin` are inserted: a COPY takes a way there and back more */
  constructor(
    private readonly database: Database,
    private readonly ledger: CommitLedger,
    private readonly trust: CopyTrust,
    private readonly rules: Pick<Config, "copyTicksMin" | "symbolsMax" | "registeredSymbolsOnly">,
  ) {}

  /** Whether a request can be written by copy, together with others of which that is true. */
  isTrusted({ symbols }: WriteRequest): boolean {
    return this.trust.trusts(symbols);
  }

  /** @throws whatever PostgreSQL answers; nothing is stored then */
  async commit(requests: readonly WriteRequest[]): Promise<Commit> {
    const ticks = requests.reduce((sum, request) => sum + request.ticks.length, 0);
    const mayCopy = ticks >= this.rules.copyTicksMin && requests.every((request) => this.isTrusted(request));
    if (!mayCopy || !this.trust.canRisk(ticks)) return this.write(requests, "careful");
    const prepared = prepare(requests);
    try {
      return await this.write(requests, prepared);
    } catch (error) {
      if (errorCode(error) !== SQL_STATE.uniqueViolation) throw error;
      this.trust.noteWasted(ticks);
      return this.write(requests, "again");
    }
  }

  /** @param way what is handed to COPY, if it may be; or carefully, again after a COPY has failed */
  private write(requests: readonly WriteRequest[], way: Prepared | "careful" | "again"): Promise<Commit> {
    const prepared = typeof way === "string" ? undefined : way;
    const symbols = [...new Set(requests.flatMap((request) => request.symbols))];
    const tickLists = requests.map(({ ticks }) => ticks);
    const earlier = requests.map((request) => request.earlier);
    const { incarnation } = this.database.settings;
    return this.database.sql.begin(async (transaction) => {
      const stamps = prepared === undefined ? stampRanges(tickLists) : endStamps(tickLists);
      const [, rules, found] = await Promise.all([
        lockSymbols(transaction, symbols),
        readCommitRules(transaction),
        storedAt(transaction, stamps),
      ]);
      this.database.assertIdentity(rules.identity);
      const newSymbols = await readNewSymbols(transaction, rules.unheard, this.rules);
      const hasRoom = newSymbols.unknown.size <= newSymbols.room;
      const copied = found.length === 0 && hasRoom && isSound(prepared, rules) ? prepared : undefined;
      const isFoundAll = prepared === undefined || copied !== undefined;
      const stored = isFoundAll ? found : await storedAt(transaction, stampRanges(tickLists));
      const placing =
        copied?.placing ?? placeTicks(tickLists, { stored, horizonUs: rules.horizonUs, newSymbols, earlier });
      this.trust.doubt(way === "again" ? placing.met : symbolsSentAgain(requests, placing));
      const { outcomes, created } = placing;
      const facts = { outcomes, created, xid: rules.xid, nowUs: rules.nowUs, incarnation };
      if (created.length === 0) return { ...facts, untold: undefined };
      return { ...facts, untold: await this.store(transaction, created, rules, copied?.rows) };
    });
  }

  /** @param rows the ticks as COPY reads them, if they are to be copied */
  private async store(
    transaction: Transaction,
    created: readonly Tick[],
    { lateBeforeUs, unheard }: CommitRules,
    rows: Buffer | undefined,
  ): Promise<UntoldCommit> {
    if (this.database.settings.engine === "timescaledb") await refuseManyNewDays(transaction, created);
    const ranges = changedRanges(created);
    const isUnheard = new Set(unheard);
    const heard = ranges.map(({ symbol }) => symbol).filter((symbol) => isUnheard.has(symbol));
    const inserting = rows === undefined ? insert(transaction, created) : undefined;
    const [untold] = await Promise.all([
      this.ledger.record(transaction, ranges),
      queueRefresh(transaction, this.database.settings.engine, lateWindows(created, lateBeforeUs)),
      heard.length === 0 ? undefined : hearSymbols(transaction, heard),
      inserting,
      // The last one: nothing can be sent behind it before it has its rows.
      rows === undefined ? undefined : copyAndCommit(transaction, rows),
    ]);
    if (rows !== undefined) this.trust.noteCopied(created.length);
    return untold;
  }
}

/** Requests that were placed and written down as if nothing were known of the database, before anything was asked of it. */
interface Prepared {
  readonly placing: Placing;
  readonly rows: Buffer;
}

function prepare(requests: readonly WriteRequest[]): Prepared {
  const placing = placeTicks(
    requests.map(({ ticks }) => ticks),
    { ...NOTHING_KNOWN, earlier: requests.map(({ earlier }) => earlier) },
  );
  return { placing, rows: encodeTicks(placing.created) };
}

/** What requests are placed among before anything was asked. */
const NOTHING_KNOWN: Ground = { stored: [], horizonUs: 0, newSymbols: NO_NEW_SYMBOLS };

/** Whether nothing is refused, as far as is known without what is stored. A refusal has to name all that is wrong. */
function isSound(prepared: Prepared | undefined, { horizonUs }: CommitRules): boolean {
  if (prepared === undefined) return false;
  const { outcomes, created } = prepared.placing;
  return outcomes.every(({ ok }) => ok) && created.every(({ timeUs }) => timeUs >= horizonUs);
}

/** Those that stored ticks were met of, of requests some tick of which was there already. A tick that shares a stamp is no sign of more. */
function symbolsSentAgain(requests: readonly WriteRequest[], { outcomes, met }: Placing): string[] {
  if (met.length === 0) return [];
  return requests.flatMap(({ ticks, symbols }, index) => {
    const outcome = outcomes[index];
    const isNew = outcome?.ok === true && outcome.created === ticks.length;
    return isNew ? [] : symbols.filter((symbol) => met.includes(symbol));
  });
}

/** All that is stored at the stamps of some ranges, and some of what lies between them. */
async function storedAt(transaction: Transaction, ranges: readonly StampRange[]): Promise<Tick[]> {
  const stored = await readRanges(transaction, ranges);
  const rows = new Uint32Array(ranges.length);
  for (const { range } of stored) rows[range] = (rows[range] ?? 0) + 1;
  const isCut = ranges.map(({ stamps, rowsMax }, range) => stamps.length > 1 && rows[range] === rowsMax);
  if (!isCut.includes(true)) return stored;
  const probed = await readRanges(transaction, ranges.filter((_range, at) => isCut[at]).flatMap(probesOf));
  return [...stored.filter(({ range }) => isCut[range] !== true), ...probed];
}

/** A stored tick, and which of the ranges it was found for. */
type FoundTick = Tick & { readonly range: number };

/** The outer bounds on time let TimescaleDB leave out chunks before the first probe. */
async function readRanges(transaction: Transaction, ranges: readonly StampRange[]): Promise<FoundTick[]> {
  const from = ranges.map((range) => range.fromUs);
  const to = ranges.map((range) => range.toUs);
  const earliestUs = from.reduce((earliest, us) => Math.min(earliest, us), Number.POSITIVE_INFINITY);
  const latestUs = to.reduce((latest, us) => Math.max(latest, us), 0);
  return transaction<FoundTick[]>`
    select stored.symbol, stored.time as "timeUs", stored.seq, stored.price, stamps.place::int - 1 as range
      from unnest(${ranges.map((range) => range.symbol)}::text[], ${from}::timestamptz[], ${to}::timestamptz[],
                  ${ranges.map((range) => range.rowsMax)}::bigint[])
           with ordinality as stamps(symbol, from_time, to_time, rows_max, place)
     cross join lateral (
       select symbol, time, seq, price
         from ticks
        where symbol = stamps.symbol
          and time >= stamps.from_time and time < stamps.to_time
          and time >= ${earliestUs}::timestamptz and time < ${latestUs}::timestamptz
        limit stamps.rows_max) stored`;
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
function changedRanges(ticks: readonly Tick[]): SymbolRange[] {
  return [...runsOf(ticks)].map(({ symbol, first, last }) => ({ symbol, fromUs: first.timeUs, toUs: last.timeUs + 1 }));
}
