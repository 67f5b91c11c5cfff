import { text } from "node:stream/consumers";
import { bulkLoad } from "./bulk.js";
import { closedLoop } from "./closed-loop.js";
import { measureFanOut } from "./fan-out.js";
import { requestText } from "./http-connection.js";
import { measureIdle } from "./idle.js";
import type { Job } from "./jobs.js";
import { measureLatency } from "./latency.js";
import { measureBesideStalled } from "./stalled.js";
import { TickSource } from "./tick-source.js";

function run(job: Job): Promise<unknown> {
  switch (job.kind) {
    case "bulk":
      return bulkLoad(job);
    case "ticks": {
      const source = new TickSource(job.symbols, job.token);
      return closedLoop({ ...job, status: 201, next: () => source.next() });
    }
    case "paths": {
      const requests = job.paths.map((path) => requestText("GET", path, "", { token: job.token }));
      let sent = 0;
      return closedLoop({ ...job, status: 200, next: () => requests[sent++ % requests.length] ?? "" });
    }
    case "latency":
      return measureLatency(job);
    case "stalled":
      return measureBesideStalled(job);
    case "idle":
      return measureIdle(job);
    case "fan-out":
      return measureFanOut(job);
  }
}

const job: Job = JSON.parse(await text(process.stdin));
process.stdout.write(`${JSON.stringify(await run(job))}\n`);
