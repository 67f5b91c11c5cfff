import { Counter, collectDefaultMetrics, Histogram, Registry } from "prom-client";

export { Counter, Gauge, Histogram, Registry } from "prom-client";

/** Labels and value of one series. */
export type Sample = readonly [labels: Readonly<Record<string, string>>, value: number];

/** A counter kept elsewhere as plain integers, read only when it is scraped. */
export interface CollectedCounter {
  readonly name: string;
  readonly help: string;
  readonly labelNames?: readonly string[];
  /** Values since the process started, never falling. */
  read(): number | Iterable<Sample>;
}

/** Methods that may appear as a label; any other text from outside would be an unbounded label. */
const METHODS = new Set(["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]);

/** From a cached read to a request that waits out a dependency's deadline. */
const DURATION_BUCKETS_S = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/** One process's metrics. */
export class Metrics {
  readonly registry = new Registry();
  readonly #httpDuration = new Histogram({
    name: "http_request_duration_seconds",
    help: "Time from a request's headers to the end of its answer, by route pattern.",
    labelNames: ["method", "route", "status"],
    buckets: DURATION_BUCKETS_S,
    registers: [this.registry],
  });

  /** @param defaults whether the process itself (memory, event loop, garbage collection) is measured too */
  constructor({ defaults = true } = {}) {
    if (defaults) collectDefaultMetrics({ register: this.registry });
  }

  /** @param route the route's pattern, never a path that a client chose */
  observeHttp(method: string, route: string, status: number, seconds: number): void {
    this.#httpDuration.observe({ method: METHODS.has(method) ? method : "OTHER", route, status }, seconds);
  }

  /** Exports a hot counter that is a plain integer in the code that counts. */
  addCounter({ name, help, labelNames = [], read }: CollectedCounter): void {
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
}
