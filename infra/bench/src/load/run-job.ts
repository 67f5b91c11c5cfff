import { execPath } from "node:process";
import { fileURLToPath } from "node:url";
import { eventually, GuardedProcess } from "@fx-ohlc/embedded";
import type {
  BulkJob,
  FanOut,
  FanOutJob,
  Idle,
  IdleJob,
  Job,
  Latency,
  LatencyJob,
  PathsJob,
  Stalled,
  StalledJob,
  Throughput,
  TicksJob,
} from "./jobs.js";

const GENERATOR = fileURLToPath(new URL("./main.js", import.meta.url));
/** A job is told how long to run; after this it hangs. */
const JOB_TIMEOUT_MS = 120_000;
const RESULT_TIMEOUT_MS = 2000;

/**
 * Runs a job in a process of its own, so that what it costs neither slows the caller nor is slowed by it.
 *
 * @throws Error with the generator's last words
 */
export function runJob(job: BulkJob | TicksJob | PathsJob): Promise<Throughput>;
export function runJob(job: LatencyJob): Promise<Latency>;
export function runJob(job: StalledJob): Promise<Stalled>;
export function runJob(job: IdleJob): Promise<Idle>;
export function runJob(job: FanOutJob): Promise<FanOut>;
export async function runJob(job: Job): Promise<Throughput | Latency | Idle | FanOut> {
  let last = "";
  const generator = new GuardedProcess({
    name: "the load generator",
    command: execPath,
    args: [GENERATOR],
    input: JSON.stringify(job),
    stopSignal: "SIGTERM",
    stopTimeoutMs: 1000,
    orphanSignal: "TERM",
    onLine: (line) => {
      last = line;
    },
  });
  await generator.start();
  const timeout = setTimeout(() => void generator.kill9(), JOB_TIMEOUT_MS);
  const ending = await generator.exit;
  clearTimeout(timeout);
  if (ending !== "exit code 0")
    throw new Error(`${job.kind}: ${generator.name} ended (${ending}):\n${generator.output}`);
  // A process's end may be known before its last line is.
  await eventually(() => last !== "", { timeoutMs: RESULT_TIMEOUT_MS, what: "the load generator's result" });
  return JSON.parse(last); // Written by this package's own main.ts, for this kind of job.
}
