import { parseTime, type StreamMessage, type StreamNames } from "@fx-ohlc/schemas";
import { createClient } from "redis";

/** What the messages of a symbol have told: the invariant of the whole path is that nothing committed is missing here. */
export class Told {
  /** How often each tick was told of, by its {@link tickName}. */
  readonly ticks = new Map<string, number>();
  readonly revisions: { fromUs: number; toUs: number; reason: string }[] = [];

  constructor(messages: Iterable<StreamMessage>) {
    for (const message of messages) this.#note(message);
  }

  get lost(): { fromUs: number; toUs: number }[] {
    return this.revisions.filter(({ reason }) => reason === "lost");
  }

  /** Whether a tick was either sent or lies in a range that was declared lost. */
  covers(tick: { time: string; seq: number }): boolean {
    const timeUs = instant(tick.time);
    return this.ticks.has(tickName(tick)) || this.lost.some(({ fromUs, toUs }) => fromUs <= timeUs && timeUs < toUs);
  }

  #note(message: StreamMessage): void {
    if (message.type === "revision") {
      const { from, to, reason } = message;
      this.revisions.push({ fromUs: instant(from), toUs: instant(to), reason });
      return;
    }
    for (const tick of message.ticks) {
      const name = tickName(tick);
      this.ticks.set(name, (this.ticks.get(name) ?? 0) + 1);
    }
  }
}

export function tickName({ time, seq }: { time: string; seq: number }): string {
  return `${time}#${seq}`;
}

function instant(time: string): number {
  const us = parseTime(time);
  if (us === undefined) throw new Error(`a message has the time ${time}`);
  return us;
}

function newClient(url: string) {
  return createClient({ url, socket: { reconnectStrategy: 50 } });
}

/** A reader of Redis that depends on no code of the services. */
export class Witness {
  readonly #client: ReturnType<typeof newClient>;
  readonly #subscriber: ReturnType<typeof newClient>;
  readonly #heard: StreamMessage[] = [];

  private constructor(
    url: string,
    private readonly names: StreamNames,
  ) {
    this.#client = newClient(url);
    this.#subscriber = newClient(url);
  }

  static async open(url: string, names: StreamNames): Promise<Witness> {
    const witness = new Witness(url, names);
    for (const client of [witness.#client, witness.#subscriber]) {
      client.on("error", () => undefined); // Redis is stopped on purpose here; the client comes back by itself.
      await client.connect();
    }
    await witness.#subscriber.pSubscribe(names.tickChannelPattern, (text) => witness.#heard.push(read(text)));
    return witness;
  }

  /** What came over the channel since this witness was opened: the stream itself keeps some 5,000 messages only. */
  heard(symbol: string): Told {
    return new Told(this.#heard.filter((message) => message.symbol === symbol));
  }

  /** What the stream holds now. Also checks that its sequence has no hole. */
  async stream(symbol: string): Promise<Told> {
    const entries = (await this.#client.xRange(this.names.streamKey(symbol), "-", "+")) ?? [];
    const sequences = entries.map(({ id }) => Number.parseInt(id, 10));
    const first = sequences[0] ?? 0;
    if (sequences.some((sequence, index) => sequence !== first + index)) throw new Error(`hole in ${sequences}`);
    return new Told(entries.map(({ message }) => read(message.m ?? "")));
  }

  close(): void {
    this.#client.destroy();
    this.#subscriber.destroy();
  }
}

function read(text: string): StreamMessage {
  return JSON.parse(text) as StreamMessage; // The contract under test: a message of another shape fails the test anyway.
}
