import type { ChangeNote, Transaction } from "@fx-ohlc/database";
import type { CheckedCost, SymbolRange, Tick } from "@fx-ohlc/schemas";
import { groupBy } from "@fx-ohlc/service-kit";
import type { Change, ChangedTicks, Correction, Corrections, Stamp } from "./corrections.js";
import { stampRanges, storedAt } from "./stored-ticks.js";

/** What to do with a tick; without a cost, or of a stamp with all of them, to delete it. */
export type BatchedChange = Stamp & { readonly cost: CheckedCost | undefined };

/** Why one of a batch cannot be done. */
export interface BatchRefusal {
  readonly index: number;
  readonly found: "none" | "several" | "a quote" | "a price" | "named before";
}

/** Some of a batch cannot be done, so nothing of it was. */
export class BatchRefusedError extends Error {
  override readonly name = "BatchRefusedError";

  constructor(readonly refusals: readonly BatchRefusal[]) {
    super("some corrections cannot be made");
  }
}

/** A batch that was done. */
export interface BatchDone {
  readonly updated: number;
  readonly deleted: number;
  readonly correction: Correction;
}

/**
 * Makes several corrections in one transaction, or none of them.
 *
 * @param changes at least one
 * @throws BatchRefusedError, and what {@link Corrections} throw
 */
export function correctAll(
  corrections: Corrections,
  changes: readonly BatchedChange[],
  note: ChangeNote,
): Promise<BatchDone> {
  const symbols = [...new Set(changes.map(({ symbol }) => symbol))];
  const fromUs = changes.reduce((earliest, { timeUs }) => Math.min(earliest, timeUs), Number.POSITIVE_INFINITY);
  return corrections.change(symbols, fromUs, note, async (change) => {
    const { updates, deletes } = await planned(change, changes);
    await update(change.transaction, updates);
    for (const tick of deletes) await remove(change.transaction, tick);
    const changed = [...changedTicks("tick.updated", updates), ...changedTicks("ticks.deleted", deletes)];
    const correction = await corrections.noteAll(change, changed);
    return { updated: updates.length, deleted: deletes.length, correction };
  });
}

interface Planned {
  readonly updates: readonly Tick[];
  readonly deletes: readonly Tick[];
}

/** Which stored ticks are to become what. @throws BatchRefusedError */
async function planned({ transaction }: Change, changes: readonly BatchedChange[]): Promise<Planned> {
  const stored = groupBy(await storedAt(transaction, stampRanges([changes])), stampKey);
  const refusals: BatchRefusal[] = [];
  const updates: Tick[] = [];
  const deletes: Tick[] = [];
  const named = new Set<string>();
  for (const [index, change] of changes.entries()) {
    const ofStamp = stored.get(stampKey(change)) ?? [];
    const ticks = change.seq === undefined ? ofStamp : ofStamp.filter(({ seq }) => seq === change.seq);
    const found =
      refusalOf(change, ticks) ?? (ticks.some((tick) => named.has(tickKey(tick))) ? "named before" : undefined);
    if (found !== undefined) refusals.push({ index, found });
    for (const tick of ticks) {
      named.add(tickKey(tick));
      if (change.cost === undefined) deletes.push(tick);
      else updates.push({ ...tick, bid: undefined, ask: undefined, ...change.cost });
    }
  }
  if (refusals.length > 0) throw new BatchRefusedError(refusals);
  return { updates, deletes };
}

function refusalOf({ cost }: BatchedChange, ticks: readonly Tick[]): BatchRefusal["found"] | undefined {
  const [only] = ticks;
  if (only === undefined) return "none";
  if (cost === undefined) return undefined;
  if (ticks.length > 1) return "several";
  const isQuote = only.bid !== undefined;
  if (isQuote === (cost.bid !== undefined)) return undefined;
  return isQuote ? "a quote" : "a price";
}

function stampKey({ symbol, timeUs }: Pick<Tick, "symbol" | "timeUs">): string {
  return `${symbol} ${timeUs}`;
}

function tickKey(tick: Tick): string {
  return `${stampKey(tick)} ${tick.seq}`;
}

/** As one statement, which finds each tick by its key: an update is planned over every chunk there is. */
async function update(transaction: Transaction, ticks: readonly Tick[]): Promise<void> {
  if (ticks.length === 0) return;
  await transaction`
    insert into ticks (symbol, time, seq, price, bid, ask)
    select symbol, time, seq, price, nullif(bid, 'NaN'), nullif(ask, 'NaN')
      from unnest(${ticks.map(({ symbol }) => symbol)}::text[], ${ticks.map(({ timeUs }) => timeUs)}::timestamptz[],
                  ${ticks.map(({ seq }) => seq)}::smallint[], ${ticks.map(({ price }) => price)}::float8[],
                  ${ticks.map(({ bid = Number.NaN }) => bid)}::float8[], ${ticks.map(({ ask = Number.NaN }) => ask)}::float8[])
           as corrected(symbol, time, seq, price, bid, ask)
     order by symbol, time, seq
        on conflict (symbol, time, seq) do update set price = excluded.price, bid = excluded.bid, ask = excluded.ask`;
}

/** Each by itself: the planner leaves out every chunk but its own, and nothing else is unpacked. */
async function remove(transaction: Transaction, { symbol, timeUs, seq }: Tick): Promise<void> {
  await transaction`delete from ticks where symbol = ${symbol} and time = ${timeUs} and seq = ${seq}`;
}

function changedTicks(action: ChangedTicks["action"], ticks: readonly Tick[]): ChangedTicks[] {
  return [...groupBy(ticks, ({ symbol }) => symbol)].map(([symbol, own]) => {
    const times = own.map(({ timeUs }) => timeUs).sort((a, b) => a - b);
    const parts = times.map((fromUs): SymbolRange => ({ symbol, fromUs, toUs: fromUs + 1 }));
    const range = { symbol, fromUs: times[0] ?? 0, toUs: (times.at(-1) ?? 0) + 1 };
    return { action, count: own.length, range, parts };
  });
}
