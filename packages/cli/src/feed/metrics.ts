import { createServer } from "node:http";
import { InvalidArgumentError } from "commander";
import { Counter, Gauge, Histogram, Registry } from "prom-client";
import type { FeedCounts } from "./counts.js";

/** Where Prometheus finds the numbers of a feed. */
export interface MetricsPlace {
  readonly host: string;
  readonly port: number;
}

/** Reads `9464` (of this machine alone) or `0.0.0.0:9464`. */
export function parseMetricsPlace(raw: string): MetricsPlace {
  const [, host = "127.0.0.1", port] = /^(?:(.+):)?(\d{1,5})$/.exec(raw) ?? [];
  if (port === undefined || Number(port) > 65_535)
    throw new InvalidArgumentError("It must be a port such as 9464, or an address and a port such as 0.0.0.0:9464.");
  return { host: host.replace(/^\[|\]$/g, ""), port: Number(port) };
}

/** From a venue in the same city to one whose clock is minutes behind. */
const DELAY_BUCKETS_S = [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 60];

/** Whole numbers of {@link FeedCounts}, and what they mean. */
const COUNTERS = {
  sent: "Ticks that the service has stored, or had stored before.",
  dropped: "Ticks left out, for the buffer was full while the service was away.",
  refused: "Ticks that the service refused.",
  repeated: "Ticks that the venue sent once more, and that were left out.",
  backwards: "Ticks stamped before the one before them; they are sent.",
  untimed: "Ticks without a time of the venue's, stamped when they arrived.",
  unusable: "Messages that are no tick: without a side, or of a market that is closed.",
  disconnects: "Connections to the venue that ended.",
} as const;

/** The metrics of a feed. */
export class FeedMetrics {
  readonly #registry = new Registry();
  readonly #delay = new Histogram({
    name: "fx_feed_delay_seconds",
    help: "From the time of the venue to the arrival here.",
    buckets: DELAY_BUCKETS_S,
    registers: [this.#registry],
  });

  /** @param waiting how many ticks are not known to be stored */
  constructor(counts: FeedCounts, waiting: () => number) {
    for (const name of Object.keys(COUNTERS) as (keyof typeof COUNTERS)[]) {
      const unit = name === "disconnects" ? "" : "ticks_";
      this.#counter(`fx_feed_${unit}${name}_total`, COUNTERS[name], (set) => set({}, counts[name]));
    }
    this.#counter("fx_feed_ticks_received_total", "Ticks that the venue has sent.", (set) => {
      for (const [symbol, { received }] of counts.symbols) set({ symbol }, received);
    });
    this.#gauge("fx_feed_connected", "1 while the venue is there.", (set) => set({}, Number(counts.isConnected)));
    this.#gauge("fx_feed_waiting_ticks", "Ticks that are not known to be stored.", (set) => set({}, waiting()));
    this.#gauge("fx_feed_last_tick_timestamp_seconds", "The venue's time of the newest tick.", (set) => {
      for (const [symbol, { lastTickS }] of counts.symbols) set({ symbol }, lastTickS);
    });
  }

  /** A clock that is ahead of this one's is no delay; a sum that shrinks would be taken for a restart. */
  delayed(seconds: number): void {
    this.#delay.observe(Math.max(0, seconds));
  }

  /** Answers `GET /metrics`, at a free port where it is 0. @throws Error when the place is taken */
  async serve({ host, port }: MetricsPlace): Promise<{ readonly url: string; readonly stop: () => void }> {
    const server = createServer(async ({ url, method }, response) => {
      if (url?.split("?", 1)[0] !== "/metrics") return void response.writeHead(404).end();
      if (method !== "GET" && method !== "HEAD") return void response.writeHead(405, { allow: "GET, HEAD" }).end();
      response.writeHead(200, { "content-type": this.#registry.contentType }).end(await this.#registry.metrics());
    });
    await new Promise<void>((resolve, reject) => {
      server.once("error", (error) => reject(new Error(`metrics cannot be served: ${error.message}`)));
      server.listen(port, host, resolve);
    });
    const address = server.address();
    const taken = typeof address === "object" && address !== null ? address.port : port;
    const stop = () => {
      server.close();
      server.closeAllConnections();
    };
    return { url: `http://${host.includes(":") ? `[${host}]` : host}:${taken}/metrics`, stop };
  }

  #counter(
    name: string,
    help: string,
    read: (set: (labels: Record<string, string>, value: number) => void) => void,
  ): void {
    new Counter({
      name,
      help,
      labelNames: ["symbol"],
      registers: [this.#registry],
      collect() {
        this.reset();
        read((labels, value) => this.inc(labels, value));
      },
    });
  }

  #gauge(
    name: string,
    help: string,
    read: (set: (labels: Record<string, string>, value: number) => void) => void,
  ): void {
    new Gauge({
      name,
      help,
      labelNames: ["symbol"],
      registers: [this.#registry],
      collect() {
        read((labels, value) => this.set(labels, value));
      },
    });
  }
}
