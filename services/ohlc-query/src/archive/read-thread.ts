import { parentPort, workerData } from "node:worker_threads";
import type { StoreOptions } from "@fx-ohlc/archive";
import { FileReads } from "./file-reads.js";
import type { Task, TaskDone } from "./tasks.js";

/** The program of a thread of {@link ReadThreads}. */

const reads = new FileReads(workerData as StoreOptions); // As `ReadThreads` gives it.
const running = new Map<number, AbortController>();

function done(answer: TaskDone): void {
  const { ticks } = answer;
  const columns = ticks === undefined ? [] : [ticks.timeUs, ticks.seq, ticks.price, ticks.bid, ticks.ask];
  parentPort?.postMessage(
    answer,
    columns.map(({ buffer }) => buffer),
  );
}

async function run({ id, read }: Task): Promise<void> {
  if (read === undefined) {
    running.get(id)?.abort();
    return;
  }
  const abort = new AbortController();
  running.set(id, abort);
  try {
    done({ id, ticks: await reads.read(read, abort.signal) });
  } catch (error) {
    const { name, message } = error instanceof Error ? error : { name: "Error", message: String(error) };
    done({ id, failure: { name, message } });
  } finally {
    running.delete(id);
  }
}

parentPort?.on("message", (task: Task) => void run(task));
