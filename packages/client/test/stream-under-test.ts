import { FxClient, type FxStream, type StreamEvent } from "../src/index.js";
import type { Peer, ScriptedGateway } from "./scripted-gateway.js";

export const CHANNEL = "ticks:EURUSD";
export const MINUTES = "ohlc:EURUSD:minute";

/** In the future, so that no tick is older than the subscription. */
export const tick = (second: number, price = 1.1) => ({
  time: `2100-12-05T10:00:${String(second).padStart(2, "0")}.000000Z`,
  price,
  seq: 0,
});
export const ticks = (sequence: number, ...rows: object[]) => ({
  type: "ticks",
  channel: CHANNEL,
  offset: `e-${sequence}`,
  ticks: rows,
});
export const bar = (type: string, minute: number) => ({
  type,
  channel: MINUTES,
  bar: { symbol: "EURUSD", bucket: `2100-12-05T10:0${minute}:00Z`, open: 1, complete: type === "final" },
});
export const subscribed = (recovered: boolean, offset = "e-100", channel = CHANNEL) => ({
  type: "subscribed",
  channels: [{ channel, offset, recovered }],
});

/** The stream's events but those of its status, one at a time. */
export function reader(opened: FxStream): () => Promise<StreamEvent> {
  const events = opened[Symbol.asyncIterator]();
  return async () => {
    for (;;) {
      const { done, value } = await events.next();
      if (done) throw new Error("the stream ended");
      if (value.type !== "status") return value;
    }
  };
}

/** A client and at most one stream of it, at a gateway that says what it is told to; anew for each test. */
export class StreamUnderTest {
  readonly client: FxClient;
  #stream: FxStream | undefined;

  constructor(readonly gateway: ScriptedGateway) {
    this.client = new FxClient({ url: gateway.url, retry: { attemptsMax: 1 } });
  }

  open(options: Partial<Parameters<FxClient["stream"]>[0]> = {}): FxStream {
    this.#stream = this.client.stream({ channels: [CHANNEL], reconnect: { baseMs: 1, capMs: 1 }, ...options });
    return this.#stream;
  }

  /** A client that has subscribed and been answered. */
  async subscribedPeer(recovered = false, offset = "e-100"): Promise<Peer> {
    const peer = await this.gateway.peer();
    await peer.request();
    peer.send(subscribed(recovered, offset));
    return peer;
  }

  async stop(): Promise<void> {
    this.#stream?.close();
    await this.gateway.stop();
  }
}
