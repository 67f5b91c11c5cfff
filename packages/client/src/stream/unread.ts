import { type EventOf, type StreamEvent, startOf } from "./events.js";
import { earliest, type Range } from "./ranges.js";

interface Start {
  readonly event: StreamEvent;
  readonly from: string;
}

/** Where what waits in a queue begins, by channel: old ticks may come behind new ones. */
export class Unread {
  /** Of each channel the events that begin before all that waits behind them, in their order. */
  readonly #starts = new Map<string, Start[]>();
  /** Of each channel its corrections, in their order: they may be of long ago. */
  readonly #corrected = new Map<string, EventOf<"corrected">[]>();

  /** An event has come behind the others. */
  add(event: StreamEvent): void {
    if (event.type === "corrected") {
      const corrected = this.#corrected.get(event.channel) ?? [];
      corrected.push(event);
      this.#corrected.set(event.channel, corrected);
      return;
    }
    const from = startOf(event);
    if (from === undefined || !("channel" in event) || event.channel === undefined) return;
    const starts = this.#starts.get(event.channel) ?? [];
    for (let last = starts.at(-1); last !== undefined && earliest(last.from, from) === from; last = starts.at(-1)) {
      starts.pop();
    }
    starts.push({ event, from });
    this.#starts.set(event.channel, starts);
  }

  /** The first event was taken. */
  take(event: StreamEvent): void {
    if (!("channel" in event) || event.channel === undefined) return;
    const starts = this.#starts.get(event.channel);
    if (starts?.[0]?.event === event) starts.shift();
    const corrected = this.#corrected.get(event.channel);
    if (corrected?.[0] === event) corrected.shift();
  }

  /** Ranges that were corrected, besides. */
  get corrected(): ReadonlyMap<string, readonly Range[]> {
    const ranges = (events: readonly Range[]) => events.map(({ from, to }) => ({ from, to }));
    return new Map([...this.#corrected].map(([channel, events]) => [channel, ranges(events)]));
  }

  get from(): ReadonlyMap<string, string> {
    const from = new Map<string, string>();
    for (const [channel, [first]] of this.#starts) if (first !== undefined) from.set(channel, first.from);
    return from;
  }
}
