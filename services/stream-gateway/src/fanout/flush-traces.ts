import type { Tracer } from "@fx-ohlc/service-kit";
import type { FeedMessage } from "../feed/feed-message.js";
import type { FeedListener } from "../feed/tick-feed.js";

/** Calls back when what was gathered so far has been handed to the sockets. */
interface Flushing {
  afterFlush(callback: (audiences: number) => void): void;
}

/**
 * Records how messages go out that belong to a trace: from their arrival to the flush that they went out with. It hears of a
 * message after it was gathered for those who follow it.
 */
class FlushTraces implements FeedListener {
  constructor(
    private readonly tracer: Tracer,
    private readonly audiences: Flushing,
  ) {}

  onMessage(symbol: string, { type, content, offset }: FeedMessage): void {
    if (type !== "ticks" || typeof content.traceparent !== "string") return;
    const fields = { "fx.symbol": symbol, "fx.ticks": content.ticks.length, "fx.sequence": offset.sequence };
    const span = this.tracer.resume(content.traceparent, "flush ticks", "consumer", fields);
    if (span === undefined) return;
    this.audiences.afterFlush((audiences) => {
      span.note({ "fx.audiences": audiences });
      span.end();
    });
  }

  onGap(): void {}

  onForeign(): void {}

  onRestart(): void {}
}

/** None where nobody records traces. */
export function flushTraces(tracer: Tracer | undefined, audiences: Flushing): FeedListener[] {
  return tracer === undefined ? [] : [new FlushTraces(tracer, audiences)];
}
