import { Worker } from "node:worker_threads";
import type { FileTicks, StoreOptions } from "@fx-ohlc/archive";
import { type Ending, FairTurns } from "@fx-ohlc/service-kit";
import type { Failure, FileRead, Task, TaskDone } from "./tasks.js";

/** Also where the service's program is one file, and where a test reads the sources, threads run what the compiler has made. */
const PROGRAM = new URL("../../dist/archive/read-thread.js", import.meta.url);
/** Files that one thread reads at a time: while it waits for the store for one it decodes another. */
const READS_PER_THREAD = 4;
/** As many as may wait for the database, and as large a share of them for one caller. */
const WAITING_MAX = 500;
const SHARE_MAX = 0.75;

/** What a thread is asked for, and who waits. */
interface Waiting {
  resolve(ticks: FileTicks): void;
  reject(error: Error): void;
}

/** A read of a file that failed in its thread. */
export class FileReadError extends Error {
  override readonly name = "FileReadError";

  constructor(readonly failure: Failure) {
    super(failure.message);
  }
}

/** A thread, and what it was asked for. */
class Thread {
  readonly #worker: Worker;
  readonly #waiting = new Map<number, Waiting>();
  #lastId = 0;
  isOver = false;

  constructor(store: StoreOptions) {
    this.#worker = new Worker(PROGRAM, { workerData: store });
    this.#worker.on("message", (done: TaskDone) => this.#take(done));
    this.#worker.on("error", (error) => this.#end(error));
    this.#worker.on("exit", (code) => this.#end(new Error(`a thread that reads files ended with ${code}`)));
    // Nothing is left undone by a process that has nothing else to do.
    this.#worker.unref();
  }

  get load(): number {
    return this.#waiting.size;
  }

  read(read: FileRead, ending: Ending): Promise<FileTicks> {
    this.#lastId += 1;
    const id = this.#lastId;
    const task: Task = { id, read };
    const over: Task = { id };
    return new Promise<FileTicks>((resolve, reject) => {
      const onEnd = (reason: Error) => {
        this.#waiting.delete(id);
        this.#worker.postMessage(over);
        reject(reason);
      };
      const free = () => ending.offEnd(onEnd);
      this.#waiting.set(id, {
        resolve: (ticks) => {
          free();
          resolve(ticks);
        },
        reject: (error) => {
          free();
          reject(error);
        },
      });
      ending.onEnd(onEnd);
      this.#worker.postMessage(task);
    });
  }

  async stop(): Promise<void> {
    await this.#worker.terminate();
  }

  #take({ id, ticks, failure }: TaskDone): void {
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    if (failure !== undefined) waiting?.reject(new FileReadError(failure));
    else if (ticks !== undefined) waiting?.resolve(ticks);
  }

  #end(error: Error): void {
    this.isOver = true;
    for (const waiting of this.#waiting.values()) waiting.reject(error);
    this.#waiting.clear();
  }
}

/** Reads files away from the event loop, in threads that are started when there is something to read. */
export class ReadThreads {
  readonly #threadsMax: number;
  readonly #store: StoreOptions;
  readonly #turns: FairTurns;
  #threads: Thread[] = [];
  #isStopped = false;

  /** @param store how stores are reached */
  constructor(threadsMax: number, store: StoreOptions) {
    this.#threadsMax = threadsMax;
    this.#store = store;
    const runningMax = threadsMax * READS_PER_THREAD;
    this.#turns = new FairTurns({
      runningMax,
      runningPerCallerMax: Math.ceil(SHARE_MAX * runningMax),
      waitingMax: WAITING_MAX,
      waitingPerCallerMax: SHARE_MAX * WAITING_MAX,
      whenFull: "Too many reads wait for the archive.",
    });
  }

  /**
   * @throws FileReadError what it failed with in its thread
   * @throws Problem 503 when too many reads wait already; the reason to end when there is one before it is read
   */
  read(read: FileRead, ending: Ending): Promise<FileTicks> {
    return this.#turns.run(ending.caller, () => this.#free().read(read, ending), ending);
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    await Promise.all(this.#threads.map((thread) => thread.stop()));
  }

  /** The one with the least to do; one more while there may be more and all have something. */
  #free(): Thread {
    if (this.#isStopped) throw new Error("the service stops");
    this.#threads = this.#threads.filter(({ isOver }) => !isOver);
    const [idlest] = [...this.#threads].sort((a, b) => a.load - b.load);
    if (idlest !== undefined && (idlest.load === 0 || this.#threads.length >= this.#threadsMax)) return idlest;
    const thread = new Thread(this.#store);
    this.#threads.push(thread);
    return thread;
  }
}
