import { type Micros, type Offset, parseOffset, type Tick, type TimeRange, US_PER_SECOND } from "@fx-ohlc/schemas";
import { fullJitterMs, type Logger, type RedisStore } from "@fx-ohlc/service-kit";
import type { CommitLedger } from "../write/commit-ledger.js";
import { LateRanges, type WaitingRanges } from "./late-ranges.js";
import {
  isExpired,
  type Outgoing,
  type Revision,
  revisionMessage,
  revisionMessages,
  type ToldCommit,
  tellings,
  tickMessages,
} from "./outgoing.js";
import { type Deployment, type PublishCall, publish } from "./publish-script.js";
import { isRefused, Refusals } from "./refusals.js";
import type { StreamSpace } from "./stream-space.js";

/** One symbol's messages, in the order of their commits. */
interface Lane {
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

/** What waits for Redis in place of several commits. */
export interface GivenUp {
  readonly symbol: string;
  readonly range: TimeRange;
  /** Where its commits stand. */
  readonly holder: Outgoing | WaitingRanges;
}

export interface PublisherOptions {
  readonly redis: RedisStore;
  readonly ledger: CommitLedger;
  readonly logger: Logger;
  /** Ticks and messages that may wait while Redis is away. */
  readonly bufferMax: number;
  /** For whom is published; undefined until the database has been reached. */
  deployment(): Deployment | undefined;
  /** How old a tick may be when it is streamed, and how long streams keep it. */
  readonly keepS: number;
  readonly space: StreamSpace;
}

/** Ticks one call carries at most: Redis is held up for some 0.2 ms by it, and an import needs a fifth of the calls. */
const CALL_TICKS_MAX = 1000;

/** Messages it stands for at most, most of them too old to be told one by one. */
const CALL_MESSAGES_MAX = 20_000;
/** A message is on its way to Redis for milliseconds, and a tick that was young enough when it was committed is streamed. */
const EXPIRY_GRACE_MS = 5000;

const RETRY_BACKOFF = { baseMs: 50, maxMs: 2000 };

/**
 * Puts committed changes on Redis, each symbol's in the order of its commits, one call at a time.
 *
 * Ticks that are older than the streams keep are not put there: their range is declared, see {@link LateRanges}. Messages are
 * judged once more when their turn comes, so that whatever is on a stream was young when it got there.
 *
 * While Redis is away, or refuses what it is given, messages wait. When more wait than the buffer holds, the symbol with the
 * longest queue gives it up for one revision over the whole range: its readers hear of a gap instead of nothing, and its commits
 * stay in the ledger until that revision is on Redis. A call that failed is repeated until it is answered; the script executes it
 * once. Where Redis has lost its streams since, nobody knows whether clients were told of its ticks: their range is declared
 * instead. So is that of ticks which were committed to another database than the one there is now, or to that one before it was
 * put back.
 */
export class Publisher {
  private readonly lanes = new Map<string, Lane>();
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
      () => options.redis.isReady && options.deployment() !== undefined,
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

  /** Messages given up for a revision since the start. */
  get droppedMessages(): number {
    return this.dropped;
  }

  /** What Redis has against being published to, in a sentence; none when nothing. */
  get problems(): readonly string[] {
    return this.refusals.problems;
  }

  /** Tells of the ticks of one commit, ordered by (symbol, time, seq). */
  publishTicks(ticks: readonly Tick[], commit: ToldCommit): void {
    for (const [symbol, own] of groupBySymbol(ticks)) this.publishOwn(symbol, own, commit);
  }

  /** Tells of all the ranges that changed with one commit. Those of late ticks wait for each other, and others with them. */
  publishRevisions(revisions: readonly Revision[], batch: number): void {
    for (const [symbol, own] of groupBySymbol(revisions)) {
      if (own.some(({ reason }) => reason === "late")) this.late.add("late", symbol, own, [batch]);
      else this.enqueue(symbol, revisionMessages(symbol, own, batch));
    }
  }

  /** What was given up for a revision that waits for Redis, where more than one commit waits with it. */
  get givenUp(): GivenUp[] {
    const messages = [...this.lanes].flatMap(([symbol, { waiting }]) =>
      waiting.map((holder) => ({ symbol, range: holder, holder })),
    );
    const late = [...this.late.waiting].map((holder) => ({ symbol: holder.symbol, range: holder.whole, holder }));
    return [...messages, ...late].filter(({ holder }) => holder.batches.length > 1);
  }

  /** One commit that has recorded all of a range stands in for those that waited for it. */
  standIn({ symbol, holder }: GivenUp, batch: number): void {
    // If it is on Redis by now, or was given up once more together with its commits, nothing waits for the new one.
    const waits = "cause" in holder ? this.late.holds(holder) : this.laneOf(symbol).waiting.includes(holder);
    const settled = waits ? [...holder.batches] : [batch];
    if (waits) holder.batches = [batch];
    this.markTold(symbol, settled);
  }

  /** The deployment may be known now, or be another one. */
  wake(): void {
    for (const [symbol, lane] of this.lanes) this.send(symbol, lane);
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

  /** The commits count as told with what is told last: the old ticks where there are any. */
  private publishOwn(symbol: string, ticks: readonly Tick[], { xid, batch, nowUs, incarnation }: ToldCommit): void {
    const liveFromUs = nowUs - this.keepUs;
    const firstLive = ticks.findIndex(({ timeUs }) => timeUs >= liveFromUs);
    const old = firstLive < 0 ? ticks : ticks.slice(0, firstLive);
    const live = firstLive < 0 ? [] : ticks.slice(firstLive);
    const committedMs = performance.now();
    const frame = {
      symbol,
      xid,
      incarnation,
      expiresMs: (timeUs: Micros) => committedMs + (timeUs - liveFromUs) / 1000 + EXPIRY_GRACE_MS,
    };
    const [first, last] = [old[0], old.at(-1)];
    if (live.length > 0) this.enqueue(symbol, tickMessages(frame, live, old.length > 0 ? [] : [batch]));
    if (first === undefined || last === undefined) return;
    this.late.add("old", symbol, [{ fromUs: first.timeUs, toUs: last.timeUs + 1 }], [batch]);
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
      lane = { waiting: [], sending: false, failures: 0, calls: 0, openCall: undefined, known: undefined };
      this.lanes.set(symbol, lane);
    }
    return lane;
  }

  /** Starts a lane that has something to send. */
  private send(symbol: string, lane: Lane): void {
    if (lane.sending || lane.waiting.length === 0 || this.stopped) return;
    const deployment = this.options.deployment();
    if (deployment === undefined || !this.options.redis.isReadyFor(deployment.names.streamKey(symbol))) return;
    lane.sending = true;
    void this.sendAll(symbol, lane).finally(() => {
      lane.sending = false;
    });
  }

  private async sendAll(symbol: string, lane: Lane): Promise<void> {
    const { redis } = this.options;
    while (lane.waiting.length > 0 && !this.stopped) {
      const deployment = this.options.deployment();
      if (deployment === undefined) return;
      const open = openCallOf(lane);
      try {
        await this.publish(symbol, lane, open, deployment);
      } catch (error) {
        open.isRepeat ||= !isRefused(error);
        if (redis.isReady) this.refusals.failed(symbol, error);
        this.retryLater(symbol, lane);
        return;
      }
      this.refusals.published(symbol);
      lane.failures = 0;
      lane.openCall = undefined;
      // What was sent may have been given up meanwhile: then its range is still in the revision, which says too much, not too little.
      if (lane.waiting[0] !== open.messages[0]) continue;
      for (const told of this.take(lane, open.messages.length)) this.markTold(symbol, told.batches);
    }
  }

  private async publish(symbol: string, lane: Lane, open: OpenCall, deployment: Deployment): Promise<void> {
    const { redis, ledger, space } = this.options;
    const server = redis.serverOf(deployment.names.streamKey(symbol));
    const call = this.callOf(symbol, lane, open, deployment, space.streamBytesMax(server));
    const { offset, changes } = await publish(redis, deployment, ledger.ingestId, call);
    lane.known = { deployment, offset: parseOffset(offset) };
    space.note(deployment.names, server, changes);
  }

  private callOf(symbol: string, lane: Lane, open: OpenCall, deployment: Deployment, bytesMax: number): PublishCall {
    const batches = open.messages.flatMap((message) => message.batches);
    const known = lane.known?.deployment.names === deployment.names ? lane.known.offset : undefined;
    const told = tellings(symbol, open.messages, { nowMs: performance.now(), incarnation: deployment.incarnation });
    const ifLost = told.map((telling) => telling.ifLost);
    return {
      symbol,
      id: open.id,
      toldUpTo: this.options.ledger.toldUpTo(symbol, batches),
      messages: told.map(({ text }) => text),
      known,
      limits: { keepS: this.options.keepS, bytesMax },
      repeat: open.isRepeat ? { epoch: known?.epoch, ifLost } : undefined,
    };
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

/** As many as one call carries, and at least one. What is too old by now goes out as a range, however much it is. */
function firstMessages(waiting: readonly Outgoing[]): Outgoing[] {
  const nowMs = performance.now();
  let ticks = 0;
  const end = waiting.findIndex((message, index) => {
    ticks += isExpired(message, nowMs) ? 0 : weight(message);
    return index > 0 && (ticks > CALL_TICKS_MAX || index >= CALL_MESSAGES_MAX);
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
