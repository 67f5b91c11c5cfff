import type { Micros, TimeRange } from "@fx-ohlc/schemas";
import type { Counters } from "../counters.js";
import { CorrectedItem } from "../fanout/corrected-item.js";
import { GapItem } from "../fanout/gap-item.js";
import type { Hub } from "../fanout/hub.js";
import type { StreamItem } from "../fanout/stream-item.js";
import { TicksItem } from "../fanout/ticks-item.js";
import type { FeedMessage } from "./feed-message.js";
import type { Gap } from "./sequencer.js";
import type { FeedListener, Restart } from "./tick-feed.js";

/**
 * What clients of a ticks channel are told of a message: its ticks; or what a corrected range holds; or that ticks were committed
 * which they will not get. Late ticks are told by themselves.
 */
export function itemOf(symbol: string, message: FeedMessage): TicksItem | CorrectedItem | GapItem | undefined {
  if (message.type === "ticks") return new TicksItem(symbol, message.offset, message.content.ticks);
  const { reason, late, ticks } = message.content;
  if (reason === "late") return undefined;
  if (reason === "correction") return new CorrectedItem(symbol, message.offset, message.times, ticks);
  const isLate = late === true;
  return new GapItem({ kind: "ticks", symbol }, { ...message.times, reason: isLate ? "trimmed" : "lost", isLate });
}

/** Turns what the feed hands on into items for the ticks channels. */
export class TickStream implements FeedListener {
  /** The newest time of a tick that was sent, by symbol. */
  readonly #newestUs = new Map<string, Micros>();
  /** The oldest time that clients were told of, be it of ticks or of a range to be read, by symbol. */
  readonly #oldestUs = new Map<string, Micros>();

  /** @param missedSince where ticks lie that were published since the feed was last known to have everything, or after an earlier instant */
  constructor(
    private readonly hub: Hub<StreamItem>,
    private readonly counters: Counters,
    private readonly missedSince: (instantUs: Micros) => TimeRange,
  ) {}

  onMessage(symbol: string, message: FeedMessage): void {
    const item = itemOf(symbol, message);
    if (item === undefined) return;
    const { fromUs, toUs } = message.times;
    this.#noteOldest(symbol, fromUs);
    if (item.kind === "ticks") this.#count(item, toUs - 1);
    // Old ticks and corrections are no loss that anybody has to be woken for.
    else if (item.kind === "gap" && !item.isLate) this.counters.gapsDeclared += 1;
    this.hub.publish(item);
  }

  onGap(symbol: string, { reason }: Gap): void {
    // From where clients are, which is at most the last tick of the symbol.
    this.#declare(symbol, this.missedSince(this.#newestUs.get(symbol) ?? Number.POSITIVE_INFINITY), reason);
  }

  onForeign(symbol: string, range: TimeRange): void {
    this.#declare(symbol, range, "lost");
  }

  /** Whatever clients were told by this process, and by others since the moment the database was put back to, may be gone with it. */
  onRestart({ symbols, sinceUs = Number.POSITIVE_INFINITY }: Restart): void {
    for (const symbol of new Set([...symbols, ...this.#oldestUs.keys()])) {
      const newestUs = this.#newestUs.get(symbol) ?? Number.POSITIVE_INFINITY;
      const { fromUs, toUs } = this.missedSince(Math.min(newestUs, sinceUs));
      const oldestUs = this.#oldestUs.get(symbol) ?? fromUs;
      this.#declare(symbol, { fromUs: Math.min(oldestUs, fromUs), toUs }, "lost");
    }
    this.#newestUs.clear();
    this.#oldestUs.clear();
  }

  #noteOldest(symbol: string, timeUs: Micros): void {
    const oldestUs = this.#oldestUs.get(symbol);
    if (oldestUs === undefined || timeUs < oldestUs) this.#oldestUs.set(symbol, timeUs);
  }

  #count({ symbol, ticks }: TicksItem, lastUs: Micros): void {
    this.counters.ticksReceived += ticks.length;
    if (lastUs > (this.#newestUs.get(symbol) ?? 0)) this.#newestUs.set(symbol, lastUs);
  }

  #declare(symbol: string, range: TimeRange, reason: Gap["reason"]): void {
    this.counters.gapsDeclared += 1;
    this.hub.publish(new GapItem({ kind: "ticks", symbol }, { ...range, reason }));
  }
}
