import type { Backlog, DayOutcome, PassReport } from "@fx-ohlc/database/archive";
import { type Micros, US_PER_DAY } from "@fx-ohlc/schemas";
import type { Metrics } from "@fx-ohlc/service-kit";

/** Counts what is archived as plain integers, read when they are scraped. */
export class ArchiveMetrics {
  private days = 0;
  private rows = 0;
  private bytes = 0;
  private errors = 0;
  private report: PassReport | undefined;
  private backlog: Backlog | undefined;
  private isAway = false;

  /**
   * @param nowUs the database's clock
   * @param afterDays a day is due so many days after its end
   */
  constructor(
    metrics: Metrics,
    private readonly nowUs: () => Micros,
    private readonly afterDays: number,
  ) {
    const counters = [
      ["archive_days_total", "Days of a symbol that were archived.", () => this.days],
      ["archive_ticks_total", "Ticks that were archived.", () => this.rows],
      ["archive_bytes_total", "Bytes of files that were archived.", () => this.bytes],
      ["archive_errors_total", "Failures of the store, the database or a file.", () => this.errors],
    ] as const;
    for (const [name, help, read] of counters) metrics.addCounter({ name, help, read });
    metrics.addGauge({
      name: "archive_backlog_days",
      help: "Days of a symbol that wait to be archived though their time has come; of the process that archives.",
      read: () => (this.backlog === undefined ? [] : [[{}, this.backlog.days]]),
    });
    metrics.addGauge({
      name: "archive_behind_days",
      help: "How many days the oldest day that was never archived has waited for longer than it has to.",
      read: () => (this.backlog === undefined ? [] : [[{}, this.behindDays]]),
    });
    metrics.addGauge({
      name: "archive_foreign_days",
      help: "Days of a symbol that are dropped, and of which a hand has put ticks into the table since: their chunk stays.",
      read: () => (this.backlog === undefined ? [] : [[{}, this.backlog.foreignDays]]),
    });
    metrics.addGauge({
      name: "archive_refused",
      help: "1 while nothing is archived and nothing dropped, for the dataset is not where it belongs.",
      read: () => (this.report === undefined ? [] : [[{}, this.report.refusedBecause === null ? 0 : 1]]),
    });
  }

  /** Of the last pass; undefined where another process archives. */
  get lastReport(): PassReport | undefined {
    return this.report;
  }

  /** Whether the last pass ended because the store could not be reached. */
  get isStoreAway(): boolean {
    return this.isAway;
  }

  countDay({ done, rows, bytes }: DayOutcome): void {
    if (done === "changed") return;
    this.days += 1;
    this.rows += rows;
    this.bytes += bytes;
  }

  countError(): void {
    this.errors += 1;
  }

  notePass(report: PassReport): void {
    this.report = report;
    this.backlog = report;
    this.isAway = false;
  }

  /** Undefined: another process archives from now on, and tells. */
  noteBacklog(backlog: Backlog | undefined): void {
    this.backlog = backlog;
    if (backlog !== undefined) return;
    this.report = undefined;
    this.isAway = false;
  }

  /** What waits for the store is counted also where no pass was ever finished. */
  noteAway(backlog: Backlog): void {
    this.noteBacklog(backlog);
    this.isAway = true;
  }

  private get behindDays(): number {
    const oldestUs = this.backlog?.oldestUs ?? null;
    if (oldestUs === null) return 0;
    return Math.max(0, (this.nowUs() - oldestUs) / US_PER_DAY - 1 - this.afterDays);
  }
}
