import type { Listening } from "./harness-client.js";
import { ALWAYS, type HeldTicks } from "./held-ticks.js";
import type { WireTick } from "./record.js";

/** What `/ws` may say of ticks, and what `/ws/ticks?corrections=1` does. */
interface Message extends Partial<WireTick> {
  readonly type?: string;
  readonly corrected?: true;
  readonly channel?: string;
  readonly symbol?: string;
  readonly offset?: string;
  readonly from?: string;
  readonly to?: string;
  readonly ticks?: readonly WireTick[];
  readonly channels?: readonly { readonly channel: string; readonly offset?: string; readonly recovered: boolean }[];
}

/** By symbol. */
type Held = ReadonlyMap<string, HeldTicks>;

const PREFIX = "ticks:";

/** Takes what is told of ranges, or which of them has to be read. */
function takeRange(held: HeldTicks | undefined, { from = ALWAYS.from, to = ALWAYS.to, ticks }: Message): void {
  held?.take(ticks === undefined ? { kind: "unknown", from, to } : { kind: "corrected", from, to, ticks });
}

/** Keeps the ticks of some symbols by what `/ws` tells, and resumes each connection where the last one ended. */
export class KeeperListening implements Listening {
  readonly path = "/ws";
  readonly #offsets = new Map<string, string>();

  constructor(private readonly held: Held) {}

  request(): string {
    const channels = [...this.held.keys()].map((symbol) => `${PREFIX}${symbol}`);
    return JSON.stringify({ op: "subscribe", id: 1, channels, since: Object.fromEntries(this.#offsets) });
  }

  onOpen(): void {}

  onText(text: string): void {
    const message = JSON.parse(text) as Message; // Another shape ends in a difference.
    const { type, channel = "", offset, ticks = [] } = message;
    const held = this.held.get(channel.slice(PREFIX.length));
    if (type === "subscribed") this.#subscribed(message);
    else if (type === "ticks") held?.take({ kind: "ticks", ticks });
    else if (type === "corrected" || type === "gap" || type === "conflated") takeRange(held, message);
    else if (type !== "heartbeat") throw new Error(`told ${text}`);
    if (offset !== undefined) this.#offsets.set(channel, offset);
  }

  #subscribed({ channels = [] }: Message): void {
    for (const { channel, offset, recovered } of channels) {
      if (recovered || offset === undefined) continue;
      this.#offsets.set(channel, offset);
      takeRange(this.held.get(channel.slice(PREFIX.length)), {});
    }
  }
}

/** The same by a plain endpoint, where each connection begins anew. */
export class PlainKeeperListening implements Listening {
  constructor(private readonly held: Held) {}

  get path(): string {
    return `/ws/ticks?corrections=1&symbol=${[...this.held.keys()].join()}`;
  }

  request(): undefined {}

  onOpen(): void {
    for (const held of this.held.values()) takeRange(held, {});
  }

  onText(text: string): void {
    const message = JSON.parse(text) as Message; // Another shape ends in a difference.
    const { type, corrected, symbol = "", time, seq, price, bid, ask } = message;
    const held = this.held.get(symbol);
    if (type === "gap" || corrected) takeRange(held, message);
    else if (time === undefined || seq === undefined || price === undefined) throw new Error(`told ${text}`);
    else held?.take({ kind: "ticks", ticks: [{ time, seq, price, bid, ask }] });
  }
}
