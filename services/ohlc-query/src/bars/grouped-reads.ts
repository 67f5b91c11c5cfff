import { type StoredInterval, US_PER_DAY } from "@fx-ohlc/schemas";
import { Ending, Problem } from "@fx-ohlc/service-kit";
import type { Reader } from "../reader.js";
import type { BarColumns } from "./bar-columns.js";
import { readManyStoredBars, readStoredBars, type StoredRange } from "./stored-bars.js";

/** A read that waits for the statement that will answer it. */
interface WaitingRead {
  readonly range: StoredRange;
  /** Of its request. */
  readonly ending: Ending;
  readonly group: string;
  resolve(bars: BarColumns): void;
  reject(reason: unknown): void;
}

/**
 * Reads no longer than this, from one window of this length, may share a statement: some 1,500 bars at most each, and the
 * planner still leaves out what lies before and after.
 */
const WINDOW_US: Readonly<Record<StoredInterval, number>> = {
  minute: US_PER_DAY,
  hour: 50 * US_PER_DAY,
  day: 1000 * US_PER_DAY,
};
/** Statements at once: while they run, the reads that arrive gather. */
const RUNNING_MAX = 3;
/** Reads one statement answers at most, some 10 ms of pages with 60 bars. */
const GROUP_MAX = 32;
/** With more of them waiting, a new one is better asked to come back. */
const WAITING_MAX = 1000;

/**
 * Reads of stored bars, the short ones in groups: as a group commit does for writes, one statement answers all that arrived
 * while others ran, and so costs each a half of what it would cost alone. A read never joins a statement that has been sent:
 * what was committed before it arrived is in its answer.
 *
 * A read that finds fewer than {@link RUNNING_MAX} statements running waits for nothing but the end of the event loop's turn.
 */
export class GroupedReads {
  readonly #reader: Reader;
  #waiting: WaitingRead[] = [];
  #running = 0;
  #scheduled = false;

  /** @param reader for all of them */
  constructor(reader: Reader) {
    this.#reader = reader;
  }

  /**
   * @param ending of the request that reads
   * @throws what {@link Reader.read} throws
   */
  read(range: StoredRange, ending: Ending): Promise<BarColumns> {
    const windowUs = WINDOW_US[range.interval];
    if (range.toUs - range.fromUs > windowUs) {
      return this.#reader.until(ending).read((sql) => readStoredBars(sql, range));
    }
    ending.assertNone();
    if (this.#waiting.length >= WAITING_MAX) throw new Problem("unavailable", "Too many reads wait for the database.");
    const group = `${range.interval}/${Math.floor(range.fromUs / windowUs)}`;
    return new Promise((resolve, reject) => {
      ending.onEnd(reject);
      this.#waiting.push({ range, ending, group, resolve, reject });
      this.#schedule();
    });
  }

  #schedule(): void {
    if (this.#scheduled || this.#running >= RUNNING_MAX || this.#waiting.length === 0) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      void this.#run(this.#nextGroup());
      this.#schedule();
    });
  }

  /** The read that has waited longest, and those that can share its statement. */
  #nextGroup(): WaitingRead[] {
    const group = this.#waiting[0]?.group;
    const chosen = this.#waiting.filter((read) => read.group === group).slice(0, GROUP_MAX);
    const taken = new Set(chosen);
    this.#waiting = this.#waiting.filter((read) => !taken.has(read));
    return chosen;
  }

  async #run(reads: readonly WaitingRead[]): Promise<void> {
    this.#running += 1;
    try {
      const bars = await this.#answers(
        this.#reader.until(endOfAll(reads)),
        reads.map(({ range }) => range),
      );
      for (const [place, { resolve, reject }] of reads.entries()) {
        const own = bars[place];
        if (own === undefined) reject(new Error("a read has no answer"));
        else resolve(own);
      }
    } catch (error) {
      for (const { reject } of reads) reject(error);
    } finally {
      this.#running -= 1;
      this.#schedule();
    }
  }

  #answers(reader: Reader, ranges: readonly StoredRange[]): Promise<BarColumns[]> {
    const [only] = ranges;
    return reader.read(async (sql) =>
      ranges.length === 1 && only !== undefined ? [await readStoredBars(sql, only)] : readManyStoredBars(sql, ranges),
    );
  }
}

/** Ends when all requests have: as long as one waits, the statement for all of them goes on. */
function endOfAll(reads: readonly WaitingRead[]): Ending {
  const [only] = reads;
  if (reads.length === 1 && only !== undefined) return only.ending;
  const all = new Ending();
  const look = () => {
    if (reads.every(({ ending }) => ending.reason !== undefined)) all.end(new Error("all requests have ended"));
  };
  for (const { ending } of reads) ending.onEnd(look);
  look();
  return all;
}
