import {
  bucketEnd,
  type DayBoundary,
  type LiveInterval,
  type Micros,
  parseInterval,
  STORED_INTERVALS,
} from "@fx-ohlc/schemas";
import { type BarEvent, emptyBar } from "../../src/bars/bar-event.js";
import { isTooWide } from "../../src/bars/closed-reader.js";
import type { FoldTick } from "../../src/bars/folded-bar.js";
import type { LevelSet } from "../../src/bars/level-set.js";
import type { Anchor, LiveBars, TickBatch } from "../../src/bars/live-bars.js";
import type { ClosedRange } from "../../src/bars/live-level.js";
import { WatchedBars } from "../../src/bars/watched-bars.js";
import { type Costs, ModelDatabase, plainBar, SYMBOL, type Transaction } from "./bar-model.js";

export const GRACE_US = 2_000_000;
/** A clock that goes back by less is waited for. */
const BACK_MAX_US = 1_000_000;
/** As far as ticks are stamped ahead, and more. */
const AHEAD_US = 400_000_000;

type Message =
  | { readonly kind: "ticks"; readonly batch: TickBatch }
  | { readonly kind: "revision"; readonly fromUs: Micros; readonly toUs: Micros };

interface Ingest {
  readonly open: Transaction[];
  readonly unpublished: Message[];
}

/** What a client knows after the events it was sent. */
type Belief = Map<Micros, BarEvent>;

/** What a client knows that once read every bar over HTTP: told of that is what it is told since. */
type Knowledge = PerInterval<Map<Micros, BarEvent["bar"]>>;

/** Something of each interval, made when it is asked for. */
export class PerInterval<T> {
  readonly #made = new Map<LiveInterval, T>();

  constructor(private readonly make: (interval: LiveInterval) => T) {}

  of(interval: LiveInterval): T {
    const made = this.#made.get(interval) ?? this.make(interval);
    this.#made.set(interval, made);
    return made;
  }
}

/**
 * Two ingest processes, a database, a stream that can lose messages, and one {@link LiveBars}, with quotes, that sees of it what a
 * gateway sees. Every step is taken on its own, so that any interleaving can be played.
 */
export class BarWorld {
  readonly watched: WatchedBars;
  readonly database: ModelDatabase;
  readonly beliefs = new PerInterval<Belief>(() => new Map());
  /** The oldest bucket that was told as a bar of its own, not as the revision of one told before this gateway started. */
  readonly toldFrom = new PerInterval(() => ({ us: Number.POSITIVE_INFINITY }));
  readonly #ingests: readonly Ingest[] = [0, 1].map(() => ({ open: [], unpublished: [] }));
  readonly #stream: Message[] = [];
  #isStreamBroken = false;
  #confirmedUs = 0;
  #anchor: { readonly request: number; answer?: Anchor } | undefined;
  #check: { answer?: Anchor } | undefined;
  /** How far the gateway's clock is from the database's. */
  #skewUs = 0;
  /** The clock that the gateway went by when it last looked. */
  #seenUs = Number.NEGATIVE_INFINITY;
  #latestUs: Micros;
  /** Bars that were told final by a clock that was ahead, by interval and bucket. */
  readonly #takenBack = new Set<string>();
  /** What checks found to differ from the database. */
  readonly mismatches: LiveInterval[] = [];
  /** Of the client that joined last. */
  joined: Knowledge | undefined;
  #reads: { readonly range: ClosedRange; answer?: ReturnType<typeof plainBar>[] }[] = [];

  constructor(
    public nowUs: Micros,
    readonly boundary: DayBoundary,
    readonly intervals: readonly LiveInterval[] = STORED_INTERVALS,
  ) {
    const set: LevelSet = { name: "", levels: intervals.map((interval) => ({ interval })), asked: undefined };
    this.watched = new WatchedBars(SYMBOL, GRACE_US, "quote", set);
    this.database = new ModelDatabase(boundary, intervals);
    this.#latestUs = nowUs;
  }

  get live(): LiveBars {
    return this.watched.live;
  }

  begin(ingest: number, ticks: readonly FoldTick[]): void {
    this.#ingests[ingest]?.open.push(this.database.begin(ticks));
  }

  /** Commits a running transaction; its message waits to be published, in pieces of two ticks. */
  commit(ingest: number, which: number): void {
    const { open, unpublished } = this.#ingest(ingest);
    const [transaction] = open.splice(which % Math.max(1, open.length), 1);
    if (transaction === undefined) return;
    this.database.commit(transaction);
    for (let at = 0; at < transaction.ticks.length; at += 2) {
      const batch = { xid: transaction.xid, ticks: transaction.ticks.slice(at, at + 2) };
      unpublished.push({ kind: "ticks", batch });
    }
  }

  correct(ingest: number, fromUs: Micros, toUs: Micros, costs: Costs | undefined): void {
    this.database.correct(fromUs, toUs, costs);
    this.#ingest(ingest).unpublished.push({ kind: "revision", fromUs, toUs });
  }

  publish(ingest: number): void {
    const message = this.#ingest(ingest).unpublished.shift();
    if (message !== undefined) this.#stream.push(message);
  }

  deliver(): void {
    const message = this.#stream.shift();
    if (message === undefined) return;
    this.#noticeLoss();
    if (message.kind === "ticks") this.watched.add(message.batch);
    else this.watched.revise(message.fromUs, message.toUs);
  }

  /** The stream loses its oldest messages; the gateway hears of it before the next one. */
  lose(count: number): void {
    if (this.#stream.splice(0, count).length > 0) this.#isStreamBroken = true;
  }

  /** One step on an anchor's way: asked for, read from the database, answered. */
  stepAnchor(): void {
    if (this.#anchor === undefined) {
      if (this.live.needsAnchor) this.#anchor = { request: this.live.anchorRequested() };
    } else if (this.#anchor.answer === undefined) {
      this.#anchor.answer = this.database.anchor(this.nowUs);
    } else {
      const { request, answer } = this.#anchor;
      this.#take(this.live.anchorLoaded(request, answer, this.#look()));
      this.#anchor = undefined;
    }
  }

  /** One step of a check: begun, read from the database, answered. */
  stepCheck(): void {
    if (this.#check === undefined) {
      if (!this.watched.isCheckable) return;
      this.watched.beginCheck();
      this.#check = {};
    } else if (this.#check.answer === undefined) {
      this.#check.answer = this.database.anchor(this.nowUs);
    } else {
      this.watched.checkLoaded(this.#check.answer, this.nowUs + this.#skewUs);
      this.#check = undefined;
    }
  }

  failRead(): void {
    const read = this.#reads.shift();
    if (read !== undefined) this.live.readFailed(read.range);
  }

  failAnchor(): void {
    if (this.#anchor !== undefined) this.live.anchorFailed(this.#anchor.request);
    this.#anchor = undefined;
  }

  /** One step on the way of a read of closed bars: taken up, read from the database, answered. */
  stepRead(): void {
    const [read] = this.#reads;
    if (read === undefined) {
      this.#reads = this.live.takeDirty().map((range) => ({ range }));
    } else if (isTooWide(read.range)) {
      this.#reads.shift();
      this.live.closedLeft(read.range);
      this.#reload(read.range);
    } else if (read.answer === undefined) {
      read.answer = this.#stored(read.range);
    } else {
      this.#reads.shift();
      this.#take(this.live.closedRead(read.range, read.answer));
    }
  }

  /** A client reads every bar there is over HTTP, and is told from now on what anybody is told. */
  join(): void {
    const all = { fromUs: Number.NEGATIVE_INFINITY, toUs: this.nowUs + 1 };
    const read = (interval: LiveInterval) =>
      new Map(this.#stored({ ...all, interval }).map((bar) => [bar.bucketUs, bar]));
    const joined = new PerInterval(read);
    // All of them now, and not when they are looked at.
    for (const interval of this.intervals) joined.of(interval);
    this.joined = joined;
  }

  #stored({ interval, fromUs, toUs }: Omit<ClosedRange, "isRevised">): ReturnType<typeof plainBar>[] {
    const bars = this.database.bars(interval).filter((bar) => bar.bucketUs >= fromUs && bar.bucketUs < toUs);
    return bars.map(plainBar);
  }

  /** What clients do when they are told of a gap. */
  #reload(range: ClosedRange): void {
    const { interval, fromUs, toUs } = range;
    const stored = new Map(this.#stored(range).map((bar) => [bar.bucketUs, bar]));
    const belief = this.beliefs.of(interval);
    const known = new Set([...belief.keys(), ...(this.joined?.of(interval).keys() ?? []), ...stored.keys()]);
    for (const bucketUs of known) {
      if (bucketUs < fromUs || bucketUs >= toUs) continue;
      const bar = stored.get(bucketUs) ?? emptyBar(SYMBOL, bucketUs);
      belief.set(bucketUs, { kind: "bar", interval, bar, complete: false, final: false });
      this.joined?.of(interval).set(bucketUs, bar);
    }
  }

  /** Time passes, and the gateway looks at its clock. */
  advance(us: number): void {
    this.nowUs += us;
    this.#latestUs = Math.max(this.#latestUs, this.nowUs);
    const gatewayUs = this.#look();
    if (this.#stream.length === 0 && !this.#isStreamBroken) this.#confirmedUs = gatewayUs;
    this.#take(this.live.advance(gatewayUs, this.#confirmedUs));
    this.watched.advanceCheck(gatewayUs, this.#confirmedUs);
    this.watched.isReading = this.#reads.length > 0;
    const differing = this.watched.judge(gatewayUs, this.#isAllTold ? gatewayUs : Number.NEGATIVE_INFINITY);
    this.mismatches.push(...differing);
  }

  /** Nothing that the database holds is still on its way. */
  get #isAllTold(): boolean {
    const isUnpublished = this.#ingests.some(({ unpublished }) => unpublished.length > 0);
    return !isUnpublished && this.#stream.length === 0 && !this.#isStreamBroken;
  }

  /** From now on the gateway's clock is so far from the database's. */
  skew(us: number): void {
    this.#skewUs = us;
  }

  /** The database's clock jumps, and with it what everybody believes of it. */
  jump(us: number): void {
    this.nowUs += us;
    this.#latestUs = Math.max(this.#latestUs, this.nowUs);
  }

  /** Everything under way arrives, clocks are right, and time passes until every bar is final. */
  settle(): void {
    this.#skewUs = 0;
    for (const [index, ingest] of this.#ingests.entries()) {
      while (ingest.open.length > 0) this.commit(index, 0);
      while (ingest.unpublished.length > 0) this.publish(index);
    }
    while (this.#stream.length > 0) this.deliver();
    this.#noticeLoss();
    const endUs = this.#latestUs + AHEAD_US;
    for (let step = 0; step < 100 || this.nowUs < endUs; step += 1) {
      for (let turn = 0; turn < 12; turn += 1) {
        this.stepAnchor();
        this.stepRead();
      }
      if (step < 10) this.stepCheck();
      this.nowUs += 7_500_000;
      this.advance(0);
    }
  }

  /** What the gateway's clock shows; bars that were told final and are not by it may come again. */
  #look(): Micros {
    const gatewayUs = this.nowUs + this.#skewUs;
    if (gatewayUs >= this.#seenUs - BACK_MAX_US) {
      this.#seenUs = Math.max(this.#seenUs, gatewayUs);
      return gatewayUs;
    }
    this.#seenUs = gatewayUs;
    for (const interval of this.intervals) {
      for (const { bar, final } of this.beliefs.of(interval).values()) {
        const isFinal = this.#endOf(bar.bucketUs, interval) + GRACE_US <= gatewayUs;
        if (final && !isFinal) this.#takenBack.add(`${interval} ${bar.bucketUs}`);
      }
    }
    return gatewayUs;
  }

  #endOf(bucketUs: Micros, interval: LiveInterval): Micros {
    return bucketEnd(bucketUs, parseInterval(interval) ?? "1m", this.boundary);
  }

  #noticeLoss(): void {
    if (this.#isStreamBroken) this.watched.doubt();
    this.#isStreamBroken = false;
  }

  #ingest(index: number): Ingest {
    const ingest = this.#ingests[index];
    if (ingest === undefined) throw new Error(`no ingest ${index}`);
    return ingest;
  }

  /** What clients hear, and the promises about each event by itself. */
  #take(events: readonly BarEvent[]): void {
    for (const event of events) {
      const { bar, interval, kind } = event;
      const belief = this.beliefs.of(interval);
      const before = belief.get(bar.bucketUs);
      const endUs = this.#endOf(bar.bucketUs, interval);
      // What was told of the bar before lets it go on: it is open, or gone, and may come again.
      const goesOn = before === undefined || !before.final || before.bar.tickCount === 0;
      // One told by a clock that was ahead may be gone before it begins by the right one.
      if (bar.tickCount > 0) expect(bar.bucketUs).toBeLessThanOrEqual(this.#seenUs);
      if (kind === "bar") expect(event.complete).toBe(endUs <= this.#seenUs);
      if (kind === "bar") expect(goesOn).toBe(true);
      if (kind === "final") expect(endUs + GRACE_US).toBeLessThanOrEqual(this.#seenUs);
      if (kind === "final") expect(goesOn || this.#takenBack.has(`${interval} ${bar.bucketUs}`)).toBe(true);
      if (kind === "revision" && !event.final) expect(this.#takenBack.has(`${interval} ${bar.bucketUs}`)).toBe(true);
      const toldFrom = this.toldFrom.of(interval);
      if (kind !== "revision") toldFrom.us = Math.min(toldFrom.us, bar.bucketUs);
      belief.set(bar.bucketUs, event);
      this.joined?.of(interval).set(bar.bucketUs, bar);
    }
  }
}
