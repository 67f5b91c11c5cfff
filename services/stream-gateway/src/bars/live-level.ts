import type { DayBoundary, LiveInterval, Micros, TickKey, TimeRange } from "@fx-ohlc/schemas";
import type { BarEvent, ShownBar, ToldBar } from "./bar-event.js";
import type { FoldTick, KeyedBar } from "./folded-bar.js";

/** Final buckets of one interval that have to be read from the database. */
export interface ClosedRange extends TimeRange {
  readonly interval: LiveInterval;
  /** History changed there: followers may know any of its bars, from us or over HTTP, and have to hear of each. */
  readonly isRevised: boolean;
}

/** What the database held of a symbol's bars of ticks. */
export interface TickAnchor {
  /** The last one as it was some seconds ago; undefined where there was none, or where its first ticks are not kept. */
  readonly bar: (KeyedBar & { readonly seq: number }) | undefined;
  /** How many ticks of it there were. */
  readonly count: number;
  /** The last of them; undefined where there are none. */
  readonly last: TickKey | undefined;
  /** Where its FX day ends. */
  readonly dayEndUs: Micros;
  /** Every tick since then, in order. */
  readonly ticks: readonly FoldTick[];
}

/** What the database held, for one symbol and interval. */
export interface LevelAnchor {
  /** The newest bar that did not start after `nowUs`, and every later one. */
  readonly bars: readonly KeyedBar[];
  /** In their place of bars of ticks; undefined of a symbol without any. */
  readonly ofTicks?: TickAnchor | undefined;
  /** The database's clock when it was read. */
  readonly nowUs: Micros;
  readonly boundary: DayBoundary;
}

/** The bars of one symbol in one interval: ticks, anchors, reads and the clock are handed in, news come out. */
export interface LiveLevel {
  readonly interval: LiveInterval;

  /** Starts over from what the database held. */
  load(anchor: LevelAnchor, nowUs: Micros): BarEvent[];
  /** The clock was ahead: an anchor is needed. */
  setBack(nowUs: Micros): void;
  /**
   * Takes a tick.
   *
   * @param isCounted the tick is in the anchor, or an anchor that will hold it is awaited: it is not folded
   */
  add(tick: FoldTick, isCounted: boolean): void;
  /** A tick could not be folded where it belongs: an anchor is needed. */
  readonly isUnsure: boolean;
  /**
   * Moves the clock on, which closes bars, and tells what changed since the last time.
   *
   * @param confirmedUs every message published before this instant has been taken
   */
  advance(nowUs: Micros, confirmedUs: Micros): BarEvent[];
  /** History in [fromUs, toUs) changed. Answers whether bars that are not final are concerned: then an anchor is needed. */
  revise(fromUs: Micros, toUs: Micros): boolean;
  /** Messages were missed: every final bar clients were told of is in doubt. */
  doubt(): void;

  readonly hasDirty: boolean;
  /** The ranges of final buckets that have to be read from the database. Each is handed out once, and answered once. */
  takeDirty(): readonly ClosedRange[];
  /** A range that was handed out could not be read: it will be handed out again. */
  readFailed(range: ClosedRange): void;
  /**
   * What the database holds of a range that was handed out.
   *
   * @param bars every bar of the range
   */
  closedRead(range: ClosedRange, bars: readonly ToldBar[]): BarEvent[];
  /**
   * Clients were told to read a range that was handed out by themselves.
   *
   * @returns whether the newest bar was among those that nobody knows here any more
   */
  closedLeft(range: ClosedRange): boolean;

  /** The newest bar that does not start after `nowUs`; undefined when none is known. Whoever asks tells clients of it. */
  newest(nowUs: Micros): ShownBar | undefined;
}
