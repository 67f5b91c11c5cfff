import { setImmediate as nextTurn, setTimeout as sleep } from "node:timers/promises";
import { type Database, isOfDatabase, isRetryable } from "@fx-ohlc/database";
import type { NewTick } from "@fx-ohlc/schemas";
import { fullJitterMs, Problem } from "@fx-ohlc/service-kit";
import type { Config } from "../config.js";
import type { Outcome } from "./placement.js";
import { COMMIT_SYMBOLS_MAX, quotedOf, symbolsOf } from "./request-symbols.js";
import type { Commit, WriteRequest } from "./tick-writer.js";

interface Waiting extends WriteRequest {
  resolve(outcome: Outcome): void;
  reject(error: unknown): void;
}

/** What some ticks belong to. */
export type SubmitOptions = Pick<WriteRequest, "earlier" | "span">;

/** Deadlocks and foreign writers are over after a try or two. */
const TRIES_MAX = 8;
const RETRY_BACKOFF = { baseMs: 5, maxMs: 200 };

/** What gathered requests are written by. */
export interface Writer {
  /** Requests of which this is true are written together, and those of which it is false: these are slower, and may fail together. */
  isTrusted(request: WriteRequest): boolean;
  commit(requests: readonly WriteRequest[]): Promise<Commit>;
}

/** A second transaction is begun beside the first when so many ticks wait: it is prepared while the other is written. */
const SECOND_RUN_TICKS = 1000;

/**
 * Gathers requests and commits them together: one transaction at a time, or two while much waits, and whatever arrives while
 * they run goes into the next. A request is answered only after its commit.
 *
 * When the database is found away, every waiting request is answered 503 at once, also those of a transaction under way: its
 * outcome is unknown to them, and sending them again is harmless. If that transaction commits after all, it is published like
 * any other.
 */
export class GroupCommit {
  private waiting: Waiting[] = [];
  /** Lists and no sets: of a set that is added to and deleted from garbage stays that keeps all requests past their collection. */
  private readonly underWay: (readonly Waiting[])[] = [];
  private waitingTicks = 0;
  private readonly runs: Promise<void>[] = [];

  constructor(
    private readonly database: Database,
    private readonly writer: Writer,
    private readonly options: Pick<Config, "flushIntervalMs" | "commitTicksMax" | "queueTicksMax">,
  ) {
    database.on("away", (reason) => this.rejectAll(reason));
  }

  /**
   * Resolves when the ticks are committed, or known to be refused.
   *
   * @param earlier the run that the first of them go on with
   * @param span of the request that they are of, where somebody records it
   * @throws DatabaseUnavailableError when the database is away, Problem 503 when too much waits already
   */
  async submit(ticks: readonly NewTick[], { earlier, span }: SubmitOptions = {}): Promise<Outcome> {
    this.database.assertAvailable();
    const { queueTicksMax } = this.options;
    if (this.waitingTicks > 0 && this.waitingTicks + ticks.length > queueTicksMax) {
      throw new Problem("unavailable", `more than ${queueTicksMax} ticks wait to be written; send this again`);
    }
    return new Promise((resolve, reject) => {
      this.waiting.push({ ticks, symbols: symbolsOf(ticks), quoted: quotedOf(ticks), earlier, span, resolve, reject });
      this.waitingTicks += ticks.length;
      const isNeeded = this.runs.length === 0 || (this.runs.length === 1 && this.waitingTicks >= SECOND_RUN_TICKS);
      if (isNeeded) this.start();
    });
  }

  /** Resolves when nothing waits any more. */
  async drain(): Promise<void> {
    while (this.runs.length > 0) await Promise.all(this.runs);
  }

  private start(): void {
    const run = this.run().finally(() => {
      remove(this.runs, run);
      // What came in the turn in which nothing was left.
      if (this.waiting.length > 0 && this.runs.length === 0) this.start();
    });
    this.runs.push(run);
  }

  private async run(): Promise<void> {
    while (this.waiting.length > 0) {
      if (this.waitingTicks < this.options.commitTicksMax) await this.gather();
      const group = this.take();
      if (group.length > 0) await this.commitGroup(group);
    }
  }

  /** A timer of 0 ms takes 1, in which the database would have nothing to do: without an interval one turn is enough. */
  private gather(): Promise<unknown> {
    const { flushIntervalMs } = this.options;
    return flushIntervalMs === 0 ? nextTurn() : sleep(flushIntervalMs);
  }

  /** What has waited longest, and more of the same kind. */
  private take(): Waiting[] {
    const [first, ...others] = this.waiting;
    if (first === undefined) return [];
    const isTrusted = this.writer.isTrusted(first);
    const group = [first];
    const left: Waiting[] = [];
    let ticks = first.ticks.length;
    let symbols = first.symbols.length;
    for (const waiting of others) {
      const hasRoom =
        ticks + waiting.ticks.length <= this.options.commitTicksMax &&
        symbols + waiting.symbols.length <= COMMIT_SYMBOLS_MAX;
      if (!hasRoom || this.writer.isTrusted(waiting) !== isTrusted) left.push(waiting);
      else {
        group.push(waiting);
        ticks += waiting.ticks.length;
        symbols += waiting.symbols.length;
      }
    }
    this.waitingTicks -= ticks;
    this.waiting = left;
    return group;
  }

  private async commitGroup(group: readonly Waiting[]): Promise<void> {
    this.underWay.push(group);
    try {
      const commit = await this.commitWithRetries(group);
      group.forEach(({ resolve }, index) => {
        const outcome = commit.outcomes[index];
        if (outcome !== undefined) resolve(outcome);
      });
    } catch (error) {
      await this.fail(group, error);
    } finally {
      remove(this.underWay, group);
    }
  }

  private async commitWithRetries(requests: readonly WriteRequest[]): Promise<Commit> {
    for (let attempt = 0; ; attempt += 1) {
      try {
        return await this.writer.commit(requests);
      } catch (error) {
        this.database.noteWriteError(error);
        if (!isRetryable(error) || attempt + 1 >= TRIES_MAX) throw error;
        await sleep(fullJitterMs(attempt, RETRY_BACKOFF));
      }
    }
  }

  /** What the database refuses of a group is refused by one request of it: the others must not suffer. */
  private async fail(group: readonly Waiting[], error: unknown): Promise<void> {
    if (group.length === 1 || isOfDatabase(error)) {
      for (const { reject } of group) reject(error);
      return;
    }
    for (const waiting of group) await this.commitGroup([waiting]);
  }

  private rejectAll(error: Error): void {
    for (const { reject } of [...this.waiting, ...this.underWay.flat()]) reject(error);
    this.waiting = [];
    this.waitingTicks = 0;
  }
}

function remove<T>(list: T[], one: T): void {
  list.splice(list.indexOf(one), 1);
}
