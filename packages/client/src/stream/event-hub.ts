import { EventQueue } from "./event-queue.js";
import type { EventOf, StreamEvent } from "./events.js";
import { Unread } from "./unread.js";

const NOTHING = new Unread();

type Listener = (event: StreamEvent) => void;

/** Hands events to listeners by their type, and to one loop in their order. */
export class EventHub {
  readonly #listeners = new Map<StreamEvent["type"], Set<Listener>>();
  #queue: EventQueue | undefined;
  #end: { error: Error | undefined } | undefined;

  /** @returns a function that ends it */
  on<Type extends StreamEvent["type"]>(type: Type, listener: (event: EventOf<Type>) => void): () => void {
    const listeners = this.#listeners.get(type) ?? new Set();
    this.#listeners.set(type, listeners);
    // It is only ever called with events of its type: they are filed under it.
    listeners.add(listener as Listener);
    return () => void listeners.delete(listener as Listener);
  }

  /**
   * The events from now on.
   *
   * @param rowsMax rows that may wait for the loop
   * @param onDrained called when the loop has caught up after the queue was full
   * @param onReturn called when the loop is left
   */
  read(rowsMax: number, onDrained: () => void, onReturn: () => void): AsyncIterator<StreamEvent, void, undefined> {
    if (this.#queue !== undefined) throw new Error("this stream is being read already");
    this.#queue = new EventQueue(rowsMax, onDrained, onReturn);
    if (this.#end !== undefined) this.#queue.end(this.#end.error);
    return this.#queue;
  }

  /** The loop is so far behind that nothing more should come. */
  get isFull(): boolean {
    return this.#queue?.isFull ?? false;
  }

  /** What waits for the loop. */
  get unread(): Pick<Unread, "from" | "corrected"> {
    return this.#queue?.unread ?? NOTHING;
  }

  /**
   * A listener that throws costs neither the others nor the loop an event: its error is thrown by itself, as that of any
   * other event handler is.
   */
  emit(event: StreamEvent): void {
    for (const listener of this.#listeners.get(event.type) ?? []) {
      try {
        listener(event);
      } catch (error) {
        queueMicrotask(() => {
          throw error;
        });
      }
    }
    this.#queue?.push(event);
  }

  /** Ends the loop, with an error if there is one. */
  end(error?: Error): void {
    this.#end = { error };
    this.#queue?.end(error);
  }
}
