import {
  bucketEnd,
  bucketStart,
  type DayBoundary,
  type FamilyName,
  type LiveInterval,
  type Micros,
  RangeSet,
  type TickKey,
  ticksPerBar,
  US_PER_MINUTE,
} from "@fx-ohlc/schemas";
import { type BarEvent, emptyBar, type ShownBar, sameBar, type ToldBar } from "./bar-event.js";
import { CountedBar } from "./counted-bar.js";
import { FoldedBar, type FoldTick } from "./folded-bar.js";
import type { ClosedRange, LevelAnchor, LiveLevel, TickAnchor } from "./live-level.js";
import { isBefore } from "./quotes.js";

/** Final bars whose starts are remembered, to tell from where on a late tick moves all others. */
const STARTS_MAX = 120;
/** How late ticks may have been that were missed: of older ones nobody hears. */
const LATE_US = US_PER_MINUTE;
/** Separate ranges to tell of; scattered ones beyond that are told with what lies between them. */
const RANGES_MAX = 64;

/** A bar that clients know, and that is not final. */
interface Shown extends ShownBar {
  readonly start: TickKey;
}

/**
 * The bars of equally many ticks of one symbol, counted from the start of each FX day.
 *
 * A tick is *settled* when the grace for others before it has passed: those are folded into the *base*, the newest bar of settled
 * ticks, which is final when it has all of its ticks, or its FX day is over. The others are kept one by one in their order (the
 * *tail*), for any that comes may still come before them, and the bars that follow the base are made of them.
 *
 * A tick that comes before a settled one moves the bars of the rest of its FX day, and nobody knows where all of them began: clients
 * are told to read that range again, and an anchor brings the present ones.
 */
export class TickLevel implements LiveLevel {
  readonly #perBar: number;
  #boundary: DayBoundary | undefined;
  #base: CountedBar | undefined;
  /** The last settled tick. */
  #settled: TickKey | undefined;
  #tail: FoldTick[] = [];
  /** Base and tail as bars that are not final; undefined when something has come since. */
  #open: readonly CountedBar[] | undefined;
  #isUntold = false;
  readonly #shown = new Map<string, Shown>();
  #lastFinal: ToldBar | undefined;
  #starts: TickKey[] = [];
  readonly #revised = new RangeSet(RANGES_MAX);
  /** From here to the base clients have to read again, as soon as an anchor says where that begins. */
  #movedFromUs: Micros | undefined;
  /** Up to here clients were told to read. */
  #leftToUs: Micros = Number.NEGATIVE_INFINITY;
  /** What changed before there was any anchor. */
  readonly #early = new RangeSet(RANGES_MAX);
  #nowUs: Micros = Number.NEGATIVE_INFINITY;
  /** When there is something to tell though nothing has come. */
  #dueUs: Micros = Number.NEGATIVE_INFINITY;
  #isUnsure = false;

  constructor(
    private readonly symbol: string,
    readonly interval: LiveInterval,
    private readonly graceUs: Micros,
    private readonly family: FamilyName,
  ) {
    this.#perBar = ticksPerBar(interval) ?? 1;
  }

  get isUnsure(): boolean {
    return this.#isUnsure;
  }

  load({ ofTicks, boundary }: LevelAnchor, nowUs: Micros): BarEvent[] {
    const before = this.#boundary === undefined ? undefined : this.#frontier();
    this.#boundary = boundary;
    this.#nowUs = Math.max(this.#nowUs, nowUs);
    this.#isUnsure = false;
    this.#base = ofTicks && baseOf(ofTicks);
    this.#settled = ofTicks?.last;
    this.#tail = [...(ofTicks?.ticks ?? [])];
    this.#changed();
    for (const { fromUs, toUs } of this.#early.take()) this.revise(fromUs, toUs);
    const start = this.#base?.start;
    // Those in between became final while nobody counted.
    if (before !== undefined && start !== undefined && isBefore(before, start)) this.#moveFrom(before.timeUs);
    for (const [key, shown] of this.#shown)
      if (start !== undefined && isBefore(shown.start, start)) this.#shown.delete(key);
    const events: BarEvent[] = [];
    if (this.#base?.count === this.#perBar) this.#finish(this.#base, events);
    this.#showOpen();
    return events;
  }

  setBack(nowUs: Micros): void {
    this.#nowUs = Math.min(this.#nowUs, nowUs);
  }

  add(tick: FoldTick, isCounted: boolean): void {
    const { timeUs } = tick;
    if (this.#boundary === undefined) {
      this.#early.add(timeUs, timeUs + 1);
    } else if (this.#isLate(tick)) {
      this.#tellFrom(timeUs, timeUs + 1);
      this.#isUnsure ||= !isCounted;
    } else if (!isCounted) {
      this.#insert(tick);
    }
  }

  advance(nowUs: Micros, confirmedUs: Micros): BarEvent[] {
    this.#nowUs = Math.max(this.#nowUs, nowUs);
    const events: BarEvent[] = [];
    if (!this.#isUnsure) this.#tellMoved();
    this.#settle(Math.min(this.#nowUs - this.graceUs, confirmedUs), events);
    if (this.#isUntold || this.#nowUs >= this.#dueUs) this.#tell(events);
    return events;
  }

  revise(fromUs: Micros, toUs: Micros): boolean {
    if (this.#boundary === undefined) {
      this.#early.add(fromUs, toUs);
      return true;
    }
    const { timeUs } = this.#frontier();
    if (fromUs <= timeUs) this.#tellFrom(fromUs, toUs);
    return toUs > bucketStart(this.#settled?.timeUs ?? fromUs, "1d", this.#boundary);
  }

  doubt(): void {
    if (this.#boundary === undefined) return;
    const lastUs = this.#settled?.timeUs ?? this.#nowUs;
    this.#moveFrom(bucketStart(lastUs - LATE_US, "1d", this.#boundary));
  }

  get hasDirty(): boolean {
    return this.#boundary !== undefined && !this.#revised.isEmpty;
  }

  takeDirty(): readonly ClosedRange[] {
    if (!this.hasDirty) return [];
    return this.#revised.take().map((range) => ({ interval: this.interval, ...range, isRevised: true }));
  }

  readFailed({ fromUs, toUs }: ClosedRange): void {
    this.#revised.add(fromUs, toUs);
  }

  /** Nobody reads them here: {@link takeDirty} gives what clients are told to read. */
  closedRead(): BarEvent[] {
    return [];
  }

  closedLeft(): boolean {
    return false;
  }

  newest(nowUs: Micros): ShownBar | undefined {
    for (const open of this.#openBars().toReversed()) {
      const shown = open.start.timeUs <= nowUs ? this.#showing(open) : undefined;
      if (shown === undefined) continue;
      if (!this.#shown.has(open.key)) this.#shown.set(open.key, shown);
      return shown;
    }
    const bar = this.#base?.toBar();
    return bar === undefined ? undefined : { bar, complete: true, final: true };
  }

  /** The first bar that is not final begins here, or after it. */
  #frontier(): TickKey {
    const [open] = this.#openBars();
    return open?.start ?? this.#settled ?? { timeUs: 0, seq: 0 };
  }

  /** It comes before a settled one, or belongs to a bar that its day's end has closed. */
  #isLate(tick: FoldTick): boolean {
    const base = this.#base;
    const isClosed = base?.isFinished === true && base.count < this.#perBar && tick.timeUs < base.dayEndUs;
    return isClosed || (this.#settled !== undefined && !isBefore(this.#settled, tick));
  }

  #insert(tick: FoldTick): void {
    const tail = this.#tail;
    let place = tail.length;
    for (let last = tail[place - 1]; last !== undefined && isBefore(tick, last); last = tail[place - 1]) place -= 1;
    tail.splice(place, 0, tick);
    this.#changed();
  }

  #changed(): void {
    this.#open = undefined;
    this.#isUntold = true;
  }

  /** Folds what nothing can come before any more into the base. */
  #settle(toUs: Micros, events: BarEvent[]): void {
    let count = 0;
    for (const tick of this.#tail) {
      if (tick.timeUs >= toUs) break;
      const base = this.#grown(this.#base, tick);
      if (this.#base !== undefined && base !== this.#base) this.#finish(this.#base, events);
      this.#base = base;
      this.#settled = { timeUs: tick.timeUs, seq: tick.seq };
      if (base.count === this.#perBar) this.#finish(base, events);
      count += 1;
    }
    if (count > 0) this.#tail.splice(0, count);
    const base = this.#base;
    if (base !== undefined && base.dayEndUs <= toUs && !base.isFinished) {
      this.#finish(base, events);
    }
  }

  /** The bar that a tick after all others belongs to, with it: the last one, or another one. */
  #grown(last: CountedBar | undefined, tick: FoldTick): CountedBar {
    if (last === undefined || last.count >= this.#perBar || tick.timeUs >= last.dayEndUs) {
      return CountedBar.of(
        this.symbol,
        tick,
        bucketEnd(tick.timeUs, "1d", this.#boundary ?? UTC_MIDNIGHT),
        this.family,
      );
    }
    last.add(tick);
    return last;
  }

  /** Tells a bar for the last time. */
  #finish(bar: CountedBar, events: BarEvent[]): void {
    if (bar.isFinished) return;
    bar.isFinished = true;
    this.#changed();
    this.#shown.delete(bar.key);
    const told = bar.toBar();
    if (told === undefined || sameBar(told, this.#lastFinal)) return;
    const last = this.#lastFinal && { timeUs: this.#lastFinal.bucketUs, seq: this.#lastFinal.seq ?? 0 };
    // By a clock that was ahead, or before a late tick came, there were others.
    const isNews = last === undefined || isBefore(last, bar.start);
    events.push({
      kind: isNews ? "final" : "revision",
      interval: this.interval,
      bar: told,
      complete: true,
      final: true,
    });
    if (!isNews) return;
    this.#lastFinal = told;
    this.#starts.push(bar.start);
    if (this.#starts.length > STARTS_MAX) this.#starts.shift();
  }

  #openBars(): readonly CountedBar[] {
    if (this.#open !== undefined) return this.#open;
    const open: CountedBar[] = [];
    let last = this.#base;
    if (last !== undefined && !last.isFinished) {
      last = last.copy();
      open.push(last);
    }
    for (const tick of this.#tail) {
      const bar = this.#grown(last, tick);
      if (bar !== last) open.push(bar);
      last = bar;
    }
    this.#open = open;
    return open;
  }

  #tell(events: BarEvent[]): void {
    this.#isUntold = false;
    const open = this.#openBars();
    const isDue = (us: Micros) => us > this.#nowUs;
    this.#dueUs = Math.min(...open.flatMap(({ start, dayEndUs }) => [start.timeUs, dayEndUs].filter(isDue)));
    for (const bar of open) {
      const shown = bar.start.timeUs <= this.#nowUs ? this.#showing(bar) : undefined;
      if (shown === undefined) continue;
      const told = this.#shown.get(bar.key);
      if (told?.complete === shown.complete && sameBar(told.bar, shown.bar)) continue;
      this.#shown.set(bar.key, shown);
      events.push({ kind: "bar", interval: this.interval, ...shown });
    }
    const kept = new Set(open.map(({ key }) => key));
    for (const [key, { start }] of this.#shown) {
      if (kept.has(key)) continue;
      this.#shown.delete(key);
      const bar = emptyBar(this.symbol, start.timeUs, start.seq);
      events.push({ kind: "revision", interval: this.interval, bar, complete: true, final: true });
    }
  }

  /** Followers may know the open bars over HTTP before they are told of them: if one goes, they hear of it. */
  #showOpen(): void {
    for (const { key, start } of this.#openBars()) {
      if (start.timeUs > this.#nowUs || this.#shown.has(key)) continue;
      const bar = emptyBar(this.symbol, start.timeUs, start.seq);
      this.#shown.set(key, { bar, complete: false, final: false, start });
    }
  }

  #showing(open: CountedBar): Shown | undefined {
    const bar = open.toBar();
    if (bar === undefined) return undefined;
    const complete = open.count === this.#perBar || open.dayEndUs <= this.#nowUs;
    return { bar, complete, final: false, start: open.start };
  }

  /**
   * Final bars from an instant to the end of a day are others now; where the first of them begins is known of the last ones only. Of the
   * day of the last ticks the anchor that is awaited will say where those begin that clients are told one by one: all before that are
   * so old by then that nothing moves them any more.
   */
  #tellFrom(fromUs: Micros, toUs: Micros): void {
    const boundary = this.#boundary ?? UTC_MIDNIGHT;
    const dayStartUs = bucketStart(fromUs, "1d", boundary);
    const start = this.#starts.findLast(({ timeUs }) => timeUs <= fromUs && timeUs >= dayStartUs);
    this.#starts = this.#starts.filter(({ timeUs }) => timeUs <= fromUs);
    const dayEndUs = bucketEnd(Math.max(fromUs, toUs - 1), "1d", boundary);
    const isOver = this.#settled !== undefined && dayEndUs <= bucketStart(this.#settled.timeUs, "1d", boundary);
    if (isOver) this.#revised.add(start?.timeUs ?? dayStartUs, dayEndUs);
    else this.#moveFrom(start?.timeUs ?? dayStartUs);
  }

  #moveFrom(fromUs: Micros): void {
    this.#movedFromUs = Math.min(fromUs, this.#movedFromUs ?? fromUs);
  }

  #tellMoved(): void {
    if (this.#movedFromUs === undefined) return;
    const baseUs = this.#base?.start.timeUs;
    const firstUs = Math.min(this.#tail[0]?.timeUs ?? Number.POSITIVE_INFINITY, this.#nowUs - this.graceUs);
    // An anchor may begin before bars that were told final, or that clients have read, which are there no more.
    const finalToUs = (this.#lastFinal?.bucketUs ?? Number.NEGATIVE_INFINITY) + 1;
    this.#leftToUs = Math.max(baseUs === undefined ? firstUs : baseUs + 1, finalToUs, this.#leftToUs);
    this.#revised.add(this.#movedFromUs, this.#leftToUs);
    this.#movedFromUs = undefined;
  }
}

/** Never computed with: there is no bar before the first anchor, which names the boundary. */
const UTC_MIDNIGHT: DayBoundary = { hour: 0, timezone: "UTC" };

/** The newest bar of settled ticks. One whose first ticks are not known is known by its last. */
function baseOf({ bar, count, last, dayEndUs }: TickAnchor): CountedBar | undefined {
  const start = bar === undefined ? last : { timeUs: bar.bucketUs, seq: bar.seq };
  if (start === undefined) return undefined;
  return new CountedBar(bar && new FoldedBar(bar, dayEndUs), start, count, dayEndUs);
}
