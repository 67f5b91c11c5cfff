import { Counter, collectDefaultMetrics, Gauge, Registry } from "prom-client";
import { LeanHistogram } from "./lean-histogram.js";
import { type Scrape, scrapeOf } from "./scrape.js";

export { Histogram } from "prom-client";

/** Labels and value of one series. */
export type Sample = readonly [labels: Readonly<Record<string, string>>, value: number];

type Values = number | Iterable<Sample>;

/** A metric whose values are kept elsewhere, and read only when it is scraped. */
export interface CollectedMetric<V> {
  readonly name: string;
  readonly help: string;
  readonly labelNames?: readonly string[];
  read(): V;
}

/** Methods that may appear as a label; any other text from outside would be an unbounded label. */
const METHODS = new Set(["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]);

/** From a cached read to a request that waits out a dependency's deadline. */
const DURATION_BUCKETS_S = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/** Names of tokens that have a series each; the rest share one. */
const CALLERS_MAX = 100;
const OTHER_CALLERS = "other";

/** One process's metrics. */
export class Metrics {
  readonly registry = new Registry();
  readonly #callers = new Map<string, number>();
  readonly #httpDuration = new LeanHistogram({
    name: "http_request_duration_seconds",
    help: "Time from a request's headers to the end of its answer, by route pattern.",
    labelNames: ["method", "route", "status"],
    buckets: DURATION_BUCKETS_S,
    registers: [this.registry],
  });

  /** @param defaults whether the process itself (memory, event loop, garbage collection) is measured too */
  constructor({ defaults = true } = {}) {
    if (defaults) collectDefaultMetrics({ register: this.registry });
    this.addCounter({
      name: "http_requests_by_caller_total",
      help: "Requests by the name of the token that was shown; the first hundred names have a series each.",
      labelNames: ["caller"],
      read: () => [...this.#callers].map(([caller, count]): Sample => [{ caller }, count]),
    });
  }

  /** What a scrape is answered, in the format that it accepts. */
  scrape(accept: string | undefined): Promise<Scrape> {
    return scrapeOf(this.registry, accept);
  }

  /**
   * @param route the route's pattern, never a path that a client chose
   * @param traceId where the request was traced
   */
  observeHttp(method: string, route: string, status: number, seconds: number, traceId?: string): void {
    this.#httpDuration.noteTraced(traceId, seconds, METHODS.has(method) ? method : "OTHER", route, status);
  }

  /** Counts a request of a caller by the name of its token. */
  countCaller(name: string): void {
    const label = this.#callers.has(name) || this.#callers.size < CALLERS_MAX ? name : OTHER_CALLERS;
    this.#callers.set(label, (this.#callers.get(label) ?? 0) + 1);
  }

  /** Exports a hot counter that is a plain integer in the code that counts, since the process started and never falling. */
  addCounter({ name, help, labelNames = [], read }: CollectedMetric<Values>): void {
    new Counter({
      name,
      help,
      labelNames,
      registers: [this.registry],
      collect() {
        this.reset();
        const value = read();
        if (typeof value === "number") this.inc(value);
        else for (const [labels, count] of value) this.inc(labels, count);
      },
    });
  }

  /** Exports what is so at the moment. */
  addGauge({ name, help, labelNames = [], read }: CollectedMetric<Values | Promise<Values>>): void {
    new Gauge({
      name,
      help,
      labelNames,
      registers: [this.registry],
      async collect() {
        const value = await read();
        // A series that is not read any more is gone.
        this.reset();
        if (typeof value === "number") this.set(value);
        else for (const [labels, own] of value) this.set(labels, own);
      },
    });
  }
}
