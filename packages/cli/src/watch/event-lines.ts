import type { StreamEvent, TickJson } from "@fx-ohlc/client";
import type { Sides, SparseBar } from "@fx-ohlc/schemas";

/** Hours to seconds of a time of today; the whole time is in the stream for who needs it. */
function clock(time: string): string {
  return time.slice(11, -1);
}

/** The sides of a quote; nothing of a price. */
function sidesText({ bid, ask }: Sides): string {
  return bid === undefined ? "" : ` bid ${bid} ask ${ask}`;
}

/** What stands beside the prices of a channel of all sides: where each of them closed, and what lay between. */
function quotesText({ bid_close, ask_close, spread_avg, quote_count }: SparseBar): string {
  if (quote_count === undefined || quote_count === null) return "";
  return ` bid ${bid_close} ask ${ask_close} spread ${spread_avg} quotes ${quote_count}`;
}

function barLine(channel: string, bar: SparseBar, state: string): string {
  const { bucket, open, high, low, close, tick_count } = bar;
  const prices = `open ${open} high ${high} low ${low} close ${close}`;
  return `${channel} ${bucket} ${prices}${quotesText(bar)} ticks ${tick_count} ${state}`;
}

function tickLine(channel: string, tick: Sides & Pick<TickJson, "time" | "price" | "seq">): string {
  return `${channel} ${tick.time} ${tick.price}${sidesText(tick)} seq ${tick.seq}`;
}

/** An event as lines of text, one a tick; a correction begins with one of its own. */
export function eventLines(event: StreamEvent): string[] {
  switch (event.type) {
    case "ticks":
    case "reloaded-ticks":
      return event.ticks.map((tick) => tickLine(event.channel, tick));
    case "corrected": {
      const { channel, from, to, ticks } = event;
      const head = `${channel} corrected from ${from} to ${to} ticks ${ticks.length}`;
      return [head, ...ticks.map((tick) => tickLine(channel, tick))];
    }
    case "bar":
    case "final":
    case "revision":
      return [barLine(event.channel, event.bar, event.type)];
    case "reloaded-bars":
      return event.bars.map((bar) => barLine(event.channel, bar, "reloaded"));
    case "feed-status":
      return [`${event.channel} ${event.state} since ${event.since}`];
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
