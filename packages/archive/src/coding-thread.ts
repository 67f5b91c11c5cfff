import { Worker } from "node:worker_threads";
import { type CodedCopy, type CodedFile, type DayCoding, OwnCoding } from "./coding.js";
import type { CodingAnswer, CodingRequest } from "./coding-messages.js";

/** Makes the coding of a day. */
export interface Coder {
  open(): Promise<DayCoding>;
  close(): Promise<void>;
}

/** Codes in the thread that asks, which does nothing else meanwhile. */
export const SAME_THREAD: Coder = { open: () => OwnCoding.open(), close: async () => {} };

interface Waiting {
  readonly resolve: (answer: CodingAnswer) => void;
  readonly reject: (error: unknown) => void;
}

/** Codes days in a thread of their own, so that this one goes on answering. A thread that ends fails its days; the next day has another. */
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

  async close(): Promise<void> {
    await this.thread?.terminate();
  }

  private tell(request: CodingRequest, transfer: readonly ArrayBuffer[] = []): void {
    this.thread ??= this.start();
    this.thread.postMessage(request, transfer);
  }

  private ask(request: CodingRequest): Promise<CodingAnswer> {
    return new Promise((resolve, reject) => {
      this.waiting.set(request.day, { resolve, reject });
      this.tell(request);
    });
  }

  private start(): Worker {
    const thread = new Worker(new URL("./coding-worker.js", import.meta.url));
    thread.unref();
    thread.on("message", (answer: CodingAnswer) => {
      this.waiting.get(answer.day)?.resolve(answer);
      this.waiting.delete(answer.day);
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

function messageOf(answer: CodingAnswer): string {
  return "error" in answer ? answer.error : "the thread that codes gave another answer than it was asked for";
}

/** The buffer that is handed over: none where others have a part of it. */
function ownBuffer({ buffer, byteLength }: Uint8Array): ArrayBuffer[] {
  return buffer instanceof ArrayBuffer && buffer.byteLength === byteLength ? [buffer] : [];
}
