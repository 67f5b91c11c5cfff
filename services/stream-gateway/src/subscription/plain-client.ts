import { CLOSE } from "../connection/close-code.js";
import type { Connection, ConnectionUse } from "../connection/connection.js";
import type { Audience, Audiences } from "../fanout/audience.js";
import type { StreamItem } from "../fanout/stream-item.js";
import { type Channel, withoutCovered } from "./channel.js";
import { type FirstBars, sendFirstBars } from "./first-bars.js";

/** What a plain client needs of the gateway. */
export interface PlainContext {
  readonly audiences: Audiences<StreamItem>;
  readonly bars: FirstBars;
}

/** A client of a plain endpoint: it follows its channels from the beginning to the end, and says nothing. */
export class PlainClient implements ConnectionUse {
  readonly #audience: Audience<StreamItem>;

  constructor(
    private readonly connection: Connection,
    private readonly context: PlainContext,
    private readonly channels: readonly Channel[],
    private readonly whenClosed: () => void,
  ) {
    for (const channel of channels) {
      context.bars.watch(channel);
      sendFirstBars(connection, context.bars, channel, "plain");
    }
    this.#audience = context.audiences.enter(
      connection.sender,
      "plain",
      withoutCovered(channels, connection.caller.symbols),
    );
  }

  /** What a client sends here is dropped: some send a word now and then to keep a proxy awake. */
  onText(): void {}

  onBinary(): void {
    this.connection.sender.close(CLOSE.badMessage, "this endpoint takes no messages");
  }

  /** Ticks are never conflated here: a client lags until it is stuck, or its queue is full. */
  onLagging(): void {}

  onRead(): void {}

  onClosed(): void {
    this.context.audiences.leave(this.connection.sender, this.#audience);
    for (const channel of this.channels) this.context.bars.unwatch(channel);
    this.whenClosed();
  }

  offsets(): [] {
    return [];
  }
}
