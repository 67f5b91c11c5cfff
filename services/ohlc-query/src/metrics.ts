import { LeanHistogram, type Metrics } from "@fx-ohlc/service-kit";

/** From a page out of memory to one that folds a year of minutes. */
const DURATION_BUCKETS_S = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5];
const ROWS_BUCKETS = [0, 1, 10, 60, 300, 1000, 3000, 10_000];

/** What ohlc-query measures besides its HTTP side. */
export class QueryMetrics {
  readonly #duration: LeanHistogram;
  readonly #rows: LeanHistogram;

  constructor({ registry }: Metrics) {
    this.#duration = new LeanHistogram({
      name: "ohlc_query_duration_seconds",
      help: "Time to read the bars of one answer from the database, by interval.",
      labelNames: ["interval"],
      buckets: DURATION_BUCKETS_S,
      registers: [registry],
    });
    this.#rows = new LeanHistogram({
      name: "ohlc_rows_returned",
      help: "Bars in one answer.",
      buckets: ROWS_BUCKETS,
      registers: [registry],
    });
  }

  observe(interval: string, seconds: number, rows: number): void {
    this.#duration.note(seconds, interval);
    this.#rows.note(rows);
  }
}
