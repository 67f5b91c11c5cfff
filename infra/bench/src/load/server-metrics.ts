import { once } from "node:events";
import { get, type IncomingMessage } from "node:http";
import { text } from "node:stream/consumers";

/** What a server's own metrics say. @throws Error when they do not */
async function readMetric(metricsUrl: string, name: string): Promise<number> {
  // On a connection of its own: a server this busy closes one that it kept before it sees that it is used again.
  const request = get(metricsUrl, { agent: false });
  const [answer]: IncomingMessage[] = await once(request, "response");
  const lines = answer === undefined ? [] : (await text(answer)).split("\n");
  const value = lines.find((line) => line.startsWith(`${name} `))?.split(" ")[1];
  if (value === undefined) throw new Error(`${metricsUrl} does not tell ${name}`);
  return Number(value);
}

/** CPU time a server has used so far. */
export function cpuSecondsOf(metricsUrl: string): Promise<number> {
  return readMetric(metricsUrl, "process_cpu_seconds_total");
}

/** Memory a server takes of the machine. */
export function memoryBytesOf(metricsUrl: string): Promise<number> {
  return readMetric(metricsUrl, "process_resident_memory_bytes");
}
