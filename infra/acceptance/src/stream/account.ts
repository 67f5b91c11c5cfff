import type { CommittedTick, SymbolTruth } from "./symbol-truth.js";
import { type Fault, isWithin, type TimeRange, type Told } from "./told.js";

type Ticks = Extract<Told, { kind: "ticks" }>;
type Conflated = Extract<Told, { kind: "conflated" }>;
type Follows = Extract<Told, { kind: "follows" }>;

/**
 * Checks one client's account of one symbol, from its first subscription to the end, when it had been told everything: what it
 * was told, and what it was told it skipped, must be what was committed while it followed, each tick once.
 *
 * Ranges of time are wide, so a range alone excuses nothing: a gap excuses the ticks between its neighbours in the stream, a
 * conflation those up to the tick it is told with, a refused resumption those up to the offset that came with the refusal.
 * Only ticks that nobody at all was told of have no place, and are excused by a range of time.
 */
export function checkAccount(told: readonly Told[], truth: SymbolTruth): Fault[] {
  const walk = new Walk(truth);
  for (const item of told) walk.take(item);
  return walk.finish();
}

class Walk {
  readonly #faults: Fault[] = [];
  readonly #truth: SymbolTruth;
  readonly #gaps: TimeRange[] = [];
  /** Ticks told since the last subscription that was not a resumption: from there on each comes once. */
  readonly #received = new Set<number>();
  /** Everything before this index was told or excused; undefined when the place is not known yet. */
  #index: number | undefined;
  /** The place of the last message. */
  #place = 0;
  #pendingGaps: TimeRange[] = [];
  #conflated: Conflated | undefined;
  #firstMs = Number.POSITIVE_INFINITY;
  #sinceMs = Number.POSITIVE_INFINITY;

  constructor(truth: SymbolTruth) {
    this.#truth = truth;
  }

  take(item: Told): void {
    if (item.kind === "follows") this.#follow(item);
    else if (item.kind === "conflated") this.#conflated = item;
    else if (item.kind === "gap") this.#noteGap(item.range);
    else if (this.#conflated !== undefined) this.#settle(this.#conflated, item);
    else this.#receiveAll(item);
  }

  finish(): Fault[] {
    if (this.#index === undefined) this.#begin(this.#truth.entries.length);
    this.#reach(this.#truth.entries.length);
    for (const tick of this.#truth.unplaced) this.#checkUnplaced(tick);
    return this.#faults;
  }

  #follow({ atMs, offset, isResumed }: Follows): void {
    // What was announced and did not come any more comes again.
    this.#conflated = undefined;
    if (isResumed) return;
    this.#firstMs = Math.min(this.#firstMs, atMs);
    this.#sinceMs = atMs;
    this.#received.clear();
    this.#pendingGaps = [];
    this.#index = undefined;
    this.#place = offset === undefined ? 0 : this.#truth.order.placeOf(offset);
    // A stream that is empty, perhaps because it was lost just now, has no place: the first tick tells where it begins.
    if (this.#place > 0) this.#begin(this.#truth.indexAfter(this.#place));
  }

  /** Everything before the first index that a client follows from was sent before it followed. */
  #begin(index: number): void {
    const isAnyLater = this.#truth.sentBeforeMs(index) > this.#sinceMs;
    const earlier = isAnyLater ? this.#truth.entries.slice(0, index) : [];
    for (const { tick } of earlier) {
      const { timeUs, sentMs } = this.#committed(tick);
      if (sentMs > this.#sinceMs && !this.#isInPendingGap(timeUs))
        this.#fault("lost", `tick ${tick}, before its first`);
    }
    this.#index = index;
  }

  #noteGap(range: TimeRange): void {
    this.#gaps.push(range);
    this.#pendingGaps.push(range);
  }

  #receiveAll({ offset, ticks }: Ticks): void {
    for (const tick of ticks) this.#receive(tick);
    if (offset === undefined) return;
    this.#place = this.#truth.order.placeOf(offset);
    // Of a message all ticks must have come.
    if (this.#index !== undefined) this.#reach(Math.max(this.#index, this.#truth.indexAfter(this.#place)));
  }

  #receive(tick: number): void {
    if (!this.#isNew(tick)) return;
    const index = this.#truth.indexOf(tick, this.#index ?? 0);
    if (index === undefined) {
      if (this.#truth.isPlaced(tick)) this.#fault("disordered", `tick ${tick}`);
      return;
    }
    if (this.#index === undefined) this.#begin(index);
    this.#reach(index);
    this.#index = index + 1;
    this.#pendingGaps = [];
  }

  #isNew(tick: number): boolean {
    if (this.#received.has(tick)) this.#fault("doubled", `tick ${tick}`);
    else if (!this.#truth.committed.has(tick)) this.#fault("invented", `tick ${tick}`);
    else return this.#received.add(tick) !== undefined;
    return false;
  }

  /** Goes on to an index; what lies before it and was not told must lie in a gap that was told since the last tick. */
  #reach(index: number): void {
    for (const { tick } of this.#truth.entries.slice(this.#index ?? index, index)) {
      const isExcused = this.#received.has(tick) || this.#isInPendingGap(this.#committed(tick).timeUs);
      if (!isExcused) this.#fault("lost", `tick ${tick}`);
    }
    this.#index = index;
  }

  /** The newest tick of those up to an offset, with the account of the others. */
  #settle({ skipped, range }: Conflated, { offset = "0-0", ticks }: Ticks): void {
    const place = this.#truth.order.placeOf(offset);
    const end = this.#truth.indexAfter(place);
    const entries = this.#truth.entries.slice(this.#index ?? end, end);
    const told = ticks.filter((tick) => this.#isNew(tick));
    const isCountKnown = this.#pendingGaps.length === 0 && this.#truth.order.isWholeBetween(this.#place, place);
    if (isCountKnown && skipped + ticks.length !== entries.length) {
      this.#fault("miscounted", `${skipped} skipped up to ${offset}, not ${entries.length - ticks.length}`);
    }
    for (const { tick } of entries) this.#checkConflated(tick, range);
    for (const tick of told) if (this.#truth.indexOf(tick, 0) === undefined) this.#fault("disordered", `tick ${tick}`);
    this.#conflated = undefined;
    this.#pendingGaps = [];
    this.#index = end;
    this.#place = place;
  }

  #checkConflated(tick: number, range: TimeRange): void {
    const { timeUs } = this.#committed(tick);
    const isTold = this.#received.has(tick) || isWithin(range, timeUs) || this.#isInPendingGap(timeUs);
    if (!isTold) this.#fault("lost", `tick ${tick}, outside of what was conflated`);
  }

  #checkUnplaced(tick: number): void {
    const { timeUs, sentMs } = this.#committed(tick);
    if (this.#received.has(tick) || sentMs <= this.#firstMs || sentMs <= this.#sinceMs) return;
    if (!this.#gaps.some((range) => isWithin(range, timeUs)))
      this.#fault("lost", `tick ${tick}, which nobody was told`);
  }

  /** A tick that was published and is not stored is found by whoever was told of it. */
  #committed(tick: number): CommittedTick {
    return this.#truth.committed.get(tick) ?? { timeUs: Number.NaN, sentMs: Number.NEGATIVE_INFINITY };
  }

  #isInPendingGap(timeUs: number): boolean {
    return this.#pendingGaps.some((range) => isWithin(range, timeUs));
  }

  #fault(kind: Fault["kind"], detail: string): void {
    this.#faults.push({ kind, detail });
  }
}
