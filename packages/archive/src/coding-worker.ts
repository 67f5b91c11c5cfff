import { type MessagePort, parentPort } from "node:worker_threads";
import { OwnCoding } from "./coding.js";
import type { CodingAnswer, CodingRequest } from "./coding-messages.js";

/** A thread that codes days for {@link CodingThread}: some at a time, each message of a day after those before. */
if (parentPort === null) throw new Error("this is started as a thread");
serve(parentPort);

function serve(port: MessagePort): void {
  const days = new Map<number, Promise<OwnCoding>>();
  const answer = (message: CodingAnswer, pieces: readonly Uint8Array[] = []) =>
    port.postMessage(
      message,
      pieces.map(({ buffer }) => buffer).filter((buffer) => buffer instanceof ArrayBuffer),
    );
  port.on("message", (request: CodingRequest) => {
    const { day } = request;
    const before = days.get(day) ?? OwnCoding.open();
    const after = before.then(async (coding) => {
      if (request.kind === "add") coding.add(request.bytes);
      if (request.kind === "end copy") {
        const copy = await coding.endCopy();
        answer({ day, copy }, copy.pieces);
      }
      if (request.kind === "finish") {
        const file = await coding.finish();
        answer({ day, file }, file.pieces);
      }
      return coding;
    });
    // A day that failed once goes on failing, and says so whenever it is asked.
    after.catch((error: unknown) => {
      if (request.kind === "end copy" || request.kind === "finish") answer({ day, error: String(error) });
    });
    if (request.kind === "finish" || request.kind === "drop") days.delete(day);
    else days.set(day, after);
  });
}
