import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { type Micros, parseTime } from "@fx-ohlc/schemas";
import { WebSocket } from "ws";
import { quantile } from "../rounds.js";
import { type HttpConnection, withConnections } from "./http-connection.js";
import type { Latency, LatencyJob } from "./jobs.js";
import { PacedSender } from "./paced-sender.js";
import { Stopwatch } from "./stopwatch.js";
import { clockUs, TickSource } from "./tick-source.js";

/** Ticks arrive within some ms of their posting; this is for a stall. */
const ARRIVAL_TIMEOUT_MS = 5000;
const ARRIVAL_CHECK_MS = 20;

/** The ticks that one WebSocket client gets, and how old each was, by the time it is stamped with. */
class Receiver {
  readonly agesMs: number[] = [];
  #measuredFromUs: Micros = Number.POSITIVE_INFINITY;

  constructor(socket: WebSocket) {
    socket.on("message", (data) => {
      const { time }: { time?: string } = JSON.parse(data.toString());
      const sentUs = time === undefined ? undefined : parseTime(time);
      if (sentUs === undefined) throw new Error(`no tick: ${data.toString()}`);
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

/**
 * Posts ticks at a fixed rate and measures how old each is when a WebSocket client in this same process gets it.
 *
 * @throws Error when a tick is refused or never arrives
 */
export async function measureLatency(job: LatencyJob): Promise<Latency> {
  const socket = new WebSocket(job.socketUrl);
  await once(socket, "open");
  const receiver = new Receiver(socket);
  try {
    return await withConnections(job.url, job.connections, (connections) => measure(job, receiver, connections));
  } finally {
    socket.terminate();
  }
}

async function measure(job: LatencyJob, receiver: Receiver, connections: readonly HttpConnection[]): Promise<Latency> {
  const sender = new PacedSender(connections);
  const source = new TickSource(job.symbols);
  const next = () => source.next();
  await sender.run(next, job.ticksPerSecond, job.warmUpMs);
  receiver.measure();
  const stopwatch = new Stopwatch();
  const ticks = await sender.run(next, job.ticksPerSecond, job.measureMs);
  const { generatorCpu } = stopwatch.read();
  await Promise.race([receiver.untilAll(ticks), sender.failed]);
  const [p50Ms, p99Ms, maxMs] = [0.5, 0.99, 1].map((share) => quantile(receiver.agesMs, share));
  return { ticks, p50Ms: p50Ms ?? Number.NaN, p99Ms: p99Ms ?? Number.NaN, maxMs: maxMs ?? Number.NaN, generatorCpu };
}
