export interface Sending<Item, Result> {
  /** Items under way at a time, at least 1. */
  readonly inFlightMax: number;
  /** Whether an item may only be sent when all before it are done. */
  waitsForOthers(item: Item): boolean;
  send(item: Item, signal: AbortSignal): Promise<Result>;
  /** Called for each item in order, whatever the order of the answers. Must not throw. */
  done(item: Item, result: Result): void;
}

/** The items under way, first sent first. */
class Underway<Item, Result> {
  readonly #aborter = new AbortController();
  readonly #queue: { item: Item; result: Promise<Result> }[] = [];

  constructor(private readonly sending: Sending<Item, Result>) {}

  add(item: Item): void {
    const result = this.sending.send(item, this.#aborter.signal);
    // Its failure is met when its turn comes; until then it must not count as unhandled.
    result.catch(() => undefined);
    this.#queue.push({ item, result });
  }

  /** Waits until no more than `left` are under way. */
  async finish(left: number): Promise<void> {
    for (let first = this.#queue[0]; first !== undefined && this.#queue.length > left; first = this.#queue[0]) {
      const result = await first.result;
      this.#queue.shift();
      this.sending.done(first.item, result);
    }
  }

  async abort(): Promise<void> {
    this.#aborter.abort();
    await Promise.allSettled(this.#queue.map(({ result }) => result));
  }
}

/**
 * Sends items, a few at a time, and reports them done in their order. When one fails, the others under way are aborted and
 * nothing after it is reported done; when the source fails, those under way are waited for first.
 *
 * @throws the first error of `send`, or else the source's
 */
export async function sendInOrder<Item, Result>(
  items: AsyncIterable<Item>,
  sending: Sending<Item, Result>,
): Promise<void> {
  const underway = new Underway(sending);
  try {
    for await (const item of items) {
      await underway.finish(sending.waitsForOthers(item) ? 0 : sending.inFlightMax - 1);
      underway.add(item);
    }
  } catch (error) {
    await underway.finish(0).finally(() => underway.abort());
    throw error;
  }
  await underway.finish(0).finally(() => underway.abort());
}
