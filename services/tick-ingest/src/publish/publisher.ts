import { parseOffset, streamKey, type Tick } from "@fx-ohlc/schemas";
import { fullJitterMs, type Logger, type RedisStore } from "@fx-ohlc/service-kit";
import type { CommitLedger } from "../write/commit-ledger.js";
import {
  type Outgoing,
  type Revision,
  revisionMessage,
  revisionMessages,
  revisionText,
  tickMessages,
} from "./outgoing.js";
import { type PublishCall, publish } from "./publish-script.js";

/** One symbol's messages, in the order of their commits. */
interface Lane {
  readonly waiting: Outgoing[];
  sending: boolean;
  failures: number;
  /** Calls of this process on this symbol so far. */
  calls: number;
  /** The call that is not answered yet. */
  openCall: OpenCall | undefined;
  /** The epoch of the last answer. */
  epoch: string | undefined;
}

interface OpenCall {
  readonly id: number;
  /** The first ones that wait, or waited when it was first made. */
  readonly messages: readonly Outgoing[];
  /** It failed, and perhaps it was executed all the same. */
  isRepeat: boolean;
}

/** A revision that waits for Redis in place of the messages of several commits. */
export interface GivenUp {
  readonly symbol: string;
  readonly revision: Outgoing;
}

export interface PublisherOptions {
  readonly redis: RedisStore;
  readonly ledger: CommitLedger;
  readonly logger: Logger;
  /** Ticks and messages that may wait while Redis is away. */
  readonly bufferMax: number;
}

/** Ticks one call carries at most: Redis is held up for some 0.2 ms by it, and an import needs a fifth of the calls. */
const CALL_TICKS_MAX = 1000;

const RETRY_BACKOFF = { baseMs: 50, maxMs: 2000 };

/**
 * Puts committed changes on Redis, each symbol's in the order of its commits, one call at a time.
 *
 * While Redis is away messages wait. When more wait than the buffer holds, the symbol with the longest queue gives it up for
 * one revision over the whole range: its readers hear of a gap instead of nothing, and its commits stay in the ledger until
 * that revision is on Redis. A call that failed is repeated until it is answered; the script executes it once. Where Redis has
 * lost its streams since, nobody knows whether clients were told of its ticks: their range is declared instead.
 */
export class Publisher {
  private readonly lanes = new Map<string, Lane>();
  private buffered = 0;
  private waitingMessages = 0;
  private dropped = 0;
  private stopped = false;

  constructor(private readonly options: PublisherOptions) {
    options.redis.onReady(() => this.wake());
  }

  /** Messages that wait for Redis. */
  get bufferedMessages(): number {
    return this.waitingMessages;
  }

  /** Messages given up for a revision since the start. */
  get droppedMessages(): number {
    return this.dropped;
  }

  /** Tells of the ticks of one commit, ordered by (symbol, time, seq). */
  publishTicks(ticks: readonly Tick[], xid: string, batch: number): void {
    for (const [symbol, own] of groupBySymbol(ticks)) this.enqueue(symbol, tickMessages(symbol, own, xid, batch));
  }

  /** Tells of all the ranges that changed with one commit. */
  publishRevisions(revisions: readonly Revision[], batch: number): void {
    for (const [symbol, own] of groupBySymbol(revisions)) this.enqueue(symbol, revisionMessages(symbol, own, batch));
  }

  /** What was given up for a revision that waits for Redis, where more than one commit waits with it. */
  get givenUp(): GivenUp[] {
    return [...this.lanes].flatMap(([symbol, { waiting }]) =>
      waiting.filter(({ batches }) => batches.length > 1).map((revision) => ({ symbol, revision })),
    );
  }

  /** One commit that has recorded all of a revision's range stands in for those that waited for it. */
  standIn({ symbol, revision }: GivenUp, batch: number): void {
    // If it is on Redis by now, or was given up once more together with its commits, nothing waits for the new one.
    const waits = this.laneOf(symbol).waiting.includes(revision);
    const settled = waits ? revision.batches : [batch];
    if (waits) revision.batches = [batch];
    this.markTold(symbol, settled);
  }

  /** Resolves when everything is on Redis, or Redis is away. */
  async flush(): Promise<void> {
    while (this.waitingMessages > 0 && this.options.redis.isReady)
      await new Promise((resolve) => setTimeout(resolve, 5));
  }

  /** Sends nothing more. */
  stop(): void {
    this.stopped = true;
  }

  private enqueue(symbol: string, messages: readonly Outgoing[]): void {
    const lane = this.laneOf(symbol);
    for (const message of messages) {
      lane.waiting.push(message);
      this.buffered += weight(message);
    }
    this.waitingMessages += messages.length;
    while (this.buffered > this.options.bufferMax && this.collapseLongest());
    this.send(symbol, lane);
  }

  private laneOf(symbol: string): Lane {
    let lane = this.lanes.get(symbol);
    if (lane === undefined) {
      lane = { waiting: [], sending: false, failures: 0, calls: 0, openCall: undefined, epoch: undefined };
      this.lanes.set(symbol, lane);
    }
    return lane;
  }

  private wake(): void {
    for (const [symbol, lane] of this.lanes) this.send(symbol, lane);
  }

  /** Starts a lane that has something to send. */
  private send(symbol: string, lane: Lane): void {
    if (lane.sending || lane.waiting.length === 0 || this.stopped) return;
    if (!this.options.redis.isReadyFor(streamKey(symbol))) return;
    lane.sending = true;
    void this.sendAll(symbol, lane).finally(() => {
      lane.sending = false;
    });
  }

  private async sendAll(symbol: string, lane: Lane): Promise<void> {
    const { redis, ledger, logger } = this.options;
    while (lane.waiting.length > 0 && !this.stopped) {
      const open = openCallOf(lane);
      try {
        const offset = await publish(redis, ledger.ingestId, this.callOf(symbol, lane, open));
        lane.epoch = parseOffset(offset)?.epoch;
      } catch (error) {
        open.isRepeat = true;
        if (redis.isReady) logger.warn("publish failed", { symbol, error });
        this.retryLater(symbol, lane);
        return;
      }
      lane.failures = 0;
      lane.openCall = undefined;
      // What was sent may have been given up meanwhile: then its range is still in the revision, which says too much, not too little.
      if (lane.waiting[0] !== open.messages[0]) continue;
      for (const told of this.take(lane, open.messages.length)) this.markTold(symbol, told.batches);
    }
  }

  private callOf(symbol: string, { epoch }: Lane, { id, isRepeat, messages }: OpenCall): PublishCall {
    const batches = messages.flatMap((message) => message.batches);
    const toldUpTo = this.options.ledger.toldUpTo(symbol, batches);
    const ifLost = (message: Outgoing) => (message.ticks > 0 ? revisionText(symbol, message, "lost") : message);
    return { symbol, id, toldUpTo, messages, repeat: isRepeat ? { epoch, ifLost: messages.map(ifLost) } : undefined };
  }

  private markTold(symbol: string, batches: readonly number[]): void {
    for (const batch of batches) this.options.ledger.markTold(batch, symbol);
  }

  private retryLater(symbol: string, lane: Lane): void {
    const waitMs = fullJitterMs(lane.failures, RETRY_BACKOFF) + RETRY_BACKOFF.baseMs;
    lane.failures += 1;
    setTimeout(() => this.send(symbol, lane), waitMs).unref();
  }

  private take(lane: Lane, count: number): Outgoing[] {
    const taken = lane.waiting.splice(0, count);
    this.waitingMessages -= taken.length;
    for (const message of taken) this.buffered -= weight(message);
    return taken;
  }

  /** @returns false when no lane has more than one message */
  private collapseLongest(): boolean {
    const [symbol, lane] = [...this.lanes].reduce((longest, entry) =>
      entry[1].waiting.length > longest[1].waiting.length ? entry : longest,
    );
    if (lane.waiting.length < 2) return false;
    const given = this.take(lane, lane.waiting.length);
    const fromUs = given.reduce((earliest, message) => Math.min(earliest, message.fromUs), Number.POSITIVE_INFINITY);
    const toUs = given.reduce((latest, message) => Math.max(latest, message.toUs), 0);
    this.dropped += given.length;
    lane.openCall = undefined;
    const batches = given.flatMap((message) => message.batches);
    const revision = revisionMessage(symbol, { fromUs, toUs }, "lost", batches);
    lane.waiting.push(revision);
    this.buffered += weight(revision);
    this.waitingMessages += 1;
    return true;
  }
}

/** What a message counts towards the buffer's bound. */
function weight(message: Outgoing): number {
  return Math.max(1, message.ticks);
}

function openCallOf(lane: Lane): OpenCall {
  if (lane.openCall === undefined) {
    lane.calls += 1;
    lane.openCall = { id: lane.calls, messages: firstMessages(lane.waiting), isRepeat: false };
  }
  return lane.openCall;
}

/** As many as one call carries, and at least one. */
function firstMessages(waiting: readonly Outgoing[]): Outgoing[] {
  let ticks = 0;
  const end = waiting.findIndex((message, index) => {
    ticks += weight(message);
    return index > 0 && ticks > CALL_TICKS_MAX;
  });
  return waiting.slice(0, end < 0 ? waiting.length : end);
}

function groupBySymbol<T extends { readonly symbol: string }>(items: readonly T[]): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const group = groups.get(item.symbol);
    if (group === undefined) groups.set(item.symbol, [item]);
    else group.push(item);
  }
  return groups;
}
