import { type Offset, parseOffset, streamKey, streamStateKey } from "@fx-ohlc/schemas";
import { type RedisClient, type RedisStore, withDeadline } from "@fx-ohlc/service-kit";
import { type FeedMessage, parseFeedMessage } from "./feed-message.js";
import type { History } from "./sequencer.js";

/** At most 200 ticks a message: some 2.6 MB a page at the very worst. */
const PAGE_MESSAGES = 200;
/** A page comes in a few milliseconds; a Redis that takes this long is frozen. */
const READ_DEADLINE_MS = 2000;
/** Keys a SCAN looks at in one step. */
const SCAN_COUNT = 1000;

const STATE_PREFIX = streamStateKey("").split("}")[0] ?? "";
const STATE_SUFFIX = `}${streamStateKey("").split("}")[1] ?? ""}`;

function symbolOfStateKey(key: string): string {
  return key.slice(STATE_PREFIX.length, -STATE_SUFFIX.length);
}

function newestOf(state: readonly unknown[]): Offset | undefined {
  const [epoch, sequence] = state;
  return parseOffset(`${String(epoch)}-${String(sequence)}`);
}

/** Reads the symbols' streams. Every call rejects within a few seconds when Redis does not answer. */
export class StreamReader {
  constructor(private readonly store: RedisStore) {}

  get isReady(): boolean {
    return this.store.isReady;
  }

  /** A page of a symbol's stream from `sequence` on, and the newest offset at the same instant. */
  async read(symbol: string, sequence: number, count = PAGE_MESSAGES): Promise<History<FeedMessage>> {
    const reading = this.store
      .clientOf(streamKey(symbol))
      .multi()
      .hmGet(streamStateKey(symbol), ["epoch", "sequence"])
      .xRange(streamKey(symbol), `${sequence}-0`, "+", { COUNT: count })
      .execTyped();
    const [state, entries] = await withDeadline(reading, READ_DEADLINE_MS, `read of ${symbol}'s stream`);
    const messages = (entries ?? []).map(({ message }) => parseFeedMessage(String(message.m)));
    return { newest: newestOf(state), entries: messages.filter((message) => message !== undefined) };
  }

  /** The newest offset of every symbol that has a stream. */
  async positions(): Promise<ReadonlyMap<string, Offset>> {
    const parts = await Promise.all(this.store.clients.map(positionsOn));
    return new Map(parts.flatMap((part) => [...part]));
  }
}

/** The newest offset of every symbol whose stream one server holds. */
async function positionsOn(client: RedisClient): Promise<ReadonlyMap<string, Offset>> {
  const positions = new Map<string, Offset>();
  const pattern = { MATCH: streamStateKey("*"), COUNT: SCAN_COUNT };
  let cursor = "0";
  do {
    const step = await withDeadline(client.scan(cursor, pattern), READ_DEADLINE_MS, "scan for streams");
    const states = step.keys.map((key) => client.hmGet(key, ["epoch", "sequence"]));
    const found = await withDeadline(Promise.all(states), READ_DEADLINE_MS, "read of the streams' states");
    for (const [index, key] of step.keys.entries()) {
      const newest = newestOf(found[index] ?? []);
      if (newest !== undefined) positions.set(symbolOfStateKey(key), newest);
    }
    cursor = step.cursor;
  } while (cursor !== "0");
  return positions;
}
