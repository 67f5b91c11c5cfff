import type { ServerResponse } from "node:http";
import type { Socket } from "node:net";

/** Answers a request; `over` resolves when its answer is sent, or given up because its connection has ended. */
type Answer = (over: Promise<void>) => Promise<void>;

/**
 * Answers the requests of a connection one after the other, as they are read by its client anyway: however many it sends ahead, no
 * service works for more than one of them at a time, and none works on an answer that waits for another one.
 */
export class InOrder {
  /** A connection lives long and leads to nothing of a request that is over. */
  readonly #last = new WeakMap<Socket, Promise<void>>();

  /** @param answer must not reject */
  async run(res: ServerResponse, answer: Answer): Promise<void> {
    const { socket } = res.req;
    const done = answerAfter(this.#last.get(socket), res, answer);
    this.#last.set(socket, done);
    await done;
    if (this.#last.get(socket) === done) this.#last.delete(socket);
  }
}

async function answerAfter(before: Promise<void> | undefined, res: ServerResponse, answer: Answer): Promise<void> {
  if (before !== undefined) await before;
  if (res.req.socket.destroyed) return;
  const over = endOf(res);
  void answer(over);
  await over;
}

/** Node says nothing to an answer that waits for others when its connection ends. */
function endOf(res: ServerResponse): Promise<void> {
  const { socket } = res.req;
  return new Promise((resolve) => {
    const end = () => {
      socket.off("close", end);
      res.off("close", end);
      resolve();
    };
    socket.on("close", end);
    res.on("close", end);
  });
}
