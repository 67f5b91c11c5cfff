import { type RevisionMessage, type StreamNames, streamNames, type WireTick } from "@fx-ohlc/schemas";
import { createClient } from "redis";

/** Writes to Redis what tick-ingest writes, with the epoch in the test's hands. */
export class TestPublisher {
  readonly #client;
  readonly #sequences = new Map<string, number>();
  epoch = "epoch1";
  /** Of which database. */
  names: StreamNames = streamNames("");

  constructor(url: string) {
    this.#client = createClient({ url, socket: { reconnectStrategy: 20 } });
    this.#client.on("error", () => undefined); // Redis is stopped by the tests themselves.
  }

  async open(): Promise<void> {
    await this.#client.connect();
  }

  close(): void {
    this.#client.destroy();
  }

  /** Publishes a message of ticks; the answer is its offset. */
  async ticks(symbol: string, ticks: readonly WireTick[], xid = "1000"): Promise<string> {
    return this.#publish(symbol, { type: "ticks", symbol, xid, ticks });
  }

  async revision(symbol: string, fields: Pick<RevisionMessage, "from" | "to" | "reason" | "ticks">): Promise<string> {
    return this.#publish(symbol, { type: "revision", symbol, ...fields });
  }

  /** Drops the oldest entries of a stream. */
  async trim(symbol: string, keep: number): Promise<void> {
    await this.#client.xTrim(this.names.streamKey(symbol), "MAXLEN", keep);
  }

  /** Redis forgets everything, and a new epoch begins. */
  async empty(epoch: string): Promise<void> {
    await this.#client.flushAll();
    this.beginEpoch(epoch);
  }

  beginEpoch(epoch: string): void {
    this.epoch = epoch;
    this.#sequences.clear();
  }

  async #publish(symbol: string, fields: Readonly<Record<string, unknown>>): Promise<string> {
    const sequence = (this.#sequences.get(symbol) ?? 0) + 1;
    this.#sequences.set(symbol, sequence);
    const offset = `${this.epoch}-${sequence}`;
    const replid = /master_replid:(\w+)/.exec(await this.#client.info("replication"))?.[1] ?? "";
    const raw = JSON.stringify({ ...fields, offset });
    const writing = this.#client.multi();
    // A new epoch begins with an empty stream.
    if (sequence === 1) writing.del(this.names.streamKey(symbol));
    await writing
      .hSet(this.names.streamStateKey(symbol), { epoch: this.epoch, sequence: String(sequence), replid })
      .xAdd(this.names.streamKey(symbol), `${sequence}-0`, { m: raw })
      .publish(this.names.tickChannel(symbol), raw)
      .exec();
    return offset;
  }
}

/** A tick with a time of its own: `index` microseconds after a fixed instant. */
export function testTick(index: number, price = 1 + index / 1e5): WireTick {
  const micros = String(index % 1_000_000).padStart(6, "0");
  const second = String(Math.floor(index / 1_000_000)).padStart(2, "0");
  return { time: `2025-12-05T10:00:${second}.${micros}Z`, price, seq: 0 };
}
