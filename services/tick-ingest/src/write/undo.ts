import { type ChangeNote, hearSymbols, type Queries, type Transaction } from "@fx-ohlc/database";
import type { Micros, SymbolRange } from "@fx-ohlc/schemas";
import type { Change, Correction, Corrections } from "./corrections.js";

/** A revision that something can be put back of. */
export interface Undoable {
  readonly id: number;
  readonly change: number;
  readonly kind: "update" | "delete";
  readonly range: SymbolRange;
  readonly ticks: number;
}

export type UndoOutcome =
  | { readonly done: true; readonly correction: Correction }
  /** Something was changed since, so nothing was done. */
  | { readonly done: false };

/** Finds what a revision replaced; undefined when there is no such revision, or it replaced nothing. */
export async function findUndoable(sql: Queries, id: number): Promise<Undoable | undefined> {
  const [row] = await sql<(Omit<Undoable, "range"> & { symbol: string; fromUs: Micros; toUs: Micros })[]>`
    select id, change, kind, symbol, from_time as "fromUs", to_time as "toUs", ticks
      from revisions where id = ${id} and kind <> 'late'`;
  if (row === undefined) return undefined;
  const { symbol, fromUs, toUs, ...rest } = row;
  return { ...rest, range: { symbol, fromUs, toUs } };
}

/**
 * Puts back what a revision replaced, as a correction of its own.
 *
 * @throws what {@link Corrections} throw
 */
export function undo(corrections: Corrections, undoable: Undoable, note: ChangeNote): Promise<UndoOutcome> {
  const { range, kind, id } = undoable;
  return corrections.change(
    [range.symbol],
    range.fromUs,
    { ...note, undoes: id },
    async (change): Promise<UndoOutcome> => {
      if (await hasChangedSince(change.transaction, undoable)) return { done: false };
      const count = await (kind === "update" ? putBack(change, undoable) : restore(change, undoable));
      const action = kind === "update" ? "tick.updated" : "ticks.restored";
      return { done: true, correction: await corrections.noteAll(change, [{ action, count, range }]) };
    },
  );
}

/**
 * Whether some tick is not any more what the revision made of it: replaced later, or stored where there was to be none. Its moment does
 * not tell: who changed it later may have begun earlier, and one that was stored again may be gone again. Changes are numbered behind
 * the symbol's lock, so that later ones have higher numbers.
 */
async function hasChangedSince(transaction: Transaction, { change, kind, range }: Undoable): Promise<boolean> {
  const { symbol, fromUs, toUs } = range;
  const changed = await transaction`
    select from tick_history replaced
      left join lateral (
        select recorded_at, true as is_there from ticks
         where symbol = replaced.symbol and time = replaced.time and seq = replaced.seq
           and time >= ${fromUs} and time < ${toUs}
        offset 0) there on true
     where change = ${change} and replaced.symbol = ${symbol} and (new_price is null) = ${kind === "delete"}
       and (case when new_price is null then is_there
                 else there.recorded_at is distinct from replaced.removed_at end
            or exists (select from tick_history later
                        where later.symbol = replaced.symbol and later.time = replaced.time and later.seq = replaced.seq
                          and later.change > replaced.change))
     limit 1`;
  return changed.length > 0;
}

/** What a transaction has replaced several times becomes what it was before the first of them. @returns how many ticks */
async function putBack({ transaction }: Change, { change, range }: Undoable): Promise<number> {
  const { count } = await transaction`
    insert into ticks (symbol, time, seq, price, bid, ask)
    select distinct on (time, seq) symbol, time, seq, price, bid, ask
      from tick_history
     where change = ${change} and symbol = ${range.symbol} and new_price is not null
     order by time, seq, recorded_at nulls first
        on conflict (symbol, time, seq) do update set price = excluded.price, bid = excluded.bid, ask = excluded.ask`;
  return count;
}

/** Ticks that are stored again come late, hour by hour, whatever the hour is: by whom is noted as of a correction. @returns how many */
async function restore({ transaction, note }: Change, { id, change, range }: Undoable): Promise<number> {
  const { symbol } = range;
  await transaction`
    insert into revisions (change, kind, symbol, from_time, to_time, ticks, by, reason, undoes)
    select tick_change(), case when set_config('fx.late_noted', 'on', true) = 'on' then 'late' end, symbol,
           date_trunc('minute', min(time)), date_trunc('minute', max(time)) + interval '1 minute', count(distinct (time, seq)),
           ${note.by}, ${note.reason ?? null}, ${id}
      from tick_history
     where change = ${change} and symbol = ${symbol} and new_price is null
     group by symbol, date_trunc('hour', time)
     order by min(time)`;
  const [quoted] = await transaction<{ some: boolean }[]>`
    select exists (select from tick_history where change = ${change} and symbol = ${symbol} and bid is not null) as some`;
  await hearSymbols(transaction, [symbol], quoted?.some === true ? [symbol] : []);
  const { count } = await transaction`
    insert into ticks (symbol, time, seq, price, bid, ask)
    select distinct on (time, seq) symbol, time, seq, price, bid, ask
      from tick_history
     where change = ${change} and symbol = ${symbol} and new_price is null
     order by time, seq, recorded_at nulls first`;
  return count;
}
