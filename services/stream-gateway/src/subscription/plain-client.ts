import type { Channel } from "@fx-ohlc/schemas";
import type { LoopTurns } from "@fx-ohlc/service-kit";
import type { Connection, ConnectionUse } from "../connection/connection.js";
import type { Destination } from "../connection/routes.js";
import type { Member } from "../fanout/audience.js";
import type { Audiences } from "../fanout/audiences.js";
import type { StreamItem } from "../fanout/stream-item.js";
import { AskedChannels } from "./asked-channels.js";
import { type FirstBars, sendEveryBar, sendNamedBars } from "./first-bars.js";
import type { Followed } from "./followed.js";

/** What a plain client needs of the gateway. */
export interface PlainContext {
  readonly audiences: Audiences<StreamItem>;
  readonly bars: FirstBars;
  readonly followed: Followed;
  /** Of all clients. */
  readonly turns: LoopTurns;
  /** Of what is left to do for those who are gone. */
  readonly leavings: LoopTurns;
}

/** A client of a plain endpoint: it follows its channels from the beginning to the end, and says nothing. */
export class PlainClient implements ConnectionUse {
  readonly #channels: readonly Channel[];
  readonly #member: Member<StreamItem>;

  constructor(
    private readonly connection: Connection,
    private readonly context: PlainContext,
    { channels, format }: Pick<Destination, "channels" | "format">,
    private readonly whenClosed: () => void,
  ) {
    this.#channels = channels;
    const { sender, caller } = connection;
    const { audiences, bars, followed, turns } = context;
    followed.add(connection.address, channels);
    for (const channel of channels) bars.watch(channel);
    const { joined } = new AskedChannels(caller.symbols).add(channels);
    this.#member = audiences.enter(sender, format, joined);
    const flush = () => this.#member.flush();
    const newcomer = { sender, caller, format, isLagging: () => false, flush };
    sendNamedBars(newcomer, bars, channels);
    void sendEveryBar(newcomer, bars, channels, turns);
  }

  /** What a client sends here is dropped: some send a word now and then to keep a proxy awake. */
  onText(): void {}

  /** Ticks are never conflated here: a client lags until it is stuck, or its queue is full. */
  onLagging(): void {}

  onRead(): void {}

  onClosed(): void {
    const { audiences, bars, followed, leavings } = this.context;
    audiences.leave(this.#member);
    this.whenClosed();
    void leavings.next().then(() => {
      for (const channel of this.#channels) bars.unwatch(channel);
      followed.remove(this.connection.address, this.#channels);
    });
  }

  offsets(): [] {
    return [];
  }
}
