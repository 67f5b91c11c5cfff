import type { StreamEvent } from "@fx-ohlc/client";
import type { SparseBar } from "@fx-ohlc/schemas";

/** Hours to seconds of a time of today; the whole time is in the stream for who needs it. */
function clock(time: string): string {
  return time.slice(11, -1);
}

function barLine(channel: string, bar: SparseBar, state: string): string {
  const { bucket, open, high, low, close, tick_count } = bar;
  return `${channel} ${bucket} open ${open} high ${high} low ${low} close ${close} ticks ${tick_count} ${state}`;
}

/** An event as lines of text, one a tick. */
export function eventLines(event: StreamEvent): string[] {
  switch (event.type) {
    case "ticks":
    case "reloaded-ticks":
      return event.ticks.map(({ time, price, seq }) => `${event.channel} ${time} ${price} seq ${seq}`);
    case "bar":
    case "final":
    case "revision":
      return [barLine(event.channel, event.bar, event.type)];
    case "reloaded-bars":
      return event.bars.map((bar) => barLine(event.channel, bar, "reloaded"));
    default:
      return [];
  }
}

/** What a person should know besides ticks and bars; undefined for what is of no concern. */
export function remark(event: StreamEvent): string | undefined {
  switch (event.type) {
    case "conflated":
      return `${event.channel}: ${event.skipped} ticks skipped from ${clock(event.from)} to ${clock(event.to)}`;
    case "gap":
      if (event.late === true) return `${event.channel}: old ticks were stored, from ${event.from} to ${event.to}`;
      return `${event.channel}: nothing is known from ${event.from} to ${event.to}: ${event.reason}`;
    case "error":
      return event.message;
    case "status":
      return event.status === "waiting" ? `connection lost (${event.reason}), trying again` : undefined;
    default:
      return undefined;
  }
}
