import { isNotice, rowsOf, type StreamEvent } from "./events.js";
import { Unread } from "./unread.js";

/** Notices that may wait in a row: a connection may come and go for days while nobody reads. */
const NOTICES_MAX = 16;

/** Events between the connection and a `for await` loop. It says when it is full, and when it has been half emptied again. */
export class EventQueue implements AsyncIterator<StreamEvent, void, undefined> {
  #events: StreamEvent[] = [];
  #rows = 0;
  readonly #unread = new Unread();
  #isFull = false;
  #waiting: { resolve(result: IteratorResult<StreamEvent, void>): void; reject(error: Error): void } | undefined;
  #end: { error: Error | undefined } | undefined;

  /**
   * @param onDrained called once after each time the queue was full
   * @param onReturn called when the reader leaves its loop
   */
  constructor(
    private readonly rowsMax: number,
    private readonly onDrained: () => void,
    private readonly onReturn: () => void,
  ) {}

  /** What is full should be given notices only, and a page that was asked for before. */
  get isFull(): boolean {
    return this.#isFull;
  }

  /** What no loop has taken. */
  get unread(): Pick<Unread, "from" | "corrected"> {
    return this.#unread;
  }

  push(event: StreamEvent): void {
    const waiting = this.#waiting;
    this.#waiting = undefined;
    if (waiting === undefined) this.#add(event);
    else waiting.resolve({ done: false, value: event });
  }

  /** Ends the loop after what is queued, with an error if there is one. */
  end(error?: Error): void {
    this.#end = { error };
    if (this.#waiting === undefined) return;
    if (error === undefined) this.#waiting.resolve({ done: true, value: undefined });
    else this.#waiting.reject(error);
    this.#waiting = undefined;
  }

  async next(): Promise<IteratorResult<StreamEvent, void>> {
    const event = this.#take();
    if (event !== undefined) return { done: false, value: event };
    if (this.#end?.error !== undefined) throw this.#end.error;
    if (this.#end !== undefined) return { done: true, value: undefined };
    return new Promise((resolve, reject) => {
      this.#waiting = { resolve, reject };
    });
  }

  async return(): Promise<IteratorResult<StreamEvent, void>> {
    this.#events = [];
    this.onReturn();
    return { done: true, value: undefined };
  }

  #add(event: StreamEvent): void {
    if (isNotice(event) && this.#hasManyNotices()) this.#events.pop();
    this.#events.push(event);
    this.#unread.add(event);
    this.#rows += rowsOf(event);
    this.#isFull ||= this.#rows >= this.rowsMax;
  }

  #hasManyNotices(): boolean {
    const last = this.#events.slice(-NOTICES_MAX);
    return last.length === NOTICES_MAX && last.every(isNotice);
  }

  #take(): StreamEvent | undefined {
    const event = this.#events.shift();
    if (event === undefined) return undefined;
    this.#rows -= rowsOf(event);
    this.#unread.take(event);
    if (this.#isFull && this.#rows <= this.rowsMax / 2) {
      this.#isFull = false;
      this.onDrained();
    }
    return event;
  }
}
