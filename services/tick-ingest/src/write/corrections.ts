import {
  type ChangeNote,
  type CommitRules,
  type Database,
  lockSymbols,
  noteChange,
  queueRefresh,
  readCommitRules,
  recordAudit,
  type Transaction,
} from "@fx-ohlc/database";
import { type CheckedCost, formatTime, type Micros, type SymbolRange, type Tick } from "@fx-ohlc/schemas";
import type { CommitLedger, UntoldCommit } from "./commit-ledger.js";
import { RefreshWatch } from "./refresh-watch.js";

/** A change to stored ticks, committed. */
export interface Correction {
  /** Ticks put or deleted. */
  readonly count: number;
  /** Half-open; none when nothing changed. */
  readonly ranges: readonly SymbolRange[];
  /** For whoever tells of it; undefined when nothing changed. */
  readonly untold: UntoldCommit | undefined;
  /** Queue rows whose refresh the bars still wait for. */
  readonly refreshIds: readonly number[];
}

/** What a PUT did. */
export type PutOutcome =
  | { readonly found: "one"; readonly tick: Tick; readonly correction: Correction }
  | { readonly found: "none" }
  | { readonly found: "several" }
  /** A price where a quote was to be put, or the other way round. */
  | { readonly found: "other_kind"; readonly isQuote: boolean };

export interface Stamp extends Pick<Tick, "symbol" | "timeUs"> {
  /** All ticks of the stamp when absent. */
  readonly seq: number | undefined;
}

/** Raw ticks of that time are not kept any more, and their bars do not change. Nothing was done. */
export class OlderThanRetentionError extends Error {
  override readonly name = "OlderThanRetentionError";

  /** @param horizonUs the oldest instant whose ticks can be changed */
  constructor(readonly horizonUs: Micros) {
    super("older than retention");
  }
}

/**
 * Changes stored ticks. Like every writer it locks the symbol first, and goes by the retention that is recorded then.
 *
 * All throw OlderThanRetentionError.
 */
export class Corrections {
  private readonly refreshes: RefreshWatch;

  constructor(
    private readonly database: Database,
    private readonly ledger: CommitLedger,
  ) {
    this.refreshes = new RefreshWatch(database);
  }

  /** Gives one stored price another one, or a stored quote other sides. */
  put(stamp: Stamp, cost: CheckedCost, note: ChangeNote): Promise<PutOutcome> {
    return this.change([stamp.symbol], stamp.timeUs, note, async (change): Promise<PutOutcome> => {
      const { transaction } = change;
      const stored = await transaction<{ seq: number; isQuote: boolean }[]>`
        select seq, bid is not null as "isQuote" from ticks
         where symbol = ${stamp.symbol} and time = ${stamp.timeUs} and (${stamp.seq ?? null}::int is null or seq = ${stamp.seq ?? null}::int)`;
      const [only] = stored;
      if (only === undefined || stored.length > 1) return only === undefined ? { found: "none" } : { found: "several" };
      const { seq, isQuote } = only;
      const { price, bid, ask } = cost;
      if (isQuote !== (bid !== undefined)) return { found: "other_kind", isQuote };
      // An update is planned over every chunk there is: a tenth of a second for 14 years of weeks.
      await transaction`
        insert into ticks (symbol, time, seq, price, bid, ask)
        values (${stamp.symbol}, ${stamp.timeUs}, ${seq}, ${price}, ${bid ?? null}, ${ask ?? null})
        on conflict (symbol, time, seq) do update set price = excluded.price, bid = excluded.bid, ask = excluded.ask`;
      const range = { symbol: stamp.symbol, fromUs: stamp.timeUs, toUs: stamp.timeUs + 1 };
      const sides = bid === undefined || ask === undefined ? {} : { bid, ask };
      return {
        found: "one",
        tick: { ...stamp, ...cost, seq },
        correction: await this.note(change, 1, range, { price, ...sides, seq }),
      };
    });
  }

  /** Deletes the ticks of one stamp. */
  deleteStamp(stamp: Stamp, note: ChangeNote): Promise<Correction> {
    return this.change([stamp.symbol], stamp.timeUs, note, async (change) => {
      const { transaction } = change;
      const { count } = await transaction`
        delete from ticks
         where symbol = ${stamp.symbol} and time = ${stamp.timeUs} and (${stamp.seq ?? null}::int is null or seq = ${stamp.seq ?? null}::int)`;
      const range = { symbol: stamp.symbol, fromUs: stamp.timeUs, toUs: stamp.timeUs + 1 };
      return this.note(change, count, range);
    });
  }

  /** Deletes the ticks of a half-open range. */
  deleteRange({ symbol, fromUs, toUs }: SymbolRange, note: ChangeNote): Promise<Correction> {
    return this.change([symbol], fromUs, note, async (change) => {
      const { transaction } = change;
      const [deleted] = await transaction<{ count: number; first: Micros | null; last: Micros | null }[]>`
        with deleted as (
          delete from ticks where symbol = ${symbol} and time >= ${fromUs} and time < ${toUs} returning time
        )
        select count(*) as count, min(time) as first, max(time) as last from deleted`;
      const { count = 0, first = null, last = null } = deleted ?? {};
      return this.note(change, count, {
        symbol,
        fromUs: first ?? fromUs,
        toUs: (last ?? fromUs) + 1,
      });
    });
  }

  /**
   * Waits until the bars hold a correction.
   *
   * @returns false when they still do not after `deadlineMs`
   */
  inBars({ refreshIds }: Correction, deadlineMs: number): Promise<boolean> {
    return this.refreshes.done(refreshIds, deadlineMs);
  }

  /**
   * Runs a change of ticks in a transaction of its own, behind their symbols' locks.
   *
   * @param fromUs of the earliest of them
   */
  change<T>(
    symbols: readonly string[],
    fromUs: Micros,
    note: ChangeNote,
    work: (change: Change) => Promise<T>,
  ): Promise<T> {
    const change = async (transaction: Transaction): Promise<T> => {
      await Promise.all([lockSymbols(transaction, symbols), noteChange(transaction, note)]);
      if (this.database.settings.engine === "timescaledb") {
        // By default a statement may touch 100,000 compressed ticks: two days of one symbol.
        await transaction`set local timescaledb.max_tuples_decompressed_per_dml_transaction = 0`;
      }
      const rules = await readCommitRules(transaction);
      this.database.assertIdentity(rules.identity);
      if (fromUs < rules.horizonUs) throw new OlderThanRetentionError(rules.horizonUs);
      return work({ transaction, rules, note });
    };
    const changing = this.database.sql.begin(change) as Promise<T>; // postgres.js unwraps arrays in its type.
    changing.catch((error: unknown) => this.database.noteWriteError(error));
    return changing;
  }

  /** Writes down what goes with changed ticks of one range. */
  private note(change: Change, count: number, range: SymbolRange, put?: ChangedTicks["put"]): Promise<Correction> {
    const action = put === undefined ? "ticks.deleted" : "tick.updated";
    return this.noteAll(change, count === 0 ? [] : [{ action, count, range, put }]);
  }

  /** Writes down what goes with changed ticks. */
  async noteAll({ transaction, rules, note }: Change, changed: readonly ChangedTicks[]): Promise<Correction> {
    if (changed.length === 0) return { count: 0, ranges: [], untold: undefined, refreshIds: [] };
    const { by: actor, reason } = note;
    const ranges = changed.map(({ range }) => range);
    const windows = changed
      .flatMap(({ range, parts = [range] }) => parts)
      .filter(({ fromUs }) => fromUs < rules.lateBeforeUs)
      .map((part) => ({ ...part, reason: "correction" as const }));
    const [refreshIds, untold] = await Promise.all([
      queueRefresh(transaction, this.database.settings.engine, windows),
      this.ledger.record(transaction, ranges),
      ...changed.map(({ action, count: ticks, range: { symbol, fromUs, toUs }, put }) => {
        const details = { from: formatTime(fromUs), to: formatTime(toUs), ticks, ...put };
        const why = reason === undefined ? {} : { reason };
        return recordAudit(transaction, { actor, action, target: symbol, details: { ...details, ...why } });
      }),
    ]);
    return { count: changed.reduce((sum, { count }) => sum + count, 0), ranges, untold, refreshIds };
  }
}

/** Ticks of one symbol that were changed in one way. */
export interface ChangedTicks {
  readonly action: "tick.updated" | "ticks.deleted" | "ticks.restored";
  readonly count: number;
  /** Half-open. */
  readonly range: SymbolRange;
  /** Where in it they lie; all over it when absent. */
  readonly parts?: readonly SymbolRange[];
  /** What a single tick was given in place of what it had. */
  readonly put?: Readonly<Record<string, number>> | undefined;
}

/** What a change works with. */
export interface Change {
  readonly transaction: Transaction;
  readonly rules: CommitRules;
  readonly note: ChangeNote;
}
