import type { FamilyName, LiveInterval, Micros, TicksMessage } from "@fx-ohlc/schemas";
import { timeOf } from "../feed/feed-message.js";
import { sameBar } from "./bar-event.js";
import type { FoldTick } from "./folded-bar.js";
import { type LevelSet, STORED_LEVELS } from "./level-set.js";
import { type Anchor, LiveBars, type TickBatch } from "./live-bars.js";

/** A folding from a newer anchor, beside the live one. */
interface Check {
  readonly bars: LiveBars;
  /** Of its anchor. */
  readonly request: number;
  /** When its anchor came; undefined before. */
  sinceUs: Micros | undefined;
}

/**
 * One symbol's live bars of a family at some levels, and who needs them.
 *
 * They are checked by anchoring anew beside them: the newer anchor is folded on with the same messages, and both must come to
 * the same. At once, mostly; an anchor can also hold what was committed just now and not told yet, so a difference counts when
 * it has outlasted every message that could explain it. Whatever leads to a new anchor, or to one that is on its way, ends the
 * check without a verdict.
 */
export class WatchedBars {
  readonly live: LiveBars;
  /** Channels of this symbol alone that clients follow. */
  watchers = 0;
  /** Requests for its anchor that failed, one after the other. */
  failures = 0;
  /** Its closed bars are being read. */
  isReading = false;
  /** The oldest time that messages told of. */
  #oldestUs: Micros = Number.POSITIVE_INFINITY;
  #check: Check | undefined;

  constructor(
    readonly symbol: string,
    private readonly graceUs: Micros,
    private readonly family: FamilyName,
    private readonly set: LevelSet = STORED_LEVELS,
  ) {
    this.live = new LiveBars(symbol, graceUs, family, set.levels);
  }

  /** Whether a check can be begun: there is something to check, and nothing under way. */
  get isCheckable(): boolean {
    return this.live.isLive && this.#check === undefined;
  }

  /** To be called before a newer anchor is asked for. */
  beginCheck(): void {
    const bars = new LiveBars(this.symbol, this.graceUs, this.family, this.set.levels);
    this.#check = { bars, request: bars.anchorRequested(), sinceUs: undefined };
  }

  /** The newer anchor could not be had. */
  endCheck(): void {
    this.#check = undefined;
  }

  /** The newer anchor. When it comes to the same bars as they are, that is all. */
  checkLoaded(anchor: Anchor, nowUs: Micros): void {
    const check = this.#check;
    if (check === undefined) return;
    check.bars.anchorLoaded(check.request, anchor, nowUs);
    check.sinceUs = nowUs;
    if (this.#differing(check, nowUs).length === 0) this.#check = undefined;
  }

  /**
   * Ends a check that is old enough.
   *
   * @param toldUpToUs everything that was committed before this instant has been told, or declared
   * @returns the intervals whose bars are not what the database has
   */
  judge(nowUs: Micros, toldUpToUs: Micros): readonly LiveInterval[] {
    const check = this.#check;
    if (check?.sinceUs === undefined || toldUpToUs < check.sinceUs) return [];
    // While closed bars are being read again, a difference is no surprise.
    if (!this.live.isLive || this.live.hasDirty || this.isReading) return [];
    this.#check = undefined;
    // Nobody reads closed bars for a check, so of those it says nothing.
    return check.bars.isLive && !check.bars.hasDirty ? this.#differing(check, nowUs) : [];
  }

  add(batch: TickBatch): void {
    this.#oldestUs = Math.min(this.#oldestUs, batch.ticks[0]?.timeUs ?? Number.POSITIVE_INFINITY);
    this.live.add(batch);
    this.#check?.bars.add(batch);
  }

  revise(fromUs: Micros, toUs: Micros): void {
    this.#oldestUs = Math.min(this.#oldestUs, fromUs);
    this.live.revise(fromUs, toUs);
    this.#check = undefined;
  }

  doubt(): void {
    this.live.doubt();
    this.#check = undefined;
  }

  /** What was told may not have happened, however old it is. */
  restart(nowUs: Micros): void {
    this.doubt();
    if (this.#oldestUs < nowUs) this.live.revise(this.#oldestUs, nowUs);
    this.#oldestUs = Number.POSITIVE_INFINITY;
  }

  /** Moves the clock of what is checked on, as {@link LiveBars.advance} does that of the live bars. */
  advanceCheck(nowUs: Micros, confirmedUs: Micros): void {
    this.#check?.bars.advance(nowUs, confirmedUs);
  }

  #differing({ bars }: Check, nowUs: Micros): readonly LiveInterval[] {
    const intervals = this.set.levels.map(({ interval }) => interval);
    return intervals.filter(
      (interval) => !sameBar(this.live.newest(interval, nowUs)?.bar, bars.newest(interval, nowUs)?.bar),
    );
  }
}

/** The message that was read last: the bars of several levels hear of it, one after the other. */
let lastRead: { readonly content: TicksMessage; readonly batch: TickBatch } | undefined;

/** A message in the terms of folding. */
export function batchOf(content: TicksMessage): TickBatch {
  if (lastRead?.content !== content) lastRead = { content, batch: readBatch(content) };
  return lastRead.batch;
}

function readBatch({ xid, ticks }: TicksMessage): TickBatch {
  return {
    xid: BigInt(xid),
    ticks: ticks.map((tick): FoldTick => {
      const { seq, price, bid, ask } = tick;
      return { timeUs: timeOf(tick), seq, price, bid, ask };
    }),
  };
}
