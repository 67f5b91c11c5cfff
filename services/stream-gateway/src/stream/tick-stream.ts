import { type Micros, nowUs, parseTime, type RevisionMessage, US_PER_MINUTE } from "@fx-ohlc/schemas";
import type { RemoteClock } from "@fx-ohlc/service-kit";
import type { Counters } from "../counters.js";
import type { Switchboard } from "../fanout/switchboard.js";
import type { FeedMessage } from "../feed/feed-message.js";
import type { Gap } from "../feed/sequencer.js";
import type { FeedListener } from "../feed/tick-feed.js";
import { GapItem, type GapRange } from "../messages/gap-item.js";
import type { StreamItem } from "../messages/stream-item.js";
import { TicksItem } from "../messages/ticks-item.js";

/**
 * Ticks that were missed are looked for this far around what was sent: the live window, beyond which a tick is late, and as far
 * as a producer's clock may be ahead. Late ticks come with a revision of their own.
 */
const GAP_MARGIN_US = 5 * US_PER_MINUTE;

/** What clients of a ticks channel are told of a message: its ticks, or that ticks were committed which they will not get. */
export function itemOf(symbol: string, message: FeedMessage): TicksItem | GapItem | undefined {
  if (message.type === "ticks") return new TicksItem(symbol, message.offset, message.content.ticks);
  if (message.content.reason !== "lost") return undefined;
  return new GapItem({ kind: "ticks", symbol }, { ...rangeOf(message.content), reason: "lost" });
}

/** The range a revision speaks of. */
export function rangeOf({ from, to }: RevisionMessage): { fromUs: Micros; toUs: Micros } {
  return { fromUs: parseTime(from) ?? 0, toUs: parseTime(to) ?? nowUs() };
}

/** Turns what the feed hands on into items for the ticks channels. */
export class TickStream implements FeedListener {
  /** The newest time of a tick that was sent, by symbol. */
  readonly #newestUs = new Map<string, Micros>();
  readonly #startedAtMs = performance.now();

  constructor(
    private readonly switchboard: Switchboard<StreamItem>,
    private readonly counters: Counters,
    /** The database's: ranges are told in its time, and a wrong one would leave out what was missed. */
    private readonly clock: RemoteClock,
  ) {}

  onMessage(symbol: string, message: FeedMessage): void {
    const item = itemOf(symbol, message);
    if (item === undefined) return;
    if (item.kind === "ticks") this.#count(item);
    else this.counters.gapsDeclared += 1;
    this.switchboard.publish(item);
  }

  onGap(symbol: string, { reason }: Gap): void {
    this.counters.gapsDeclared += 1;
    this.switchboard.publish(new GapItem({ kind: "ticks", symbol }, { ...this.gapRange(symbol), reason }));
  }

  /** Where ticks of a symbol lie that were missed between the last one sent and now. */
  gapRange(symbol: string): Omit<GapRange, "reason"> {
    const now = this.clock.nowUs();
    const lastUs = Math.min(this.#newestUs.get(symbol) ?? this.clock.usAt(this.#startedAtMs), now);
    return { fromUs: lastUs - GAP_MARGIN_US, toUs: now + GAP_MARGIN_US };
  }

  #count({ symbol, ticks }: TicksItem): void {
    this.counters.ticksReceived += ticks.length;
    const lastUs = parseTime(ticks.at(-1)?.time) ?? 0;
    if (lastUs > (this.#newestUs.get(symbol) ?? 0)) this.#newestUs.set(symbol, lastUs);
  }
}
