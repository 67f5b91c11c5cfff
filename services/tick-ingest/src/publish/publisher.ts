import { randomBytes } from "node:crypto";
import {
  type Deployment,
  type Micros,
  type Offset,
  parseOffset,
  type SymbolRange,
  type Tick,
  US_PER_SECOND,
} from "@fx-ohlc/schemas";
import { entryOf, fullJitterMs, groupBy, type Logger, type RedisStore } from "@fx-ohlc/service-kit";
import { type CommitLedger, isOverdue, type UntoldCommit } from "../write/commit-ledger.js";
import { runsOf } from "../write/symbol-runs.js";
import { LateRanges } from "./late-ranges.js";
import { type Outgoing, type ToldCommit, tellings, tickMessages } from "./outgoing.js";
import { type PublishCall, publish } from "./publish-script.js";
import { isRefused, Refusals } from "./refusals.js";
import type { StreamSpace } from "./stream-space.js";

/** One symbol's messages, in the order of their commits. */
interface SymbolQueue {
  readonly waiting: Outgoing[];
  sending: boolean;
  failures: number;
  /** Calls of this process on this symbol so far. */
  calls: number;
  /** The call that is not answered yet. */
  openCall: OpenCall | undefined;
  /** The last answer, by the deployment it was published for. */
  known: { readonly deployment: Deployment; readonly offset: Offset | undefined } | undefined;
}

interface OpenCall {
  readonly id: number;
  /** The first ones that wait, or waited when it was first made. */
  readonly messages: readonly Outgoing[];
  /** It failed, and perhaps it was executed all the same. */
  isRepeat: boolean;
}

export interface PublisherOptions {
  readonly redis: RedisStore;
  readonly ledger: CommitLedger;
  readonly logger: Logger;
  /** Ticks and corrections that may wait while Redis is away. */
  readonly bufferMax: number;
  /** For whom is published; undefined until the database has been reached. */
  deployment(): Deployment | undefined;
  /** How old a tick may be when it is streamed, and how long streams keep it. */
  readonly keepS: number;
  readonly space: StreamSpace;
}

/** Ticks one call carries at most: Redis is held up for some 0.2 ms by it, and an import needs a fifth of the calls. */
const CALL_TICKS_MAX = 1000;

const RETRY_BACKOFF = { baseMs: 50, maxMs: 2000 };

/**
 * Puts committed changes on Redis, each symbol's in the order of its commits, one call at a time.
 *
 * Ticks that are older than the streams keep when they are committed are not put there: their range is declared, see
 * {@link LateRanges}.
 *
 * While Redis is away, or refuses what it is given, messages wait. Those for which the buffer has no room are given up, and so are
 * those of a commit that is overdue: its row stays in the {@link CommitLedger}, and readers are told of its range when somebody
 * takes that over. A call that failed is repeated until it is answered or overdue; the script executes it once. Where Redis has
 * lost its streams since, nobody knows whether clients were told of its ticks: their range is declared instead. So is that of
 * ticks which were committed to another database than the one there is now, or to that one before it was put back.
 */
export class Publisher {
  /** Names this process among all that ever ran: the script knows its calls by it. */
  private readonly ingestId = randomBytes(8).toString("hex");
  private readonly queues = new Map<string, SymbolQueue>();
  private readonly late: LateRanges;
  private readonly refusals: Refusals;
  private readonly keepUs: Micros;
  private buffered = 0;
  private waitingMessages = 0;
  private dropped = 0;
  private stopped = false;

  constructor(private readonly options: PublisherOptions) {
    this.keepUs = options.keepS * US_PER_SECOND;
    this.refusals = new Refusals(options.logger);
    this.late = new LateRanges(
      (symbol, messages) => this.enqueue(symbol, messages),
      () => this.canTell,
    );
    options.redis.onReady(() => this.wake());
  }

  /** Messages that wait for Redis. */
  get bufferedMessages(): number {
    return this.waitingMessages + this.late.symbolsWaiting;
  }

  /** What all streams hold, those of other processes' messages too, as far as it is known. */
  get streamBytes(): number {
    return this.options.space.heldBytes;
  }

  /** Messages that were left to the ledger since the start. */
  get droppedMessages(): number {
    return this.dropped;
  }

  /** What Redis has against being published to, in a sentence; none when nothing. */
  get problems(): readonly string[] {
    return this.refusals.problems;
  }

  /** Tells of the ticks of one commit, ordered by (symbol, time, seq). */
  publishTicks(ticks: readonly Tick[], commit: ToldCommit): void {
    for (const { symbol, from, to } of runsOf(ticks)) this.publishOwn(symbol, ticks.slice(from, to), commit);
  }

  /** Tells of all the ranges that changed with one commit. Those of a symbol wait for each other. */
  publishRanges(reason: "late" | "lost", ranges: readonly SymbolRange[], commit: UntoldCommit): void {
    for (const [symbol, own] of groupBy(ranges, bySymbol)) this.late.add(reason, symbol, own, commit);
  }

  /** Tells of what a correction has left; see {@link ToldCorrections}. */
  publishCorrection(symbol: string, message: Outgoing): void {
    this.offer(symbol, [message]);
  }

  /** Whether there is any use in telling something. */
  get canTell(): boolean {
    return this.options.redis.isReady && this.options.deployment() !== undefined;
  }

  /** Lets go of what waits and may be taken over. (What is being sent is judged when its turn comes.) */
  giveUpOld(): void {
    for (const [symbol, queue] of this.queues) if (!queue.sending) this.giveUpOverdue(symbol, queue);
  }

  /** The deployment may be known now, or be another one. */
  wake(): void {
    for (const [symbol, queue] of this.queues) this.send(symbol, queue);
  }

  /** Resolves when everything is on Redis, or Redis is away. */
  async flush(): Promise<void> {
    this.late.flush();
    while (this.waitingMessages > 0 && this.options.redis.isReady)
      await new Promise((resolve) => setTimeout(resolve, 5));
  }

  /** Sends nothing more. */
  stop(): void {
    this.stopped = true;
    this.late.stop();
    this.options.space.stop();
  }

  private publishOwn(symbol: string, ticks: readonly Tick[], commit: ToldCommit): void {
    const liveFromUs = commit.nowUs - this.keepUs;
    // History is nearly always old as a whole.
    const isOld = (ticks.at(-1)?.timeUs ?? 0) < liveFromUs;
    const firstLive = isOld ? -1 : ticks.findIndex(({ timeUs }) => timeUs >= liveFromUs);
    const old = firstLive < 0 ? ticks : ticks.slice(0, firstLive);
    const live = firstLive < 0 ? [] : ticks.slice(firstLive);
    if (live.length > 0) this.offer(symbol, tickMessages(symbol, live, commit, old.length === 0));
    const [first, last] = [old[0], old.at(-1)];
    if (first === undefined || last === undefined) return;
    this.late.add("old", symbol, [{ fromUs: first.timeUs, toUs: last.timeUs + 1 }], commit.untold);
  }

  /** Takes messages if there is room. */
  private offer(symbol: string, messages: readonly Outgoing[]): void {
    if (this.buffered < this.options.bufferMax) this.enqueue(symbol, messages);
    else this.giveUp(messages);
  }

  private enqueue(symbol: string, messages: readonly Outgoing[]): void {
    const queue = entryOf(this.queues, symbol, newQueue);
    for (const message of messages) {
      queue.waiting.push(message);
      this.buffered += weight(message);
    }
    this.waitingMessages += messages.length;
    this.send(symbol, queue);
  }

  /** Starts a queue that has something to send. */
  private send(symbol: string, queue: SymbolQueue): void {
    if (queue.sending || queue.waiting.length === 0 || this.stopped) return;
    const deployment = this.options.deployment();
    if (deployment === undefined || !this.options.redis.isReadyFor(deployment.names.streamKey(symbol))) return;
    void this.sendAll(symbol, queue);
  }

  /** The flag falls in the same turn in which nothing is left: a message that comes right after starts a new run. */
  private async sendAll(symbol: string, queue: SymbolQueue): Promise<void> {
    const { redis, ledger } = this.options;
    queue.sending = true;
    for (;;) {
      const deployment = this.options.deployment();
      this.giveUpOverdue(symbol, queue);
      if (queue.waiting.length === 0 || this.stopped || deployment === undefined) break;
      const open = openCallOf(queue);
      try {
        await this.publish(symbol, queue, open, deployment);
      } catch (error) {
        open.isRepeat ||= !isRefused(error);
        if (redis.isReady) this.refusals.failed(symbol, error);
        this.retryLater(symbol, queue);
        break;
      }
      this.refusals.published(symbol);
      queue.failures = 0;
      queue.openCall = undefined;
      for (const { isLast, commits, onTold, span } of this.take(queue, open.messages.length)) {
        span?.end();
        if (isLast) ledger.markTold(commits);
        onTold?.();
      }
    }
    queue.sending = false;
  }

  private async publish(symbol: string, queue: SymbolQueue, open: OpenCall, deployment: Deployment): Promise<void> {
    const { redis, space } = this.options;
    const server = redis.serverOf(deployment.names.streamKey(symbol));
    const call = this.callOf(symbol, queue, open, deployment, space.streamBytesMax(server));
    const { offset, changes } = await publish(redis, deployment, this.ingestId, call);
    queue.known = { deployment, offset: parseOffset(offset) };
    space.note(deployment.names, server, changes);
  }

  private callOf(
    symbol: string,
    queue: SymbolQueue,
    open: OpenCall,
    deployment: Deployment,
    bytesMax: number,
  ): PublishCall {
    const known = queue.known?.deployment.names === deployment.names ? queue.known.offset : undefined;
    const told = tellings(symbol, open.messages, deployment.incarnation);
    const ifLost = told.map((telling) => telling.ifLost);
    return {
      symbol,
      id: open.id,
      messages: told.map(({ text }) => text),
      known,
      keepS: this.options.keepS,
      bytesMax,
      repeat: open.isRepeat ? { epoch: known?.epoch, ifLost } : undefined,
    };
  }

  private retryLater(symbol: string, queue: SymbolQueue): void {
    const waitMs = fullJitterMs(queue.failures, RETRY_BACKOFF) + RETRY_BACKOFF.baseMs;
    queue.failures += 1;
    setTimeout(() => this.send(symbol, queue), waitMs).unref();
  }

  private take(queue: SymbolQueue, count: number): Outgoing[] {
    const taken = queue.waiting.splice(0, count);
    this.waitingMessages -= taken.length;
    for (const message of taken) this.buffered -= weight(message);
    return taken;
  }

  /**
   * Gives up the messages of a queue that are overdue. With them goes an open call as a whole: nobody knows whether it was executed,
   * and what is sent in another one may be told twice.
   */
  private giveUpOverdue(symbol: string, queue: SymbolQueue): void {
    const nowMs = performance.now();
    const young = queue.waiting.findIndex((message) => !isOverdue(message, nowMs));
    const overdue = young < 0 ? queue.waiting.length : young;
    if (overdue === 0) return;
    const given = this.take(queue, Math.max(overdue, queue.openCall?.messages.length ?? 0));
    queue.openCall = undefined;
    this.giveUp(given);
    if (queue.waiting.length === 0) this.refusals.forget(symbol);
  }

  /** Leaves messages to whoever takes their commits' rows over. */
  private giveUp(messages: readonly Outgoing[]): void {
    this.dropped += messages.length;
    for (const { commits, span } of messages) {
      span?.end("given up: its range is told of instead");
      this.options.ledger.letGo(commits);
    }
  }
}

function newQueue(): SymbolQueue {
  return { waiting: [], sending: false, failures: 0, calls: 0, openCall: undefined, known: undefined };
}

/** What a message counts towards the buffer's bound. */
function weight(message: Outgoing): number {
  return Math.max(1, message.ticks);
}

function openCallOf(queue: SymbolQueue): OpenCall {
  if (queue.openCall === undefined) {
    queue.calls += 1;
    queue.openCall = { id: queue.calls, messages: firstMessages(queue.waiting), isRepeat: false };
  }
  return queue.openCall;
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

function bySymbol({ symbol }: { readonly symbol: string }): string {
  return symbol;
}
