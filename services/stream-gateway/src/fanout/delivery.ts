import { type Offset, ticksChannel } from "@fx-ohlc/schemas";
import type { Connection } from "../connection/connection.js";
import type { Counters } from "../counters.js";
import type { CatchUp } from "../resume/catch-up.js";
import { type Positions, placeOf } from "../resume/positions.js";
import type { Member } from "./audience.js";
import type { Audiences, ChannelChange } from "./audiences.js";
import type { ChannelSet } from "./channel-set.js";
import { Conflation } from "./conflation.js";
import type { StreamItem } from "./stream-item.js";

/** What delivery needs of the gateway. */
export interface DeliveryContext {
  readonly positions: Positions;
  readonly audiences: Audiences<StreamItem>;
  readonly counters: Counters;
}

/** A client that has read everything this soon keeps up again. */
const KEEPS_UP_MS = 500;

type Mode =
  | { readonly kind: "shared" }
  | { readonly kind: "alone"; readonly subscriber: CatchUp }
  | { readonly kind: "lagging"; readonly subscriber: Conflation };

const SHARED: Mode = { kind: "shared" };

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
  readonly #member: Member<StreamItem>;
  #mode = SHARED;

  constructor(
    private readonly connection: Connection,
    private readonly context: DeliveryContext,
  ) {
    this.#member = context.audiences.enter(connection.sender, "multiplex", []);
  }

  get isLagging(): boolean {
    return this.#mode.kind === "lagging";
  }

  /** The channels it follows. */
  get channels(): ChannelSet {
    return this.#member.audience.channels;
  }

  /** Everything that happened is on its way to the client, and what happens from now on it shares. */
  share(): void {
    if (this.#mode.kind === "lagging") this.#settle(this.#mode.subscriber);
    this.#mode = SHARED;
    this.#member.take();
  }

  /** Sends what was gathered for the client, when it shares. */
  flush(): void {
    this.#member.flush();
  }

  /** Follows other channels from now on. A client that lags is told first what it missed. */
  change(change: ChannelChange): void {
    this.share();
    this.context.audiences.change(this.#member, change);
  }

  /** Follows other channels, and takes all of them through a subscriber of its own. */
  changeAlone(change: ChannelChange, subscriber: CatchUp): void {
    this.change(change);
    this.#mode = { kind: "alone", subscriber };
    this.#member.take(subscriber);
  }

  /** The client reads too slowly. One that catches up reads at its own pace anyway. */
  lag(): void {
    if (this.#mode.kind === "lagging" && this.#mode.subscriber.isOverfull) this.connection.closeSlow();
    if (this.#mode.kind !== "shared") return;
    const subscriber = new Conflation(this.context.counters);
    this.#mode = { kind: "lagging", subscriber };
    this.#member.take(subscriber);
    this.connection.ping(performance.now());
  }

  /** The client has read everything it was sent, `afterMs` after it was asked. */
  read(afterMs: number): void {
    if (this.#mode.kind !== "lagging") return;
    if (afterMs <= KEEPS_UP_MS) {
      this.share();
    } else {
      this.#settle(this.#mode.subscriber);
      this.connection.ping(performance.now());
    }
  }

  /** Tells what was kept; of a client for whom that was too much something is missing: it has to come back for it. */
  #settle(conflation: Conflation): void {
    if (conflation.isOverfull) this.connection.closeSlow();
    else this.connection.sender.sendPackets(conflation.settle());
  }

  /** Where the client can go on with a symbol's ticks, after the last one it was sent. */
  resumeAt(symbol: string): Offset {
    const channel = ticksChannel(symbol);
    const unsent = this.#mode.kind === "shared" ? undefined : this.#mode.subscriber.resumeAt(channel);
    return unsent ?? placeOf(this.context.positions, symbol);
  }

  /** The client is gone. */
  end(): void {
    this.context.audiences.leave(this.#member);
  }
}
