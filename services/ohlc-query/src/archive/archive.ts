import { type FileTicks, joinFileTicks, type StoreOptions, type TickFileRange } from "@fx-ohlc/archive";
import { type Ending, Problem } from "@fx-ohlc/service-kit";
import type { DroppedDay, DroppedDays } from "./dropped-days.js";
import { FileReadError, ReadThreads } from "./read-threads.js";

/** Once the store was found away, nobody else waits for it so long. */
const AWAY_MS = 2000;
const RETRY_AFTER_S = 5;
/** A store that is away, and a file that is not there: a volume that is not mounted looks like this. */
const AWAY: ReadonlySet<string> = new Set(["StoreUnavailableError", "FileMissingError"]);
/** Files that one answer reads at a time. */
const FILES_AT_ONCE = 16;

/** How the archive is read. */
export interface ArchiveOptions {
  /** Where the dataset lies for this service; undefined: where the database says. */
  readonly url: string | undefined;
  readonly threads: number;
  readonly store: StoreOptions;
  /** Told what an operator has to look after. */
  readonly onFailure: (error: Error, file: string) => void;
}

/** The ticks that retention has dropped, in the files that hold them. */
export class Archive {
  readonly #options: ArchiveOptions;
  readonly #threads: ReadThreads;
  #awayUntilMs = 0;
  files = 0;
  failures = 0;

  constructor(options: ArchiveOptions) {
    this.#options = options;
    this.#threads = new ReadThreads(options.threads, options.store);
  }

  /**
   * The first or last ticks of a range that lie in files, ascending.
   *
   * @throws Problem 503 while the store is away
   */
  async read(dropped: DroppedDays, range: TickFileRange, ending: Ending): Promise<FileTicks> {
    const { order, rowsMax } = range;
    const isForward = order === "asc";
    const within = dropped.days.filter(({ firstUs, lastUs }) => firstUs <= range.toUs && lastUs >= range.fromUs);
    const waiting = isForward ? within : within.reverse();
    let parts: FileTicks[] = [];
    let rows = 0;
    for (let at = 0; at < waiting.length && rows < rowsMax; ) {
      const days = nextDays(waiting.slice(at, at + FILES_AT_ONCE), range, rowsMax - rows);
      at += days.length;
      const url = this.#options.url ?? dropped.url;
      const read = await Promise.all(
        days.map((day) => this.#readDay(url, day, { ...range, rowsMax: rowsMax - rows }, ending)),
      );
      rows += read.reduce((sum, { timeUs }) => sum + timeUs.length, 0);
      parts = isForward ? [...parts, ...read] : [...read.reverse(), ...parts];
    }
    return joinFileTicks(parts);
  }

  stop(): Promise<void> {
    return this.#threads.stop();
  }

  async #readDay(url: string, day: DroppedDay, range: TickFileRange, ending: Ending): Promise<FileTicks> {
    if (performance.now() < this.#awayUntilMs) throw away();
    this.files += 1;
    try {
      return await this.#threads.read({ url, day, range }, ending);
    } catch (error) {
      if (!(error instanceof FileReadError)) throw error;
      this.failures += 1;
      this.#options.onFailure(error, day.file);
      if (!AWAY.has(error.failure.name)) throw error;
      if (error.failure.name === "StoreUnavailableError") this.#awayUntilMs = performance.now() + AWAY_MS;
      throw away(error);
    }
  }
}

/** As many of the days as it takes for so many ticks: those that the range cuts may have none of it. */
function nextDays(days: readonly DroppedDay[], { fromUs, toUs }: TickFileRange, rows: number): readonly DroppedDay[] {
  let ticks = 0;
  const enough = days.findIndex((day) => {
    if (day.firstUs > fromUs && day.lastUs < toUs) ticks += day.ticks;
    return ticks >= rows;
  });
  return enough < 0 ? days : days.slice(0, enough + 1);
}

function away(cause?: Error): Problem {
  const detail = "The archive that holds the ticks of these days is not available at the moment.";
  return new Problem("unavailable", detail, { cause, retryAfterS: RETRY_AFTER_S });
}
