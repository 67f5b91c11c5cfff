/**
 * The subscribe requests of a connection that are not answered yet. The server takes all channels of a request or none: one
 * that is refused for some of its channels is made again in halves, until it is known for which.
 */
export class OpenRequests {
  readonly #channels = new Map<number, readonly string[]>();
  #lastId = 0;

  /** @returns the id of a request that has no channels of its own */
  nextId(): number {
    this.#lastId += 1;
    return this.#lastId;
  }

  /** @returns the id of a request for some channels */
  open(channels: readonly string[]): number {
    const id = this.nextId();
    this.#channels.set(id, channels);
    return id;
  }

  answered(id: unknown): void {
    this.#channels.delete(Number(id));
  }

  /**
   * @returns the channels of a refused request in parts to ask for again; a single one, when it is that which is refused; none,
   * for what is no request of ours
   */
  refused(id: unknown): readonly (readonly string[])[] {
    const channels = this.#channels.get(Number(id)) ?? [];
    this.answered(id);
    const half = Math.ceil(channels.length / 2);
    return [channels.slice(0, half), channels.slice(half)].filter((part) => part.length > 0);
  }

  /** The connection is gone, and with it whatever it was asked. */
  forget(): void {
    this.#channels.clear();
  }
}
