import {
  bucketEnd,
  bucketStart,
  type DayBoundary,
  type FamilyName,
  fxDayName,
  hull,
  type Interval,
  isOfDays,
  type LiveInterval,
  type Micros,
  RangeSet,
  type TimeRange,
  timeInterval,
  US_PER_DAY,
  US_PER_HOUR,
  usualLengthUs,
} from "@fx-ohlc/schemas";
import { type BarEvent, emptyBar, type ShownBar, sameBar, type ToldBar } from "./bar-event.js";
import { ClosedBars } from "./closed-bars.js";
import { FoldedBar, type FoldTick, type KeyedBar } from "./folded-bar.js";
import type { ClosedRange, LevelAnchor, LiveLevel } from "./live-level.js";

/** How many final bars are remembered, to tell which ones a gap or a revision changed: two hours of minutes, two days of hours, two weeks. */
function closedBarsMax(interval: LiveInterval): number {
  const lengthUs = usualLengthUs(interval) ?? 0;
  if (lengthUs >= US_PER_DAY) return 14;
  return lengthUs >= US_PER_HOUR ? 48 : 120;
}

/** Separate ranges to read again; scattered ones beyond that are read with what lies between them. */
const DIRTY_RANGES_MAX = 64;

/**
 * The bars of one symbol in one interval.
 *
 * A bucket is *ahead* (it starts after now: a producer's clock runs fast), *open*, *complete* (its end has passed) and *final*
 * (so has the grace for late ticks), by the clock alone. Ticks are folded into buckets that are not final yet. A tick of a final
 * one makes it *dirty*: only the database can say what the bar is now, and {@link closedRead} brings the answer.
 *
 * An anchor says all there is from its oldest bucket on, the *floor*. Buckets below the floor that are not final yet are *owed*:
 * nobody knows them, so they are read when they are final. So is a bar whose last ticks may still be on their way when it ends.
 *
 * A clock that was ahead and is put back ({@link setBack}) opens buckets again that were final by it. Clients were told of them:
 * they are *shown*, and the next anchor says what each of them is.
 */
export class BarLevel implements LiveLevel {
  /** A tick can be folded wherever it belongs, or is read with its bar. */
  readonly isUnsure = false;
  readonly #interval: Interval;
  readonly #closed: ClosedBars;
  readonly #dirty = new RangeSet(DIRTY_RANGES_MAX);
  /** Where history changed: dirty too, and buckets without a bar are news there. */
  readonly #revised = new RangeSet(DIRTY_RANGES_MAX);
  readonly #reading = new Set<ClosedRange>();
  #boundary: DayBoundary | undefined;
  #open: FoldedBar[] = [];
  #floorUs: Micros = Number.POSITIVE_INFINITY;
  #owed: TimeRange | undefined;
  /** Buckets that are open again, and whether clients were told that they are final. */
  readonly #shown = new Map<Micros, boolean>();
  /** Ranges that are being read since before the clock was put back: what is folded since then may be newer. */
  readonly #overtaken = new Set<ClosedRange>();
  #nowUs: Micros = Number.NEGATIVE_INFINITY;
  #name: { readonly bucketUs: Micros; readonly date: string } | undefined;

  constructor(
    private readonly symbol: string,
    readonly interval: LiveInterval,
    private readonly graceUs: Micros,
    private readonly family: FamilyName,
  ) {
    this.#interval = timeInterval(interval) ?? "1m";
    this.#closed = new ClosedBars(closedBarsMax(interval));
  }

  /**
   * Starts over from what the database held. Bars that clients were shown and that are gone come back as revisions; the others
   * are told by the next {@link advance}.
   */
  load({ bars, nowUs: anchorNowUs, boundary }: LevelAnchor, nowUs: Micros): BarEvent[] {
    const before = this.#open;
    const doubtfulFromUs = this.#boundary === undefined ? undefined : this.#openFromUs();
    this.#boundary = boundary;
    this.#nowUs = Math.max(this.#nowUs, nowUs);
    if (doubtfulFromUs === undefined) this.#showRevised();
    this.#floorUs = Math.min(this.#startOf(anchorNowUs), ...bars.map((bar) => bar.bucketUs));
    this.#closed.beginAt(this.#floorUs);
    if (doubtfulFromUs !== undefined && doubtfulFromUs < this.#floorUs) this.#owe(doubtfulFromUs, this.#floorUs);
    for (const bar of before) if (bar.bucketUs < this.#floorUs) this.#owe(bar.bucketUs, bar.endUs);
    this.#open = bars.map((bar) => this.#reopened(bar, before)).sort((a, b) => a.bucketUs - b.bucketUs);
    const events = this.#vanished(before);
    this.#shown.clear();
    return events;
  }

  /** The clock was ahead: an anchor is needed, for buckets may be open again that nobody folds. */
  setBack(nowUs: Micros): void {
    // It may never have gone by the clock that was ahead: while an anchor is awaited nothing is closed.
    if (this.#boundary === undefined || this.#nowUs <= nowUs) return;
    this.#nowUs = nowUs;
    for (const [bucketUs, toldFinal] of this.#closed.takeBack(this.#notFinalFromUs())) this.#show(bucketUs, toldFinal);
    for (const range of this.#reading) this.#overtaken.add(range);
  }

  /**
   * Takes a tick.
   *
   * @param isCounted the tick is in the anchor, or an anchor that will hold it is awaited: it is not folded
   */
  add(tick: FoldTick, isCounted: boolean): void {
    if (this.#boundary === undefined) {
      this.#dirty.add(tick.timeUs, tick.timeUs + 1);
      return;
    }
    const last = this.#open.at(-1);
    const bar = last?.holds(tick.timeUs) ? last : this.#open.find((open) => open.holds(tick.timeUs));
    if (bar === undefined) this.#place(tick, isCounted);
    else if (!isCounted) bar.add(tick);
  }

  /**
   * Moves the clock on, which closes bars, and tells what changed since the last time.
   *
   * @param confirmedUs every message published before this instant has been taken; a bar that ends later is closed by reading it
   */
  advance(nowUs: Micros, confirmedUs: Micros): BarEvent[] {
    this.#nowUs = Math.max(this.#nowUs, nowUs);
    const events: BarEvent[] = [];
    for (let first = this.#open[0]; first !== undefined && this.#isFinal(first.endUs); first = this.#open[0]) {
      this.#open.shift();
      if (confirmedUs >= first.endUs) this.#settle(first.toBar(), events);
      else this.#oweBar(first);
    }
    this.#collectOwed();
    for (const bar of this.#open) this.#tell(bar, events);
    return events;
  }

  /** History in [fromUs, toUs) changed. Answers whether bars that are not final are concerned: then an anchor is needed. */
  revise(fromUs: Micros, toUs: Micros): boolean {
    const openFromUs = this.#boundary === undefined ? Number.POSITIVE_INFINITY : this.#openFromUs();
    this.#revised.add(fromUs, Math.min(toUs, openFromUs));
    if (this.#boundary !== undefined) this.#showOpen(fromUs, toUs);
    return this.#boundary === undefined || toUs > openFromUs;
  }

  /** Messages were missed: every final bar clients were told of has to be read again. */
  doubt(): void {
    if (this.#boundary === undefined) return;
    this.#dirty.add(this.#closed.fromUs, this.#openFromUs());
    for (const bucketUs of this.#closed.older) this.#dirty.add(bucketUs, this.#endOf(bucketUs));
    for (const range of this.#reading) this.#dirty.add(range.fromUs, range.toUs);
  }

  get hasDirty(): boolean {
    return this.#boundary !== undefined && !(this.#dirty.isEmpty && this.#revised.isEmpty);
  }

  /** The ranges of final buckets that have to be read from the database. Each is handed out once, and answered once. */
  takeDirty(): readonly ClosedRange[] {
    if (!this.hasDirty) return [];
    const ranges = [...this.#finalOf(this.#dirty, false), ...this.#finalOf(this.#revised, true)];
    for (const range of ranges) this.#reading.add(range);
    return ranges;
  }

  /** A range that was handed out could not be read: it will be handed out again. */
  readFailed(range: ClosedRange): void {
    this.#reading.delete(range);
    this.#overtaken.delete(range);
    (range.isRevised ? this.#revised : this.#dirty).add(range.fromUs, range.toUs);
  }

  /**
   * What the database holds of a range that was handed out.
   *
   * @param bars every bar of the range
   */
  closedRead(range: ClosedRange, bars: readonly ToldBar[]): BarEvent[] {
    if (!this.#isAnswered(range)) return [];
    const events: BarEvent[] = [];
    for (const bar of bars) this.#settle(bar, events);
    const kept = new Set(bars.map((bar) => bar.bucketUs));
    const gone = this.#closed.retain(range, kept);
    const emptied = range.isRevised ? this.#bucketsOf(range).filter((bucketUs) => !kept.has(bucketUs)) : gone;
    for (const bucketUs of emptied) events.push(this.#revision(emptyBar(this.symbol, bucketUs)));
    return events;
  }

  /**
   * Clients were told to read a range that was handed out by themselves.
   *
   * @returns whether the newest bar was among those that nobody knows here any more
   */
  closedLeft(range: ClosedRange): boolean {
    return this.#isAnswered(range) && this.#closed.forget(range);
  }

  /** The newest bar that does not start after `nowUs`; undefined when none is known. Whoever asks tells clients of it. */
  newest(nowUs: Micros): ShownBar | undefined {
    const open = this.#open.findLast((bar) => bar.bucketUs <= nowUs);
    if (open !== undefined) {
      open.told = true;
      const bar = open.toBar();
      return { bar, complete: open.endUs <= nowUs, final: false, ...this.#named(bar) };
    }
    const bar = this.#closed.newest;
    return bar === undefined ? undefined : { bar, complete: true, final: true, ...this.#named(bar) };
  }

  /** A tick of a bucket that has no bar here: the first one of it, or one of a bucket below the floor. */
  #place(tick: FoldTick, isCounted: boolean): void {
    const bucketUs = this.#startOf(tick.timeUs);
    const endUs = this.#endOf(tick.timeUs);
    if (this.#isFinal(endUs)) this.#dirty.add(bucketUs, endUs);
    else if (bucketUs < this.#floorUs) this.#owe(bucketUs, endUs);
    else if (!isCounted) this.#insert(FoldedBar.of(this.symbol, bucketUs, endUs, tick, this.family));
  }

  /** Empties a set of ranges: the buckets of them that are final. */
  #finalOf(set: RangeSet, isRevised: boolean): ClosedRange[] {
    const ranges: ClosedRange[] = [];
    const openFromUs = this.#openFromUs();
    for (const range of set.take()) {
      const fromUs = this.#startOf(range.fromUs);
      const toUs = this.#endOf(Math.min(range.toUs - 1, this.#nowUs));
      // Since they were noted, the clock was put back, or an anchor brought older bars than had been open; or the first one came.
      if (toUs > openFromUs) this.#owe(Math.max(fromUs, openFromUs), toUs);
      if (fromUs >= openFromUs) continue;
      ranges.push({ interval: this.interval, fromUs, toUs: Math.min(toUs, openFromUs), isRevised });
    }
    return ranges;
  }

  /** A range that was handed out has its answer; false when it has to be handed out again. */
  #isAnswered(range: ClosedRange): boolean {
    const isOvertaken = this.#overtaken.has(range);
    if (isOvertaken) this.readFailed(range);
    else this.#reading.delete(range);
    return !isOvertaken;
  }

  #bucketsOf({ fromUs, toUs }: ClosedRange): Micros[] {
    const buckets: Micros[] = [];
    for (let bucketUs = fromUs; bucketUs < toUs; bucketUs = this.#endOf(bucketUs)) buckets.push(bucketUs);
    return buckets;
  }

  #insert(bar: FoldedBar): void {
    const after = this.#open.findIndex((open) => open.bucketUs > bar.bucketUs);
    this.#open.splice(after < 0 ? this.#open.length : after, 0, bar);
  }

  /** A bar of the anchor, with what clients were already told of it. */
  #reopened(bar: KeyedBar, before: readonly FoldedBar[]): FoldedBar {
    const folded = new FoldedBar(bar, this.#endOf(bar.bucketUs));
    folded.told = this.#shown.has(bar.bucketUs);
    folded.toldFinal = this.#shown.get(bar.bucketUs) ?? false;
    const old = before.find((open) => open.bucketUs === bar.bucketUs);
    if (old === undefined) return folded;
    folded.toldFinal ||= old.toldFinal;
    folded.complete = old.complete;
    folded.told ||= old.told;
    folded.changed = old.changed || !sameBar(old.toBar(), folded.toBar());
    return folded;
  }

  #vanished(before: readonly FoldedBar[]): BarEvent[] {
    const kept = new Set(this.#open.map((bar) => bar.bucketUs));
    for (const bar of before) if (bar.told) this.#show(bar.bucketUs, bar.toldFinal);
    const missing = [...this.#shown].filter(([bucketUs]) => !kept.has(bucketUs)).sort(([a], [b]) => a - b);
    for (const [bucketUs, toldFinal] of missing) {
      if (bucketUs >= this.#floorUs) continue;
      this.#closed.expect(bucketUs, toldFinal);
      this.#owe(bucketUs, this.#endOf(bucketUs));
    }
    const gone = missing.filter(([bucketUs]) => bucketUs >= this.#floorUs);
    return gone.map(([bucketUs]) => this.#revision(emptyBar(this.symbol, bucketUs)));
  }

  /** What was revised before there was any anchor. */
  #showRevised(): void {
    const openFromUs = this.#openFromUs();
    for (const { fromUs, toUs } of this.#revised.take()) {
      this.#revised.add(fromUs, Math.min(toUs, openFromUs));
      this.#showOpen(fromUs, toUs);
    }
  }

  /** Followers may know the open bars of a revised range over HTTP, those too that no anchor has brought. */
  #showOpen(fromUs: Micros, toUs: Micros): void {
    let bucketUs = this.#startOf(Math.max(fromUs, this.#openFromUs()));
    for (; bucketUs < toUs && bucketUs <= this.#nowUs; bucketUs = this.#endOf(bucketUs)) this.#show(bucketUs, false);
  }

  #show(bucketUs: Micros, toldFinal: boolean): void {
    this.#shown.set(bucketUs, toldFinal || this.#shown.get(bucketUs) === true);
  }

  #tell(bar: FoldedBar, events: BarEvent[]): void {
    if (bar.bucketUs > this.#nowUs) return;
    const complete = bar.endUs <= this.#nowUs;
    if (!bar.changed && bar.complete === complete) return;
    bar.complete = complete;
    bar.changed = false;
    bar.told = true;
    // What clients were told is final has to be taken back; from then on it is a bar like others.
    const kind = bar.toldFinal ? "revision" : "bar";
    bar.toldFinal = false;
    events.push({ kind, interval: this.interval, bar: bar.toBar(), complete, final: false, ...this.#named(bar) });
  }

  #settle(bar: ToldBar, events: BarEvent[]): void {
    const settled = this.#closed.settle(bar);
    if (settled === "first") events.push({ ...this.#revision(bar), kind: "final" });
    if (settled === "changed") events.push(this.#revision(bar));
  }

  #revision(bar: BarEvent["bar"]): BarEvent {
    return { kind: "revision", interval: this.interval, bar, complete: true, final: true, ...this.#named(bar) };
  }

  /** The name of a bar of days: one after the other has the same. */
  #named({ bucketUs }: { readonly bucketUs: Micros }): { readonly date?: string } {
    if (this.#boundary === undefined || !isOfDays(this.#interval)) return {};
    if (this.#name?.bucketUs !== bucketUs) this.#name = { bucketUs, date: fxDayName(bucketUs, this.#boundary) };
    return { date: this.#name.date };
  }

  #oweBar(bar: FoldedBar): void {
    if (bar.told) this.#closed.expect(bar.bucketUs, bar.toldFinal);
    this.#owe(bar.bucketUs, bar.endUs);
  }

  #owe(fromUs: Micros, toUs: Micros): void {
    const range = { fromUs, toUs };
    this.#owed = this.#owed === undefined ? range : hull(this.#owed, range);
  }

  /** What is owed and final by now can be read. */
  #collectOwed(): void {
    if (this.#owed === undefined) return;
    const { fromUs, toUs } = this.#owed;
    const finalToUs = Math.min(toUs, this.#openFromUs());
    if (finalToUs <= fromUs) return;
    this.#dirty.add(fromUs, finalToUs);
    this.#owed = finalToUs < toUs ? { fromUs: finalToUs, toUs } : undefined;
  }

  #isFinal(endUs: Micros): boolean {
    return endUs + this.graceUs <= this.#nowUs;
  }

  /** Where the first bucket starts that is not final or not closed yet: an anchor can bring bars that the next advance closes. */
  #openFromUs(): Micros {
    return Math.min(this.#notFinalFromUs(), this.#open[0]?.bucketUs ?? Number.POSITIVE_INFINITY);
  }

  #notFinalFromUs(): Micros {
    return this.#startOf(this.#nowUs - this.graceUs);
  }

  #startOf(us: Micros): Micros {
    return bucketStart(us, this.#interval, this.#boundary ?? UTC_MIDNIGHT);
  }

  #endOf(us: Micros): Micros {
    return bucketEnd(us, this.#interval, this.#boundary ?? UTC_MIDNIGHT);
  }
}

/** Stands in until the first anchor names the boundary; nothing is computed with it before. */
const UTC_MIDNIGHT: DayBoundary = { hour: 0, timezone: "UTC" };
