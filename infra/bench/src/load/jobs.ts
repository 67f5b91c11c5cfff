/** Work for the load generator, which runs in a process of its own: written to its standard input as JSON. */
export type Job = BulkJob | TicksJob | PathsJob | LatencyJob | FanOutJob;

interface HttpJob {
  /** The server's address. */
  readonly url: string;
  readonly connections: number;
}

/** Posts rows of the sample as JSON arrays, each connection the next one as soon as it has its answer. */
export interface BulkJob extends HttpJob {
  readonly kind: "bulk";
  readonly rows: number;
  readonly rowsPerRequest: number;
}

/** How long a server is kept busy, and when counting starts. */
interface Duration {
  readonly warmUpMs: number;
  readonly measureMs: number;
}

/** Posts one tick a request, as fast as answers come. */
export interface TicksJob extends HttpJob, Duration {
  readonly kind: "ticks";
  readonly symbols: readonly string[];
}

/** Gets the paths in turn, as fast as answers come. */
export interface PathsJob extends HttpJob, Duration {
  readonly kind: "paths";
  readonly paths: readonly string[];
}

/** Posts ticks at a fixed rate and listens for them on a WebSocket. */
export interface LatencyJob extends HttpJob, Duration {
  readonly kind: "latency";
  readonly symbols: readonly string[];
  readonly ticksPerSecond: number;
  readonly socketUrl: string;
}

/** Posts ticks at a fixed rate, some a request, and counts what many WebSocket clients get of them. */
export interface FanOutJob extends HttpJob, Duration {
  readonly kind: "fan-out";
  readonly symbols: readonly string[];
  readonly ticksPerSecond: number;
  readonly ticksPerRequest: number;
  readonly socketUrl: string;
  /** Where the server says, as a Prometheus metric, how much CPU time it has used. */
  readonly metricsUrl: string;
  readonly clients: number;
}

/** What came of a job that counts answers. */
export interface Throughput {
  /** Requests answered within the measured time. */
  readonly answered: number;
  /** Requests answered in all. */
  readonly answeredInAll: number;
  readonly seconds: number;
  /** CPU time of the generator itself per second of the measured time. */
  readonly generatorCpu: number;
}

/** What came of a latency job, milliseconds. */
export interface Latency {
  readonly ticks: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
  readonly generatorCpu: number;
}

/** What came of a fan-out job, within its measured time. */
export interface FanOut {
  /** Ticks posted. */
  readonly ticks: number;
  /** Messages that clients got, one for each tick. */
  readonly delivered: number;
  readonly seconds: number;
  /** CPU time the server used. */
  readonly serverCpuSeconds: number;
  readonly generatorCpu: number;
}
