import { type CountingClient, openClients } from "./counting-client.js";
import { withConnections } from "./http-connection.js";
import type { FanOut, FanOutJob } from "./jobs.js";
import { PacedSender } from "./paced-sender.js";
import { cpuSecondsOf } from "./server-metrics.js";
import { Stopwatch } from "./stopwatch.js";
import { TickSource } from "./tick-source.js";

/**
 * Feeds a server through tick-ingest and counts what its clients get for each second of its CPU time.
 *
 * @throws Error when a tick is refused or a client is closed
 */
export async function measureFanOut(job: FanOutJob): Promise<FanOut> {
  return withConnections(job.url, job.connections, async (connections) => {
    const sender = new PacedSender(connections);
    const clients = await openClients(job.socketUrl, job.clients, sender.fail);
    try {
      for (const [index, channels] of job.channels?.entries() ?? []) {
        clients[index]?.say(JSON.stringify({ op: "subscribe", channels }));
      }
      return await measure(job, sender, clients);
    } finally {
      for (const client of clients) client.close();
    }
  });
}

async function measure(job: FanOutJob, sender: PacedSender, clients: readonly CountingClient[]): Promise<FanOut> {
  const source = new TickSource(job.symbols);
  const next = () => source.nextBulk(job.ticksPerRequest);
  const requestsPerSecond = job.ticksPerSecond / job.ticksPerRequest;
  const delivered = () => clients.reduce((sum, client) => sum + client.messages, 0);
  await sender.run(next, requestsPerSecond, job.warmUpMs);
  const before = { cpuSeconds: await cpuSecondsOf(job.metricsUrl), delivered: delivered() };
  const stopwatch = new Stopwatch();
  const requests = await sender.run(next, requestsPerSecond, job.measureMs);
  const serverCpuSeconds = (await cpuSecondsOf(job.metricsUrl)) - before.cpuSeconds;
  const ticks = requests * job.ticksPerRequest;
  return { ticks, delivered: delivered() - before.delivered, serverCpuSeconds, ...stopwatch.read() };
}
