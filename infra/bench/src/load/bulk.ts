import { readSample, type SampleTick } from "../sample.js";
import { type HttpConnection, requestText, withConnections } from "./http-connection.js";
import type { BulkJob, Throughput } from "./jobs.js";
import { Stopwatch } from "./stopwatch.js";

function tickJson({ time, price, seq }: SampleTick): string {
  return `{"symbol":"EURUSD","price":${price},"time":"${time}","seq":${seq}}`;
}

/** Made before the clock starts: `\copy` reads a finished file, too. */
function bulkRequests(ticks: readonly SampleTick[], rowsPerRequest: number): Buffer[] {
  const requests: Buffer[] = [];
  for (let at = 0; at < ticks.length; at += rowsPerRequest) {
    const rows = ticks.slice(at, at + rowsPerRequest).map(tickJson);
    requests.push(Buffer.from(requestText("POST", "/ticks/bulk", `[${rows.join(",")}]`)));
  }
  return requests;
}

/**
 * Posts rows of the sample once.
 *
 * @throws Error when an answer is not 201
 */
export async function bulkLoad(job: BulkJob): Promise<Throughput> {
  const requests = bulkRequests(await readSample(job.rows), job.rowsPerRequest);
  let sent = 0;
  const drive = async (connection: HttpConnection): Promise<void> => {
    for (let request = requests[sent]; request !== undefined; request = requests[sent]) {
      sent += 1;
      const status = await connection.request(request);
      if (status !== 201) throw new Error(`POST /ticks/bulk answered ${status}`);
    }
  };
  return withConnections(job.url, job.connections, async (connections) => {
    const stopwatch = new Stopwatch();
    await Promise.all(connections.map(drive));
    return { ...stopwatch.read(), answered: sent, answeredInAll: sent };
  });
}
