import { covers, parseChannel } from "./channel.js";
import type { ChannelMessage } from "./protocol.js";

/** How far a reader has come in a channel: what a later run goes on from. */
export interface Position {
  /** `ticks:` channels: the offset of the last message. */
  readonly offset?: string | undefined;
  /** `ticks:` channels: the latest time of a tick, but never before that of subscribing. */
  readonly time?: string | undefined;
  /** `ohlc:` channels: the bucket of the last final bar, or of the first bar while none was final. */
  readonly bucket?: string | undefined;
}

/** Times in UTC with the same number of digits compare as text. */
function later(a: string | undefined, b: string): string {
  return a === undefined || b > a ? b : a;
}

/** The positions of all channels, by the names messages carry; a subscription to every symbol leads to many of them. */
export class Positions {
  readonly #positions: Map<string, Position>;

  constructor(initial: Readonly<Record<string, Position>> = {}) {
    this.#positions = new Map(Object.entries(initial));
  }

  get(channel: string): Position | undefined {
    return this.#positions.get(channel);
  }

  set(channel: string, position: Position): void {
    this.#positions.set(channel, position);
  }

  /** What has been handed to the reader moves its channel's position. */
  note(message: ChannelMessage): void {
    const position = this.#positions.get(message.channel);
    if (message.type === "ticks") {
      const time = message.ticks.reduce<string | undefined>((latest, tick) => later(latest, tick.time), position?.time);
      this.#positions.set(message.channel, { offset: message.offset, time });
    } else if (message.type === "final") {
      this.#positions.set(message.channel, { bucket: later(position?.bucket, message.bar.bucket) });
    } else if (message.type === "bar" && position === undefined) {
      this.#positions.set(message.channel, { bucket: message.bar.bucket });
    }
  }

  /** No position is ahead of the server's clock: what this machine's, or a producer's, made of it would leave out ticks. */
  capAt(time: string): void {
    for (const [channel, position] of this.#positions) {
      if (position.time !== undefined && position.time > time) this.#positions.set(channel, { ...position, time });
    }
  }

  /** Names with a position that a subscription covers. */
  coveredBy(subscription: string): string[] {
    return [...this.#positions.keys()].filter((name) => covers(subscription, name));
  }

  /** Forgets what none of the subscriptions covers any more. */
  keepOnly(subscriptions: readonly string[]): void {
    for (const name of this.#positions.keys()) {
      if (!subscriptions.some((subscription) => covers(subscription, name))) this.#positions.delete(name);
    }
  }

  /** The `since` of a subscribe request: the offsets of every `ticks:` channel that the subscriptions cover. */
  since(subscriptions: readonly string[]): Record<string, string> {
    const since: Record<string, string> = {};
    for (const [name, { offset }] of this.#positions) {
      const isTicks = parseChannel(name)?.kind === "ticks";
      const isCovered = subscriptions.some((subscription) => covers(subscription, name));
      if (offset !== undefined && isTicks && isCovered) since[name] = offset;
    }
    return since;
  }

  toJSON(): Record<string, Position> {
    return Object.fromEntries(this.#positions);
  }
}
