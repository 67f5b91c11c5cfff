import { type Deployment, isEpochOf, type Offset, parseOffset } from "@fx-ohlc/schemas";
import { type RedisClient, type RedisStore, withDeadline } from "@fx-ohlc/service-kit";
import { type FeedMessage, parseFeedMessage } from "./feed-message.js";
import type { History } from "./sequencer.js";

/** At most 1,000 ticks a message, of a correction, and hardly ever so many: some 2.6 MB a page at the very worst. */
const PAGE_MESSAGES = 40;
/** A page comes in a few milliseconds; a Redis that takes this long is frozen. */
const READ_DEADLINE_MS = 2000;
/** Keys a SCAN looks at in one step. */
const SCAN_COUNT = 1000;

function replidOf(info: string): string | undefined {
  return /master_replid:(\w+)/.exec(info)?.[1];
}

/**
 * The newest offset of a stream that counts: written by the server as it is now, not before it was restarted, put back or failed
 * over, and for the database as it is now. What does not count will never be continued.
 */
function newestOf(state: readonly unknown[], info: unknown, incarnation: string): Offset | undefined {
  const [epoch, sequence, replid] = state;
  const offset = parseOffset(`${String(epoch)}-${String(sequence)}`);
  const counts = replid === replidOf(String(info)) && offset !== undefined && isEpochOf(offset.epoch, incarnation);
  return counts ? offset : undefined;
}

/** What tick-ingest tells of bars alone, as it writes it: no member before these is of a client's own words. */
const SILENT = /^\{"type":"revision",.*"reason":"late"[,}]/;

const STATE_FIELDS = ["epoch", "sequence", "replid"];

/** Reads the symbols' streams. Every call rejects within a few seconds when Redis does not answer. */
export class StreamReader {
  /** @param deployment whose streams they are; throws before it is known */
  constructor(
    private readonly store: RedisStore,
    private readonly deployment: () => Deployment,
  ) {}

  get isReady(): boolean {
    return this.store.isReady;
  }

  /** A page of a symbol's stream from `sequence` on, and the newest offset at the same instant. */
  async read(symbol: string, sequence: number, count = PAGE_MESSAGES): Promise<History<FeedMessage>> {
    const { names, incarnation } = this.deployment();
    const reading = this.store
      .clientOf(names.streamKey(symbol))
      .multi()
      .info("replication")
      .hmGet(names.streamStateKey(symbol), STATE_FIELDS)
      .xRange(names.streamKey(symbol), `${sequence}-0`, "+", { COUNT: count })
      .execTyped();
    const [info, state, entries] = await withDeadline(reading, READ_DEADLINE_MS, `read of ${symbol}'s stream`);
    const newest = newestOf(state, info, incarnation);
    if (newest === undefined) return { newest, entries: [] };
    const messages = (entries ?? []).map(({ message }) => parseFeedMessage(String(message.m)));
    return { newest, entries: messages.filter((message) => message !== undefined) };
  }

  /**
   * How many messages of the sequences from `from` to `to` concern who follows ticks: not those that tell of late ticks' bars. They
   * are looked at and not read, for whoever resumes is sent them right after.
   */
  async countTold(symbol: string, from: number, to: number): Promise<number> {
    const { names } = this.deployment();
    const key = names.streamKey(symbol);
    const reading = this.store.clientOf(key).xRange(key, `${from}-0`, `${to}-0`);
    const entries = (await withDeadline(reading, READ_DEADLINE_MS, `count of ${symbol}'s messages`)) ?? [];
    return entries.filter(({ message }) => !SILENT.test(String(message.m))).length;
  }

  /** The newest offset of every symbol that has a stream. */
  async positions(): Promise<ReadonlyMap<string, Offset>> {
    const deployment = this.deployment();
    const parts = await Promise.all(this.store.clients.map((client) => positionsOn(client, deployment)));
    return new Map(parts.flatMap((part) => [...part]));
  }
}

/** The newest offset of every symbol whose stream one server holds. */
async function positionsOn(
  client: RedisClient,
  { names, incarnation }: Deployment,
): Promise<ReadonlyMap<string, Offset>> {
  const positions = new Map<string, Offset>();
  const pattern = { MATCH: names.streamStatePattern, COUNT: SCAN_COUNT };
  let cursor = "0";
  do {
    const step = await withDeadline(client.scan(cursor, pattern), READ_DEADLINE_MS, "scan for streams");
    const states = step.keys.map((key) => client.hmGet(key, STATE_FIELDS));
    // In the same write, so that no other server can have come in between.
    const answers = Promise.all([client.info("replication"), Promise.all(states)]);
    const [info, found] = await withDeadline(answers, READ_DEADLINE_MS, "read of the streams' states");
    for (const [index, key] of step.keys.entries()) {
      const newest = newestOf(found[index] ?? [], info, incarnation);
      if (newest !== undefined) positions.set(names.symbolOfStreamStateKey(key), newest);
    }
    cursor = step.cursor;
  } while (cursor !== "0");
  return positions;
}
