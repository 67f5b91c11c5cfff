import { setTimeout as delay } from "node:timers/promises";
import { type Database, inSession, type Queries } from "@fx-ohlc/database";
import type { SymbolRange } from "@fx-ohlc/schemas";
import type { Logger } from "@fx-ohlc/service-kit";
import { type CommitLedger, isOverdue, type LedgerRow, type UntoldCommit } from "../write/commit-ledger.js";
import { correctionMessage, readRange, type StoredRange, stillUntold, ticksText, untoldIn } from "./corrected-range.js";
import type { Publisher } from "./publisher.js";

export interface ToldCorrectionsOptions {
  readonly database: Database;
  readonly ledger: CommitLedger;
  readonly publisher: Pick<Publisher, "publishCorrection" | "canTell" | "flush">;
  readonly logger: Logger;
}

/** A correction that is not told of for good yet. */
interface OpenCorrection {
  readonly range: SymbolRange;
  readonly untold: UntoldCommit;
  /** What has to be told before it; undefined before that was looked up. */
  earlier: readonly LedgerRow[] | undefined;
  /** What was told last. */
  told: string | undefined;
  rounds: number;
}

/** Corrections that may wait, some 300 bytes each; more are left to the ledger. */
const OPEN_MAX = 10_000;
/** Corrections looked at together, by one connection: their ranges are some 20,000 ticks at the very worst. */
const BATCH = 20;
/** How often it is looked whether what comes before a correction was told. */
const POLL_MS = 25;
/** The same by who waits for all of them, ms. */
const FLUSH_POLL_MS = 5;
/** What cannot be read is tried again after this, ms. */
const RETRY_MS = 500;
/** A range that has changed again so often while it was told is told without its ticks: then readers read it themselves. */
const ROUNDS_MAX = 3;

/**
 * Tells the stream of corrections, with what their ranges hold, so that whoever applies the messages of a symbol in the order of its stream
 * has in the end what the database has, though many processes write and tell. A correction is, in turn,
 *
 * - *waiting* for the commits before it that changed its range and are not told of yet, by whichever process: their rows are in
 *   the ledger. Told after it, a tick that it deleted would come back.
 * - *told*, as its range is then.
 * - *checked*: the range is read once more. A commit that was made since, and told of before the correction was, is in it: so
 *   where it is not as it was told it is told again. Every commit that was told of before the last telling is held by that one,
 *   and what is told of later comes later.
 *
 * Only then does its row leave the ledger: when this process dies before that, or cannot tell in time, the range is declared lost
 * by another one.
 */
export class ToldCorrections {
  readonly #options: ToldCorrectionsOptions;
  #open: OpenCorrection[] = [];
  /** Every correction of this process by its number, until it is overdue at most: in the order in which they will be. */
  readonly #own = new Map<number, UntoldCommit>();
  #isWorking = false;
  #isStopped = false;

  constructor(options: ToldCorrectionsOptions) {
    this.#options = options;
  }

  /** Tells of a correction that is committed, of each of its ranges by itself. */
  tell(ranges: readonly SymbolRange[], untold: UntoldCommit): void {
    this.#forgetOverdue();
    this.#own.set(untold.number, untold);
    if (this.#open.length + ranges.length > OPEN_MAX) {
      this.#options.ledger.letGo([untold]);
      return;
    }
    // A symbol's readers are told once all of its ranges are.
    untold.untoldSymbols += ranges.length - new Set(ranges.map(({ symbol }) => symbol)).size;
    for (const range of ranges) this.#add({ range, untold, earlier: undefined, told: undefined, rounds: 0 });
  }

  /** Resolves when all of them are on Redis and checked, with whatever else is published, or Redis is away. */
  async flush(): Promise<void> {
    const { publisher } = this.#options;
    for (;;) {
      await publisher.flush();
      // What has been told is being checked by now.
      if (!this.#isWorking || !publisher.canTell || this.#isStopped) return;
      await delay(FLUSH_POLL_MS);
    }
  }

  /** Tells nothing more. */
  stop(): void {
    this.#isStopped = true;
  }

  #forgetOverdue(): void {
    const nowMs = performance.now();
    for (const [number, untold] of this.#own) {
      if (!isOverdue({ commits: [untold] }, nowMs)) return;
      this.#own.delete(number);
    }
  }

  #add(correction: OpenCorrection): void {
    this.#open.push(correction);
    if (!this.#isWorking) void this.#work();
  }

  async #work(): Promise<void> {
    this.#isWorking = true;
    while (this.#open.length > 0 && !this.#isStopped) {
      const batch = this.#open.splice(0, BATCH).filter((correction) => !this.#isGivenUp(correction));
      const left = await this.#advance(batch);
      this.#open.push(...left);
      if (left.length === batch.length) await delay(POLL_MS, undefined, { ref: false });
    }
    this.#isWorking = false;
  }

  /** Leaves what is overdue to whoever takes its row over. */
  #isGivenUp({ untold }: OpenCorrection): boolean {
    const isOver = isOverdue({ commits: [untold] }, performance.now());
    if (isOver) this.#options.ledger.letGo([untold]);
    return isOver;
  }

  /** @returns those that have to wait */
  async #advance(batch: readonly OpenCorrection[]): Promise<readonly OpenCorrection[]> {
    const { database, publisher, logger } = this.#options;
    if (batch.length === 0 || !publisher.canTell || !database.available) return batch;
    // What is read now is of no other one; should it be put back meanwhile, the ranges are declared.
    const { incarnation } = database.settings;
    try {
      const stored = await inSession(database.sql, (queries) => this.#read(queries, batch));
      for (const [correction, range] of stored) this.#take(correction, range, incarnation);
      return batch.filter((correction) => !stored.has(correction));
    } catch (error) {
      if (database.available) logger.warn("what corrections have left cannot be read, trying again", { error });
      await delay(RETRY_MS, undefined, { ref: false });
      return batch;
    }
  }

  /** What the ranges of those hold that need not wait. */
  async #read(queries: Queries, batch: readonly OpenCorrection[]): Promise<ReadonlyMap<OpenCorrection, StoredRange>> {
    const stored = new Map<OpenCorrection, StoredRange>();
    for (const correction of batch) {
      correction.earlier = await this.#untoldBefore(queries, correction);
      if (correction.earlier.length === 0) stored.set(correction, await readRange(queries, correction.range));
    }
    return stored;
  }

  async #untoldBefore(queries: Queries, { range, untold, earlier }: OpenCorrection): Promise<readonly LedgerRow[]> {
    const { ledger } = this.#options;
    // Another correction tells what there is when it is told: it may come before or after this one.
    const isOwn = ({ ingestId, number }: LedgerRow) => ingestId === ledger.ingestId && this.#own.has(number);
    const isUntold = (row: LedgerRow) => !ledger.isTold(row) && !isOwn(row);
    if (earlier === undefined)
      return (await untoldIn(queries, range, { ingestId: ledger.ingestId, number: untold.number })).filter(isUntold);
    const waited = earlier.filter(isUntold);
    return waited.length === 0 ? [] : (await stillUntold(queries, waited)).filter(isUntold);
  }

  #take(correction: OpenCorrection, stored: StoredRange, incarnation: string): void {
    const { ledger, publisher } = this.#options;
    const { range, untold } = correction;
    if (ticksText(stored) === correction.told) {
      ledger.markTold([untold]);
      return;
    }
    const told = correction.rounds < ROUNDS_MAX ? stored : undefined;
    correction.told = ticksText(told);
    correction.rounds += 1;
    // What readers read themselves they read later than whatever was told before.
    const onTold = told === undefined ? () => ledger.markTold([untold]) : () => this.#add(correction);
    publisher.publishCorrection(
      range.symbol,
      correctionMessage(range, told, { commits: [untold], incarnation, onTold }),
    );
  }
}
