/**
 * Events between the connection and a `for await` loop. The queue says when it is full, and again when it has been half
 * emptied, so that the connection can stop meanwhile.
 */
export class EventQueue<Event> implements AsyncIterator<Event, void, undefined> {
  readonly #sizeMax: number;
  readonly #onDrained: () => void;
  readonly #onReturn: () => void;
  #events: Event[] = [];
  #taken = 0;
  #isFull = false;
  #waiting: { resolve(result: IteratorResult<Event, void>): void; reject(error: Error): void } | undefined;
  #end: { error: Error | undefined } | undefined;

  /**
   * @param onDrained called once after each time the queue was full
   * @param onReturn called when the reader leaves its loop
   */
  constructor(sizeMax: number, onDrained: () => void, onReturn: () => void) {
    this.#sizeMax = sizeMax;
    this.#onDrained = onDrained;
    this.#onReturn = onReturn;
  }

  /** @returns false when the queue is full with this event, or was full without it: then it is not taken */
  push(event: Event): boolean {
    if (this.#isFull) return false;
    const waiting = this.#waiting;
    if (waiting === undefined) this.#events.push(event);
    this.#waiting = undefined;
    waiting?.resolve({ done: false, value: event });
    this.#isFull = this.#events.length - this.#taken >= this.#sizeMax;
    return !this.#isFull;
  }

  /** Ends the loop after what is queued, with an error if there is one. */
  end(error?: Error): void {
    this.#end = { error };
    if (this.#waiting === undefined) return;
    if (error === undefined) this.#waiting.resolve({ done: true, value: undefined });
    else this.#waiting.reject(error);
    this.#waiting = undefined;
  }

  async next(): Promise<IteratorResult<Event, void>> {
    if (this.#taken < this.#events.length) return { done: false, value: this.#take() };
    if (this.#end?.error !== undefined) throw this.#end.error;
    if (this.#end !== undefined) return { done: true, value: undefined };
    return new Promise((resolve, reject) => {
      this.#waiting = { resolve, reject };
    });
  }

  async return(): Promise<IteratorResult<Event, void>> {
    this.#events = [];
    this.#taken = 0;
    this.#onReturn();
    return { done: true, value: undefined };
  }

  #take(): Event {
    // Taking from the front of a long array one by one would move the rest each time.
    const event = this.#events[this.#taken] as Event;
    this.#taken += 1;
    if (this.#taken === this.#events.length || this.#taken >= this.#sizeMax / 2) {
      this.#events = this.#events.slice(this.#taken);
      this.#taken = 0;
    }
    if (this.#isFull && this.#events.length - this.#taken <= this.#sizeMax / 2) {
      this.#isFull = false;
      this.#onDrained();
    }
    return event;
  }
}
