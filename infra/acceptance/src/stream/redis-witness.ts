import type { StreamMessage, StreamNames } from "@fx-ohlc/schemas";
import { createClient } from "redis";
import type { StreamRecord } from "./record.js";

/** Listens on Redis beside the gateways and notes every message, revisions too. Depends on no code of the services. */
export class RedisWitness {
  readonly #client;

  constructor(
    url: string,
    private readonly record: StreamRecord,
  ) {
    this.#client = createClient({ url, socket: { reconnectStrategy: 20 } });
    this.#client.on("error", () => undefined); // Redis is stopped on purpose; the client comes back by itself.
  }

  async open({ tickChannelPattern }: StreamNames): Promise<void> {
    await this.#client.connect();
    await this.#client.pSubscribe(tickChannelPattern, (text) => this.#note(text));
  }

  close(): void {
    this.#client.destroy();
  }

  #note(text: string): void {
    const message = JSON.parse(text) as StreamMessage; // Another shape fails the run, as it should.
    const { symbol, offset } = message;
    const ticks = message.type === "ticks" ? this.record.numbersOf(symbol, message.ticks) : [];
    this.record.order(symbol).note(offset, ticks);
  }
}
