import { type MessagePort, parentPort } from "node:worker_threads";
import { OwnCoding } from "./coding.js";
import type { CodingAnswer, CodingRequest, StoreQuestion, StoreReply } from "./coding-messages.js";
import { proveTickFile } from "./proof.js";
import { DamagedFileError, type ReadableStore } from "./store.js";

/** A thread that codes days for {@link CodingThread}: some at a time, each message of a day after those before. */
if (parentPort === null) throw new Error("this is started as a thread");
serve(parentPort);

type Answer = (message: CodingAnswer, pieces?: readonly Uint8Array[]) => void;

function serve(port: MessagePort): void {
  const days = new Map<number, Promise<OwnCoding>>();
  const proofs = new Map<number, AskedStore>();
  const answer: Answer = (message, pieces = []) =>
    port.postMessage(
      message,
      pieces.map(({ buffer }) => buffer).filter((buffer) => buffer instanceof ArrayBuffer),
    );
  port.on("message", (request: CodingRequest) => {
    const { day, kind } = request;
    if (kind === "prove") {
      const store = new AskedStore((question) => answer({ day, question }));
      proofs.set(day, store);
      void prove(store, request, answer).finally(() => proofs.delete(day));
    } else if (kind === "found" || kind === "read" || kind === "failed") {
      const proof = proofs.get(day);
      if (proof === undefined) answer({ day, error: UNKNOWN });
      else proof.take(request);
    } else code(days, request, answer);
  });
}

/** What was begun in a thread that has ended must not go on in the next one, as if it began there. */
const UNKNOWN = "the thread that codes has ended";

function code(
  days: Map<number, Promise<OwnCoding>>,
  request: Extract<CodingRequest, { kind: "open" | "add" | "end copy" | "finish" | "drop" }>,
  answer: Answer,
): void {
  const { day, kind } = request;
  const before = kind === "open" ? OwnCoding.open() : (days.get(day) ?? Promise.reject(new Error(UNKNOWN)));
  const after = before.then(async (coding) => {
    if (kind === "add") coding.add(request.bytes);
    if (kind === "end copy") {
      const copy = await coding.endCopy();
      answer({ day, copy }, copy.pieces);
    }
    if (kind === "finish") {
      const file = await coding.finish();
      answer({ day, file }, file.pieces);
    }
    return coding;
  });
  // A day that failed once goes on failing, and says so whenever it is asked.
  after.catch((error: unknown) => {
    if (kind === "end copy" || kind === "finish") answer({ day, error: String(error) });
  });
  if (kind === "finish" || kind === "drop") days.delete(day);
  else days.set(day, after);
}

async function prove(
  store: ReadableStore,
  { day, path, facts }: Extract<CodingRequest, { kind: "prove" }>,
  answer: Answer,
): Promise<void> {
  try {
    await proveTickFile(store, path, facts);
    answer({ day, isProved: true });
  } catch (error) {
    answer(error instanceof DamagedFileError ? { day, damage: error.reason } : { day, error: String(error) });
  }
}

/** The store as a thread sees it that has none: it asks for one thing at a time, and is told. */
class AskedStore implements ReadableStore {
  private told: (reply: StoreReply) => void = () => {};

  constructor(private readonly ask: (question: StoreQuestion) => void) {}

  take(reply: StoreReply): void {
    this.told(reply);
  }

  find: ReadableStore["find"] = async () => {
    const reply = await this.reply({ kind: "find" });
    if (reply.kind === "found") return reply.found;
    throw new Error("the store failed");
  };

  read: ReadableStore["read"] = async (_path, range) => {
    const reply = await this.reply({ kind: "read", range });
    if (reply.kind === "read") return reply.bytes;
    throw new Error("the store failed");
  };

  private reply(question: StoreQuestion): Promise<StoreReply> {
    return new Promise((resolve) => {
      this.told = resolve;
      this.ask(question);
    });
  }
}
