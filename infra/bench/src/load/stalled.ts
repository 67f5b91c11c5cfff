import { once } from "node:events";
import { WebSocket } from "ws";
import type { Stalled, StalledJob } from "./jobs.js";
import { measureLatency } from "./latency.js";
import { memoryBytesOf } from "./server-metrics.js";

/** A client that asks for every tick and then reads nothing more. */
async function openStalled(url: string): Promise<WebSocket> {
  const socket = new WebSocket(url, { perMessageDeflate: false });
  await once(socket, "open");
  socket.send(JSON.stringify({ op: "subscribe", channels: ["ticks:*"] }));
  await once(socket, "message");
  socket.pause();
  return socket;
}

/**
 * Measures the latency of one client beside others that do not read.
 *
 * @throws Error when a tick is refused or never arrives
 */
export async function measureBesideStalled(job: StalledJob): Promise<Stalled> {
  const stalled = await Promise.all(Array.from({ length: job.stalled }, () => openStalled(job.stalledUrl)));
  try {
    const latency = await measureLatency({ ...job, kind: "latency" });
    return { ...latency, memoryBytes: await memoryBytesOf(job.metricsUrl) };
  } finally {
    for (const socket of stalled) socket.terminate();
  }
}
