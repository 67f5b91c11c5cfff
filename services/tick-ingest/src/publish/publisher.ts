import type { Micros, RevisionReason, Tick } from "@fx-ohlc/schemas";
import { fullJitterMs, type Logger, type RedisLink } from "@fx-ohlc/service-kit";
import type { CommitLedger } from "../write/commit-ledger.js";
import type { StampRange } from "../write/stored-ranges.js";
import { type Outgoing, revisionMessage, tickMessages } from "./outgoing.js";
import { formatCallId, publishMessage } from "./publish-script.js";

/** One symbol's messages, in the order of their commits. */
interface Lane {
  readonly waiting: Outgoing[];
  sending: boolean;
  failures: number;
  /** Numbers the calls of this process on this symbol. */
  lastBatch: number;
  part: number;
  callId: string | undefined;
}

/** A revision that waits for Redis in place of the messages of several commits. */
export interface GivenUp {
  readonly symbol: string;
  readonly revision: Outgoing;
}

export interface PublisherOptions {
  readonly redis: RedisLink;
  readonly ledger: CommitLedger;
  readonly logger: Logger;
  /** Ticks and messages that may wait while Redis is away. */
  readonly bufferMax: number;
}

const RETRY_BACKOFF = { baseMs: 50, maxMs: 2000 };

/**
 * Puts committed changes on Redis, each symbol's in the order of its commits, one call at a time.
 *
 * While Redis is away messages wait. When more wait than the buffer holds, the symbol with the longest queue gives it up for
 * one revision over the whole range: its readers hear of a gap instead of nothing, and its commits stay in the ledger until
 * that revision is on Redis. A call that failed is repeated until
 * it is answered; the script executes it once.
 */
export class Publisher {
  private readonly lanes = new Map<string, Lane>();
  /** Messages of each commit that are not on Redis yet. */
  private readonly pending = new Map<number, number>();
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
    const messages = [...groupBySymbol(ticks)].map(
      ([symbol, own]) => [symbol, tickMessages(symbol, own, xid, batch)] as const,
    );
    this.pending.set(
      batch,
      messages.reduce((sum, [, own]) => sum + own.length, 0),
    );
    for (const [symbol, own] of messages) this.enqueue(symbol, own);
  }

  /** Tells of a changed range. */
  publishRevision(
    symbol: string,
    range: { fromUs: Micros; toUs: Micros },
    reason: RevisionReason,
    batch?: number,
  ): void {
    if (batch !== undefined) this.pending.set(batch, 1);
    this.enqueue(symbol, [revisionMessage(symbol, range, reason, batch === undefined ? [] : [batch])]);
  }

  /** Tells of ranges that one commit has taken over from commits nobody told of. */
  publishLost(ranges: readonly StampRange[], batch: number): void {
    this.pending.set(batch, ranges.length);
    for (const [symbol, own] of groupBySymbol(ranges)) {
      this.enqueue(
        symbol,
        own.map((range) => revisionMessage(symbol, range, "lost", [batch])),
      );
    }
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
    this.pending.set(batch, 1);
    for (const one of settled) this.settle(one);
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
      lane = { waiting: [], sending: false, failures: 0, lastBatch: 0, part: 0, callId: undefined };
      this.lanes.set(symbol, lane);
    }
    return lane;
  }

  private wake(): void {
    for (const [symbol, lane] of this.lanes) this.send(symbol, lane);
  }

  /** Starts a lane that has something to send. */
  private send(symbol: string, lane: Lane): void {
    if (lane.sending || lane.waiting.length === 0 || this.stopped || !this.options.redis.isReady) return;
    lane.sending = true;
    void this.sendAll(symbol, lane).finally(() => {
      lane.sending = false;
    });
  }

  private async sendAll(symbol: string, lane: Lane): Promise<void> {
    const { redis, ledger, logger } = this.options;
    for (let message = lane.waiting[0]; message !== undefined && !this.stopped; message = lane.waiting[0]) {
      lane.callId ??= nextCallId(lane, message.order);
      try {
        await publishMessage(redis.client, ledger.ingestId, {
          symbol,
          callId: lane.callId,
          head: message.head,
          tail: message.tail,
        });
      } catch (error) {
        if (redis.isReady) logger.warn("publish failed", { symbol, error });
        this.retryLater(symbol, lane);
        return;
      }
      lane.failures = 0;
      lane.callId = undefined;
      // What was sent may have been given up meanwhile: then its range is still in the revision, which says too much, not too little.
      if (lane.waiting[0] === message) for (const batch of this.take(lane, 1).flatMap(batchesOf)) this.settle(batch);
    }
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

  /** One message of this commit is on Redis; when it was the last one, the commit is published. */
  private settle(batch: number): void {
    const left = (this.pending.get(batch) ?? 1) - 1;
    if (left > 0) {
      this.pending.set(batch, left);
      return;
    }
    this.pending.delete(batch);
    this.options.ledger.markPublished(batch);
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
    lane.callId = undefined;
    const revision = revisionMessage(symbol, { fromUs, toUs }, "lost", this.commitsOf(given));
    lane.waiting.push(revision);
    this.buffered += weight(revision);
    this.waitingMessages += 1;
    return true;
  }

  /** The commits of messages that were given up. Each stays open, once, until the revision that stands for it is on Redis. */
  private commitsOf(given: readonly Outgoing[]): number[] {
    const commits = new Set<number>();
    for (const batch of given.flatMap(batchesOf)) {
      if (commits.has(batch)) this.settle(batch);
      else commits.add(batch);
    }
    return [...commits];
  }
}

function batchesOf({ batches }: Outgoing): readonly number[] {
  return batches;
}

/** What a message counts towards the buffer's bound. */
function weight(message: Outgoing): number {
  return Math.max(1, message.ticks);
}

/** A message without a commit goes out under the number of the last one, which is complete by then. */
function nextCallId(lane: Lane, batch = lane.lastBatch): string {
  lane.part = batch === lane.lastBatch ? lane.part + 1 : 0;
  lane.lastBatch = batch;
  return formatCallId(batch, lane.part, lane.waiting[1]?.order !== batch);
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
