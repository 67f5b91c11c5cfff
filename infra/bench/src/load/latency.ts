import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { type Micros, parseTime } from "@fx-ohlc/schemas";
import { WebSocket } from "ws";
import { quantile } from "../rounds.js";
import { type HttpConnection, withConnections } from "./http-connection.js";
import type { Latency, LatencyJob } from "./jobs.js";
import { Stopwatch } from "./stopwatch.js";
import { clockUs, TickSource } from "./tick-source.js";

/** A timer's finest step, ms: at 1,000 ticks/s one tick falls due in each. */
const STEP_MS = 1;
/** Ticks arrive within some ms of their posting; this is for a stall. */
const ARRIVAL_TIMEOUT_MS = 5000;
const ARRIVAL_CHECK_MS = 20;

/** Sends each request on a free connection. What finds none waits, with the time it was stamped with before. */
class Senders {
  readonly #free: HttpConnection[];
  readonly #waiting: string[] = [];

  constructor(
    connections: readonly HttpConnection[],
    private readonly onError: (error: unknown) => void,
  ) {
    this.#free = [...connections];
  }

  send(request: string): void {
    const connection = this.#free.pop();
    if (connection === undefined) this.#waiting.push(request);
    else this.#drive(connection, request).catch(this.onError);
  }

  async #drive(connection: HttpConnection, first: string): Promise<void> {
    for (let request: string | undefined = first; request !== undefined; request = this.#waiting.shift()) {
      const status = await connection.request(request);
      if (status !== 201) throw new Error(`POST /ticks answered ${status}`);
    }
    this.#free.push(connection);
  }
}

/** The ticks that one WebSocket client gets, and how old each was, by the time it is stamped with. */
class Receiver {
  readonly agesMs: number[] = [];
  #measuredFromUs: Micros = Number.POSITIVE_INFINITY;

  constructor(readonly socket: WebSocket) {
    socket.on("message", (data) => {
      const { time }: { time: string } = JSON.parse(data.toString());
      const sentUs = parseTime(time) ?? 0;
      if (sentUs >= this.#measuredFromUs) this.agesMs.push((clockUs() - sentUs) / 1000);
    });
  }

  /** Counts ticks that are sent from now on. */
  measure(): void {
    this.#measuredFromUs = clockUs();
  }

  /** @throws Error when some of the ticks never came */
  async untilAll(ticks: number): Promise<void> {
    const deadlineMs = performance.now() + ARRIVAL_TIMEOUT_MS;
    while (this.agesMs.length < ticks) {
      if (performance.now() > deadlineMs) throw new Error(`${this.agesMs.length} of ${ticks} ticks arrived`);
      await sleep(ARRIVAL_CHECK_MS);
    }
  }
}

/** Sends ticks as they fall due, for some time. @returns how many */
async function sendPaced(senders: Senders, source: TickSource, perSecond: number, forMs: number): Promise<number> {
  const startedMs = performance.now();
  const total = Math.floor((forMs * perSecond) / 1000);
  for (let sent = 0; sent < total; await sleep(STEP_MS)) {
    const due = Math.min(total, Math.floor(((performance.now() - startedMs) * perSecond) / 1000));
    for (; sent < due; sent += 1) senders.send(source.next());
  }
  return total;
}

/**
 * Posts ticks at a fixed rate and measures how old each is when a WebSocket client in this same process gets it.
 *
 * @throws Error when a tick is refused or never arrives
 */
export async function measureLatency(job: LatencyJob): Promise<Latency> {
  const socket = new WebSocket(job.socketUrl);
  await once(socket, "open");
  const receiver = new Receiver(socket);
  const source = new TickSource(job.symbols);
  try {
    return await withConnections(job.url, job.connections, async (connections) => {
      const { promise: failed, reject } = rejectable();
      const senders = new Senders(connections, reject);
      const pace = (ms: number) => Promise.race([sendPaced(senders, source, job.ticksPerSecond, ms), failed]);
      await pace(job.warmUpMs);
      receiver.measure();
      const stopwatch = new Stopwatch();
      const ticks = await pace(job.measureMs);
      const { generatorCpu } = stopwatch.read();
      await Promise.race([receiver.untilAll(ticks), failed]);
      const { agesMs } = receiver;
      const [p50Ms, p99Ms, maxMs] = [quantile(agesMs, 0.5), quantile(agesMs, 0.99), quantile(agesMs, 1)];
      return { ticks, p50Ms, p99Ms, maxMs, generatorCpu };
    });
  } finally {
    socket.terminate();
  }
}

function rejectable(): { promise: Promise<never>; reject: (error: unknown) => void } {
  let reject: (error: unknown) => void = () => undefined;
  const promise = new Promise<never>((_, refuse) => {
    reject = refuse;
  });
  return { promise, reject };
}
