import {
  type DayBoundary,
  type FamilyName,
  type Level,
  type LiveInterval,
  type Micros,
  ticksPerBar,
  US_PER_SECOND,
} from "@fx-ohlc/schemas";
import type { BarEvent, ShownBar, ToldBar } from "./bar-event.js";
import { BarLevel } from "./bar-level.js";
import type { FoldTick, KeyedBar } from "./folded-bar.js";
import { STORED_LEVELS } from "./level-set.js";
import type { ClosedRange, LiveLevel, TickAnchor } from "./live-level.js";
import { isVisible, type Snapshot } from "./snapshot.js";
import { TickLevel } from "./tick-level.js";

/** Ticks of one symbol committed by the transaction `xid`. */
export interface TickBatch {
  readonly xid: bigint;
  readonly ticks: readonly FoldTick[];
}

/** What the database held of one symbol, and which transactions that includes. */
export interface Anchor {
  readonly snapshot: Snapshot;
  /** The database's clock when it was read. */
  readonly nowUs: Micros;
  readonly boundary: DayBoundary;
  /** Of each interval the newest bar that did not start after `nowUs`, and every later one. */
  readonly bars: Readonly<Partial<Record<LiveInterval, readonly KeyedBar[]>>>;
  /** Of bars of ticks; undefined of a symbol without any. */
  readonly ofTicks?: TickAnchor | undefined;
}

/**
 * A clock that goes back by less is waited for: what is known of the database's clock moves by milliseconds with each answer, and
 * a bar that ends so much early does no harm, for its grace is longer.
 */
const BACK_MAX_US = US_PER_SECOND;

/** What a request of a few seconds can have to wait for at 10,000 ticks/s of one symbol; beyond it the anchor is asked for again. */
const HELD_TICKS_MAX = 50_000;

/**
 * The live bars of one symbol at some levels, folded from its messages. Pure: messages, anchors, reads and the clock are
 * handed in, news come out.
 *
 * - *waiting*: at the start and after any doubt (missed messages, a revision of open bars, a late tick of bars of ticks, a clock that was put back). Bars stand still; messages need not
 *   be kept, for an anchor asked for later holds them: they were committed before they were published.
 * - *loading*: an anchor was asked for. Messages are held. New doubt leads back to waiting, and that anchor is ignored.
 * - *live*: the anchor is loaded. What it already holds is dropped, by the snapshot it was read under; the rest is folded, and
 *   so is every later message.
 *
 * In every state a tick of a final bar makes that bar one to be read again: no tick is ever lost on a closed bar.
 */
export class LiveBars {
  readonly #levels: readonly LiveLevel[];
  #phase: "waiting" | "loading" | "live" = "waiting";
  #request = 0;
  #held: TickBatch[] = [];
  #heldTicks = 0;
  #snapshot: Snapshot | undefined;
  #nowUs: Micros = Number.NEGATIVE_INFINITY;

  /** @param graceUs how long after its end a bar waits for late ticks before it is final */
  constructor(
    readonly symbol: string,
    graceUs: Micros,
    family: FamilyName,
    levels: readonly Level[] = STORED_LEVELS.levels,
  ) {
    this.#levels = levels.map(({ interval }) =>
      ticksPerBar(interval) === undefined
        ? new BarLevel(symbol, interval, graceUs, family)
        : new TickLevel(symbol, interval, graceUs, family),
    );
  }

  get needsAnchor(): boolean {
    return this.#phase === "waiting";
  }

  get isLive(): boolean {
    return this.#phase === "live";
  }

  /** To be called before the anchor's query is sent. Returns the number to hand in with its answer. */
  anchorRequested(): number {
    this.#held = [];
    this.#heldTicks = 0;
    this.#phase = "loading";
    this.#request += 1;
    return this.#request;
  }

  /** The query failed: another one is needed. */
  anchorFailed(request: number): void {
    if (this.#isAwaited(request)) this.#phase = "waiting";
  }

  /** The query's answer. One that new doubt has overtaken changes nothing. */
  anchorLoaded(request: number, anchor: Anchor, nowUs: Micros): BarEvent[] {
    this.#follow(nowUs);
    if (!this.#isAwaited(request)) return [];
    const events = this.#levels.flatMap((level) =>
      level.load({ ...anchor, bars: anchor.bars[level.interval] ?? [] }, nowUs),
    );
    this.#snapshot = anchor.snapshot;
    this.#phase = "live";
    for (const batch of this.#held.splice(0)) this.#fold(batch);
    return events;
  }

  /** Takes a message. Each must come once; the order is that of the stream. */
  add(batch: TickBatch): void {
    if (this.#phase === "loading") this.#hold(batch);
    this.#fold(batch);
  }

  /** History in [fromUs, toUs) changed. */
  revise(fromUs: Micros, toUs: Micros): void {
    const concerned = this.#levels.map((level) => level.revise(fromUs, toUs));
    if (concerned.includes(true)) this.#phase = "waiting";
  }

  /** Messages may have been missed. */
  doubt(): void {
    for (const level of this.#levels) level.doubt();
    this.#phase = "waiting";
  }

  /**
   * Moves the clock on and tells what changed.
   *
   * @param confirmedUs every message published before this instant has been handed in
   */
  advance(nowUs: Micros, confirmedUs: Micros): BarEvent[] {
    this.#follow(nowUs);
    if (this.#phase !== "live") return [];
    // Not with each tick that leads to it: an anchor for each would be too many.
    if (this.#levels.some(({ isUnsure }) => isUnsure)) {
      this.#phase = "waiting";
      return [];
    }
    return this.#levels.flatMap((level) => level.advance(nowUs, confirmedUs));
  }

  get hasDirty(): boolean {
    return this.#levels.some((level) => level.hasDirty);
  }

  /** The closed bars that have to be read again; each range is handed out once, and answered once. */
  takeDirty(): readonly ClosedRange[] {
    return this.#levels.flatMap((level) => level.takeDirty());
  }

  /** A range that {@link takeDirty} gave could not be read: it will be handed out again. */
  readFailed(range: ClosedRange): void {
    this.#level(range.interval)?.readFailed(range);
  }

  /**
   * What the database holds of a range that {@link takeDirty} gave.
   *
   * @param bars every bar of the range
   */
  closedRead(range: ClosedRange, bars: readonly ToldBar[]): BarEvent[] {
    const events = this.#level(range.interval)?.closedRead(range, bars) ?? [];
    // The newest bar may be the one that is gone, and only the database knows the one before it.
    if (events.some(({ bar }) => bar.tickCount === 0)) this.#phase = "waiting";
    return events;
  }

  /** A range that {@link takeDirty} gave is too wide to be told bar by bar: clients read it themselves. */
  closedLeft(range: ClosedRange): void {
    if (this.#level(range.interval)?.closedLeft(range)) this.#phase = "waiting";
  }

  /** The newest bar that does not start after `nowUs`; undefined when none is known (yet). Whoever asks tells clients of it. */
  newest(interval: LiveInterval, nowUs: Micros): ShownBar | undefined {
    return this.#level(interval)?.newest(nowUs);
  }

  #level(interval: LiveInterval): LiveLevel | undefined {
    return this.#levels.find((level) => level.interval === interval);
  }

  /** A clock that was put back leads back to waiting: what was closed too early is open again. */
  #follow(nowUs: Micros): void {
    if (nowUs >= this.#nowUs - BACK_MAX_US) {
      this.#nowUs = Math.max(this.#nowUs, nowUs);
      return;
    }
    this.#nowUs = nowUs;
    for (const level of this.#levels) level.setBack(nowUs);
    this.#phase = "waiting";
  }

  #fold({ xid, ticks }: TickBatch): void {
    const isCounted = this.#phase !== "live" || this.#snapshot === undefined || isVisible(xid, this.#snapshot);
    for (const tick of ticks) for (const level of this.#levels) level.add(tick, isCounted);
  }

  #hold(batch: TickBatch): void {
    this.#held.push(batch);
    this.#heldTicks += batch.ticks.length;
    if (this.#heldTicks <= HELD_TICKS_MAX) return;
    this.#held = [];
    this.#phase = "waiting";
  }

  #isAwaited(request: number): boolean {
    return this.#phase === "loading" && request === this.#request;
  }
}
