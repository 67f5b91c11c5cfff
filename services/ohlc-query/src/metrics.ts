import { LeanHistogram, type Metrics } from "@fx-ohlc/service-kit";
import type { ChunkCache } from "./bars/chunk-cache.js";

/** From a page out of memory to one that folds a year of minutes. */
const DURATION_BUCKETS_S = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5];
/** From a statement that nobody waits in front of to one on a busy server. */
const VALIDATION_BUCKETS_S = [0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.05, 0.25, 1];
const ROWS_BUCKETS = [0, 1, 10, 60, 300, 1000, 3000, 10_000];

/** What ohlc-query measures besides its HTTP side. */
export class QueryMetrics {
  readonly #duration: LeanHistogram;
  readonly #rows: LeanHistogram;
  readonly #validation: LeanHistogram;

  constructor(metrics: Metrics, cache: ChunkCache) {
    const { registry } = metrics;
    this.#validation = new LeanHistogram({
      name: "ohlc_validation_seconds",
      help: "Time of statements that asked for nothing but whether bars kept in memory are what the database holds.",
      buckets: VALIDATION_BUCKETS_S,
      registers: [registry],
    });
    addCacheMetrics(metrics, cache);
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

  observeValidation(seconds: number): void {
    this.#validation.note(seconds);
  }

  observe(interval: string, seconds: number, rows: number): void {
    this.#duration.note(seconds, interval);
    this.#rows.note(rows);
  }
}

function addCacheMetrics(metrics: Metrics, cache: ChunkCache): void {
  metrics.addCounter({
    name: "ohlc_cache_hits_total",
    help: "Chunks of closed bars in memory that answers were made of.",
    read: () => cache.hits,
  });
  metrics.addCounter({
    name: "ohlc_cache_misses_total",
    help: "Chunks of closed bars that answers had to have read from the database.",
    read: () => cache.misses,
  });
  metrics.addGauge({
    name: "ohlc_cache_bytes",
    help: "Memory that closed bars take, packed and in the formats they were asked for in.",
    read: () => cache.bytes,
  });
}
