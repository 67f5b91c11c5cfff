import { setTimeout as sleep } from "node:timers/promises";
import { collectGarbage } from "./collect-garbage.js";
import { openClients } from "./counting-client.js";
import type { Idle, IdleJob } from "./jobs.js";
import { memoryBytesOf } from "./server-metrics.js";
import { Stopwatch } from "./stopwatch.js";

/**
 * Opens many clients that are sent nothing, and measures what they add to the memory that a server needs.
 *
 * @throws Error when a client is refused or closed
 */
export async function measureIdle(job: IdleJob): Promise<Idle> {
  let failure: Error | undefined;
  const before = await neededBytes(job);
  const stopwatch = new Stopwatch();
  const clients = await openClients(job.socketUrl, job.clients, (error) => {
    failure ??= error;
  });
  await sleep(job.settleMs);
  const memoryBytes = (await neededBytes(job)) - before;
  const { generatorCpu } = stopwatch.read();
  for (const client of clients) client.close();
  if (failure !== undefined) throw failure;
  return { memoryBytes, generatorCpu };
}

/** Without what the server has free: after a start that is some ten megabytes, which would hide the first clients' cost. */
async function neededBytes({ inspectorPort, metricsUrl }: IdleJob): Promise<number> {
  await collectGarbage(inspectorPort);
  return memoryBytesOf(metricsUrl);
}
