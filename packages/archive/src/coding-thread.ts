import { Worker } from "node:worker_threads";
import { type CodedCopy, type CodedFile, type DayCoding, OwnCoding } from "./coding.js";
import type { CodingAnswer, CodingRequest, StoreQuestion, StoreReply } from "./coding-messages.js";
import { proveTickFile, type TickFileFacts } from "./proof.js";
import { DamagedFileError, type ReadableStore } from "./store.js";

/** Makes the coding of a day, and reads files back. */
export interface Coder {
  open(): Promise<DayCoding>;
  /** {@link proveTickFile} */
  prove(store: ReadableStore, path: string, facts: TickFileFacts): Promise<void>;
  close(): Promise<void>;
}

/** Codes in the thread that asks, which does nothing else meanwhile. */
export const SAME_THREAD: Coder = { open: () => OwnCoding.open(), prove: proveTickFile, close: async () => {} };

/** Where a test reads the sources, the thread runs what the compiler has made. */
const PROGRAM = new URL("../dist/coding-worker.js", import.meta.url);
/**
 * What the thread may take, in MB. A row group leaves some 30 MB of garbage behind: with the usual 48 MB for what is young it is
 * never collected before all of that was touched. The index of a day of 50 million ticks is some 40 MB of what is old.
 */
const MEMORY = { maxYoungGenerationSizeMb: 24, maxOldGenerationSizeMb: 256 };

interface Waiting {
  readonly resolve: (answer: CodingAnswer) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Codes days and reads files back in a thread of its own, so that this one goes on answering. A thread that ends fails its days; the
 * next day has another.
 */
export class CodingThread implements Coder {
  private thread: Worker | undefined;
  private readonly waiting = new Map<number, Waiting>();
  private last = 0;

  async open(): Promise<DayCoding> {
    this.last += 1;
    const day = this.last;
    this.tell({ day, kind: "open" });
    return {
      add: (bytes) => this.tell({ day, kind: "add", bytes }, ownBuffer(bytes)),
      endCopy: async (): Promise<CodedCopy> => {
        const answer = await this.ask({ day, kind: "end copy" });
        if ("copy" in answer) return answer.copy;
        throw new Error(messageOf(answer));
      },
      finish: async (): Promise<CodedFile> => {
        const answer = await this.ask({ day, kind: "finish" });
        if ("file" in answer) return answer.file;
        throw new Error(messageOf(answer));
      },
      drop: () => this.tell({ day, kind: "drop" }),
    };
  }

  /** The store is asked here, where its connections are, and what it says is judged there. */
  async prove(store: ReadableStore, path: string, facts: TickFileFacts): Promise<void> {
    this.last += 1;
    const day = this.last;
    let answer = await this.ask({ day, kind: "prove", path, facts });
    let failure: { readonly error: unknown } | undefined;
    while ("question" in answer) {
      const reply = await askStore(store, path, answer.question).catch((error: unknown) => {
        failure = { error };
        return { kind: "failed" } as const;
      });
      answer = await this.ask({ ...reply, day }, reply.kind === "read" ? ownBuffer(reply.bytes) : []);
    }
    if (failure !== undefined) throw failure.error;
    if ("damage" in answer) throw new DamagedFileError(path, answer.damage);
    if (!("isProved" in answer)) throw new Error(messageOf(answer));
  }

  async close(): Promise<void> {
    await this.thread?.terminate();
  }

  private tell(request: CodingRequest, transfer: readonly ArrayBuffer[] = []): void {
    this.thread ??= this.start();
    this.thread.postMessage(request, transfer);
  }

  private ask(request: CodingRequest, transfer: readonly ArrayBuffer[] = []): Promise<CodingAnswer> {
    return new Promise((resolve, reject) => {
      this.waiting.set(request.day, { resolve, reject });
      this.tell(request, transfer);
    });
  }

  private start(): Worker {
    const thread = new Worker(PROGRAM, { resourceLimits: MEMORY });
    thread.unref();
    thread.on("message", (answer: CodingAnswer) => {
      const waiting = this.waiting.get(answer.day);
      this.waiting.delete(answer.day);
      waiting?.resolve(answer);
    });
    const end = (error: unknown) => {
      if (this.thread === thread) this.thread = undefined;
      for (const { reject } of this.waiting.values()) reject(error);
      this.waiting.clear();
    };
    thread.on("error", end);
    thread.on("exit", () => end(new Error("the thread that codes has ended")));
    return thread;
  }
}

type WithoutDay<T> = T extends unknown ? Omit<T, "day"> : never;

async function askStore(
  store: ReadableStore,
  path: string,
  question: StoreQuestion,
): Promise<WithoutDay<Exclude<StoreReply, { kind: "failed" }>>> {
  if (question.kind === "find") return { kind: "found", found: await store.find(path) };
  return { kind: "read", bytes: await store.read(path, question.range) };
}

function messageOf(answer: CodingAnswer): string {
  return "error" in answer ? answer.error : "the thread that codes gave another answer than it was asked for";
}

/** The buffer that is handed over: none where others have a part of it. */
function ownBuffer({ buffer, byteLength }: Uint8Array): ArrayBuffer[] {
  return buffer instanceof ArrayBuffer && buffer.byteLength === byteLength ? [buffer] : [];
}
