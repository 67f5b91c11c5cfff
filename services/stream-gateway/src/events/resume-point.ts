import { parseOffset } from "@fx-ohlc/schemas";

/** The beginning of a message that moves a symbol's ticks on. Messages are made with these members first. */
const MOVING = /^\{"type":"[a-z]+","channel":"ticks:([^"]+)","offset":"([^"]+)"/;
/** The beginning of those that tell of many channels. */
const TELLING = /^\{"type":"(?:subscribed|heartbeat)"/;

/** What tells of offsets besides ticks. */
interface Telling {
  readonly type: string;
  readonly offsets?: Readonly<Record<string, string>>;
  readonly channels?: readonly { readonly channel: string; readonly offset?: string; readonly recovered: boolean }[];
}

/**
 * Where a client of `/sse` can go on with the symbols it named: the `id` of each event, which its browser sends back as
 * `Last-Event-ID`. It is `EURUSD=k3f9-1180,GBPUSD=k3f9-7`: a browser keeps only the last one, so each is of all symbols.
 */
export class ResumePoint {
  readonly #offsets = new Map<string, string>();

  /**
   * @param symbols whose ticks are followed by name; a wildcard's are too many for an id
   * @param lastId what the client sent; what of it cannot be read, or is of another symbol, counts for nothing
   */
  constructor(
    private readonly symbols: ReadonlySet<string>,
    lastId = "",
  ) {
    for (const part of lastId.split(",")) {
      const [symbol = "", offset] = part.split("=");
      if (symbols.has(symbol) && parseOffset(offset) !== undefined) this.#offsets.set(symbol, offset ?? "");
    }
  }

  /** By symbol. */
  get offsets(): ReadonlyMap<string, string> {
    return this.#offsets;
  }

  /** @returns undefined while there is nothing to go on from */
  get id(): string | undefined {
    if (this.#offsets.size === 0) return undefined;
    return [...this.#offsets].map(([symbol, offset]) => `${symbol}=${offset}`).join(",");
  }

  /** A message is sent. */
  note(text: string): void {
    const [, symbol, offset] = MOVING.exec(text) ?? [];
    if (symbol !== undefined && offset !== undefined) this.#move(symbol, offset);
    // Our own message.
    else if (TELLING.test(text)) this.#noteAll(JSON.parse(text) as Telling);
  }

  #noteAll({ offsets = {}, channels = [] }: Telling): void {
    for (const [channel, offset] of Object.entries(offsets)) this.#moveChannel(channel, offset);
    // What is replayed has yet to come: until then the client is where it was.
    for (const { channel, offset, recovered } of channels) if (!recovered && offset) this.#moveChannel(channel, offset);
  }

  #moveChannel(channel: string, offset: string): void {
    this.#move(channel.slice(channel.indexOf(":") + 1), offset);
  }

  #move(symbol: string, offset: string): void {
    if (this.symbols.has(symbol)) this.#offsets.set(symbol, offset);
  }
}
