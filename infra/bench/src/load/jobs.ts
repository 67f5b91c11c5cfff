/** Work for the load generator, which runs in a process of its own: written to its standard input as JSON. */
export type Job = BulkJob | TicksJob | PathsJob | LatencyJob | StalledJob | IdleJob | FanOutJob;

interface HttpJob {
  /** The server's address. */
  readonly url: string;
  readonly connections: number;
}

/** How rows are written in a request's body. */
export type BulkForm = "json" | "csv" | "ndjson" | "line protocol";

/** Posts rows of the sample, each connection the next request as soon as it has its answer. */
export interface BulkJob extends HttpJob {
  readonly kind: "bulk";
  readonly form: BulkForm;
  readonly rows: number;
  readonly rowsPerRequest: number;
  /** The rows are of these in turn. */
  readonly symbols: readonly string[];
  /** Rows are quotes with both sides, and not single prices. */
  readonly areQuotes?: true;
  /** Time from each row to the next, where it is not the sample's. */
  readonly stepUs?: number;
}

/** How long a server is kept busy, and when counting starts. */
interface Duration {
  readonly warmUpMs: number;
  readonly measureMs: number;
}

/** Posts one tick a request, as fast as answers come. */
export interface TicksJob extends HttpJob, Duration {
  readonly kind: "ticks";
  /** What is shown. */
  readonly token?: string;
  readonly symbols: readonly string[];
}

/** Gets the paths in turn, as fast as answers come. */
export interface PathsJob extends HttpJob, Duration {
  readonly kind: "paths";
  /** What is shown. */
  readonly token?: string;
  readonly paths: readonly string[];
}

/** Posts ticks at a fixed rate and listens for them on a WebSocket. */
export interface LatencyJob extends HttpJob, Duration {
  readonly kind: "latency";
  readonly symbols: readonly string[];
  readonly ticksPerSecond: number;
  readonly socketUrl: string;
}

/** The same beside clients that do not read. */
export interface StalledJob extends Omit<LatencyJob, "kind"> {
  readonly kind: "stalled";
  /** How many of them, and what they connect to: `/ws`. */
  readonly stalled: number;
  readonly stalledUrl: string;
  /** Where the server says, as a Prometheus metric, how much memory it takes. */
  readonly metricsUrl: string;
}

/** Opens WebSocket clients that are sent nothing. */
export interface IdleJob {
  readonly kind: "idle";
  readonly clients: number;
  /** Where the server's inspector listens. */
  readonly inspectorPort: number;
  /** How long the server is left alone before its memory is looked at. */
  readonly settleMs: number;
  readonly socketUrl: string;
  readonly metricsUrl: string;
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
  /** What each client subscribes to, where it is to ask. */
  readonly channels?: readonly (readonly string[])[];
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

/** What came of a stalled job. */
export interface Stalled extends Latency {
  /** What the server took at the end, with the clients that do not read still there. */
  readonly memoryBytes: number;
}

/** What came of an idle job. */
export interface Idle {
  /** What the server took more than before. */
  readonly memoryBytes: number;
  readonly generatorCpu: number;
}

/** What came of a fan-out job, within its measured time. */
export interface FanOut {
  /** Ticks posted. */
  readonly ticks: number;
  /** Messages that clients got: where they did not ask for something else, one for each tick. */
  readonly delivered: number;
  readonly seconds: number;
  /** CPU time the server used. */
  readonly serverCpuSeconds: number;
  readonly generatorCpu: number;
}
