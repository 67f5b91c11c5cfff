import { sendInOrder } from "./in-order.js";

interface Call {
  readonly item: number;
  readonly signal: AbortSignal;
  succeed(): void;
  fail(message: string): void;
}

/** A sender whose answers the test gives. */
class Answers {
  readonly calls: Call[] = [];
  readonly done: string[] = [];
  #onCall = () => {};

  readonly sending = {
    inFlightMax: 2,
    waitsForOthers: (item: number) => item < 0,
    send: (item: number, signal: AbortSignal) =>
      new Promise<string>((resolve, reject) => {
        signal.addEventListener("abort", () => reject(new Error("aborted")));
        const succeed = () => resolve(`answer ${item}`);
        this.calls.push({ item, signal, succeed, fail: (message) => reject(new Error(message)) });
        this.#onCall();
      }),
    done: (item: number, result: string) => void this.done.push(`${item}: ${result}`),
  };

  /** The n-th call, counted from 0, as soon as it is made. */
  async call(index: number): Promise<Call> {
    for (;;) {
      const call = this.calls[index];
      if (call !== undefined) return call;
      await new Promise<void>((resolve) => {
        this.#onCall = resolve;
      });
    }
  }
}

async function* itemsOf(items: number[], error?: Error): AsyncGenerator<number> {
  yield* items;
  if (error !== undefined) throw error;
}

const settled = () => new Promise(setImmediate);

describe("sendInOrder", () => {
  it("keeps two under way and reports them done in their order, whatever the order of the answers", async () => {
    const answers = new Answers();
    const all = sendInOrder(itemsOf([1, 2, 3]), answers.sending);
    (await answers.call(1)).succeed();
    await settled();
    expect(answers.calls).toHaveLength(2);
    expect(answers.done).toEqual([]);
    (await answers.call(0)).succeed();
    (await answers.call(2)).succeed();
    await all;
    expect(answers.done).toEqual(["1: answer 1", "2: answer 2", "3: answer 3"]);
  });

  it("sends an item that waits for others only when all before it are done", async () => {
    const answers = new Answers();
    const all = sendInOrder(itemsOf([1, -2, 3]), answers.sending);
    await answers.call(0);
    await settled();
    expect(answers.calls).toHaveLength(1);
    (await answers.call(0)).succeed();
    (await answers.call(1)).succeed();
    (await answers.call(2)).succeed();
    await all;
    expect(answers.done).toHaveLength(3);
  });

  it("aborts the others when one fails, and reports nothing behind it", async () => {
    const answers = new Answers();
    const all = sendInOrder(itemsOf([1, 2, 3]), answers.sending);
    (await answers.call(1)).fail("refused");
    (await answers.call(0)).succeed();
    await expect(all).rejects.toThrow("refused");
    expect(answers.done).toEqual(["1: answer 1"]);
    expect(answers.calls.every(({ signal }) => signal.aborted)).toBe(true);
  });

  it("waits for those under way when the source fails, and then throws its error", async () => {
    const answers = new Answers();
    const all = sendInOrder(itemsOf([1, 2], new Error("line 7")), answers.sending);
    (await answers.call(1)).succeed();
    (await answers.call(0)).succeed();
    await expect(all).rejects.toThrow("line 7");
    expect(answers.done).toEqual(["1: answer 1", "2: answer 2"]);
  });
});
