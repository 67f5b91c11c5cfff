import { type Micros, US_PER_DAY, US_PER_MINUTE, US_PER_SECOND } from "@fx-ohlc/schemas";
import { END_OFFSET_S } from "./policies.js";
import { type DatabaseSettings, identityOf } from "./settings.js";
import type { Transaction } from "./sql.js";

/**
 * What a transaction that changes ticks has to know of the database, as of a moment at which it holds its symbols' locks; or
 * before that, where it asserts behind them that it still is so.
 */
export interface CommitRules {
  /** Of the transaction; messages carry it. */
  readonly xid: string;
  /** The database's clock. */
  readonly nowUs: Micros;
  /** Which database this is, in which incarnation: {@link identityOf}. */
  readonly identity: string;
  /** Ticks before this instant are refused: their bars do not change any more. */
  readonly horizonUs: Micros;
  /** Ticks before this instant need a refresh before the bars hold them. */
  readonly lateBeforeUs: Micros;
  /** Ticks before this instant change days that may be archived. */
  readonly archivedBeforeUs: Micros;
  /** Those of the transaction's symbols that are not in the table of symbols, or whose `last_heard` there is old. */
  readonly unheard: readonly string[];
  /** Those that it brings quotes of, {@link noteQuoted}, and that the table does not say have any. */
  readonly unquoted: readonly string[];
}

/** A tick is late half an end offset before its minute can be materialised: the other half is for transactions under way. */
export const LATE_AFTER_US = (END_OFFSET_S.minute / 2) * US_PER_SECOND;

interface RulesRow
  extends Pick<CommitRules, "xid" | "nowUs" | "archivedBeforeUs">,
    Pick<DatabaseSettings, "databaseId" | "incarnation"> {
  readonly unheard: string[] | null;
  readonly unquoted: string[] | null;
  readonly materialisedToUs: Micros;
  readonly droppedBeforeUs: Micros;
  readonly keepDays: number;
}

/**
 * Reads the rules, in a statement of its own. A symbol's `last_heard` is left as it is for 30 s: of a live one it is
 * written twice a minute, and not at every commit. Retention and its mark are read here and nowhere earlier: whoever
 * moves the mark waits for every transaction that has read the one before, and drops nothing until then.
 *
 * The statement has no parameters, so that it is planned once: the symbols are those that are noted in `fx.symbols`. Each is
 * one probe, as a scalar subquery; as `not exists` the planner would have the whole table read for a hundred.
 */
export async function readCommitRules(transaction: Transaction): Promise<CommitRules> {
  const [row] = await transaction<RulesRow[]>`
    select pg_current_xact_id()::text as xid, fx_now() as "nowUs", materialised_to() as "materialisedToUs",
           (select dropped_before from retention_mark) as "droppedBeforeUs",
           (select ended_before from archive_state) as "archivedBeforeUs",
           (select value::int from settings where key = 'keep_ticks_days') as "keepDays",
           (select value from settings where key = 'database_id') as "databaseId",
           (select value from settings where key = 'incarnation') as incarnation,
           (select array_agg(wanted)
              from unnest(nullif(current_setting('fx.symbols', true), '')::text[]) as wanted
             where ((select last_heard from symbols where symbol = wanted)
                    between fx_now() - interval '30 seconds' and fx_now() + interval '30 seconds') is not true) as unheard,
           (select array_agg(quoted)
              from unnest(nullif(current_setting('fx.quoted', true), '')::text[]) as quoted
             where (select quotes from symbols where symbol = quoted) is not true) as unquoted`.execute();
  if (row === undefined) throw new Error("a select without from gave no row");
  const { xid, nowUs, archivedBeforeUs, droppedBeforeUs, keepDays, materialisedToUs, unheard, unquoted } = row;
  const horizonUs = retentionHorizon(droppedBeforeUs, keepDays, nowUs);
  const lateBeforeUs = lateBefore(nowUs, materialisedToUs);
  const notes = { unheard: unheard ?? [], unquoted: unquoted ?? [] };
  return { xid, nowUs, identity: identityOf(row), horizonUs, lateBeforeUs, archivedBeforeUs, ...notes };
}

/**
 * The instant before which ticks are refused: the recorded mark, or what is older than is kept, though it is not dropped yet.
 * A whole minute.
 *
 * @param keepDays 0 keeps ticks for ever
 */
export function retentionHorizon(droppedBeforeUs: Micros, keepDays: number, nowUs: Micros): Micros {
  if (keepDays === 0) return droppedBeforeUs;
  const oldestUs = Math.ceil((nowUs - keepDays * US_PER_DAY) / US_PER_MINUTE) * US_PER_MINUTE;
  return Math.max(droppedBeforeUs, oldestUs);
}

/**
 * The instant before which ticks are late: their minute ended longer ago than real-time reads are sure to cover, or bars are
 * materialised beyond that, which a clock that was ahead or a refresh by hand can do.
 */
export function lateBefore(nowUs: Micros, materialisedToUs: Micros): Micros {
  const byClockUs = Math.floor((nowUs - LATE_AFTER_US) / US_PER_MINUTE) * US_PER_MINUTE;
  return Math.max(byClockUs, materialisedToUs);
}
