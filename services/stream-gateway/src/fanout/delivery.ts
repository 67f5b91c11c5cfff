import type { Offset } from "@fx-ohlc/schemas";
import type { Connection } from "../connection/connection.js";
import type { Counters } from "../counters.js";
import type { CatchUp } from "../resume/catch-up.js";
import { type Positions, placeOf } from "../resume/positions.js";
import { ticksChannel } from "../subscription/channel.js";
import type { Audience, Audiences } from "./audience.js";
import { Conflation } from "./conflation.js";
import type { Hub } from "./hub.js";
import type { StreamItem } from "./stream-item.js";

/** What delivery needs of the gateway. */
export interface DeliveryContext {
  readonly positions: Positions;
  readonly audiences: Audiences<StreamItem>;
  readonly hub: Hub<StreamItem>;
  readonly counters: Counters;
}

/** A client that has read everything this soon keeps up again. */
const KEEPS_UP_MS = 500;

type Mode =
  | { readonly kind: "shared"; readonly audience: Audience<StreamItem> }
  | { readonly kind: "alone"; readonly subscriber: CatchUp }
  | { readonly kind: "lagging"; readonly subscriber: Conflation };

/**
 * How one client of `/ws` gets what happens on its channels.
 *
 * - *shared*: with everybody who follows the same channels; every tick.
 * - *alone*: through a subscriber of its own, while it catches up.
 * - *lagging*: it reads too slowly. Nothing is sent until it has read what it was sent; then what it missed, conflated, and so
 *   on at its own pace. Once it reads that within half a second it is shared again.
 *
 * Every change of mode happens within one turn, so that no item falls between two modes or into both.
 */
export class Delivery {
  #mode: Mode;
  #channels: ReadonlySet<string> = new Set();

  constructor(
    private readonly connection: Connection,
    private readonly context: DeliveryContext,
  ) {
    this.#mode = this.#share();
  }

  /** Follows these channels from now on. A client that lags is told first what it missed. */
  follow(channels: ReadonlySet<string>): void {
    this.#leave();
    this.#channels = channels;
    this.#mode = this.#share();
  }

  /** Follows these channels through a subscriber of its own. */
  followAlone(channels: ReadonlySet<string>, subscriber: CatchUp): void {
    this.#leave();
    this.#channels = channels;
    this.#mode = { kind: "alone", subscriber };
    this.context.hub.join(subscriber, channels);
  }

  /** The client reads too slowly. One that catches up reads at its own pace anyway. */
  lag(): void {
    if (this.#mode.kind === "lagging" && this.#mode.subscriber.isOverfull) this.connection.closeSlow();
    if (this.#mode.kind !== "shared") return;
    this.#leave();
    const subscriber = new Conflation(this.context.counters);
    this.#mode = { kind: "lagging", subscriber };
    this.context.hub.join(subscriber, this.#channels);
    this.connection.ping(performance.now());
  }

  /** The client has read everything it was sent, `afterMs` after it was asked. */
  read(afterMs: number): void {
    if (this.#mode.kind !== "lagging") return;
    this.connection.sender.sendPackets(this.#mode.subscriber.settle());
    if (afterMs <= KEEPS_UP_MS) this.follow(this.#channels);
    else this.connection.ping(performance.now());
  }

  /** Where the client can go on with a symbol's ticks, after the last one it was sent. */
  resumeAt(symbol: string): Offset {
    const channel = ticksChannel(symbol);
    const unsent = this.#mode.kind === "shared" ? undefined : this.#mode.subscriber.resumeAt(channel);
    return unsent ?? placeOf(this.context.positions, symbol);
  }

  /** The client is gone. */
  end(): void {
    this.#leave();
  }

  #share(): Mode {
    return {
      kind: "shared",
      audience: this.context.audiences.enter(this.connection.sender, "multiplex", this.#channels),
    };
  }

  #leave(): void {
    const mode = this.#mode;
    if (mode.kind === "shared") {
      this.context.audiences.leave(this.connection.sender, mode.audience);
      return;
    }
    this.context.hub.leave(mode.subscriber, this.#channels);
    if (mode.kind === "lagging") this.connection.sender.sendPackets(mode.subscriber.settle());
  }
}
