/**
 * How far behind a client reads, measured by pings that travel in line with what it is sent: the answer to a ping says that
 * everything written before it was read. The amount buffered in this process says nothing: a client that reads nothing at all
 * swallowed 4.2 MB before a single byte stayed here.
 */
export class Staleness {
  /** When the pings that were not answered yet were sent, oldest first, ms. A ping is known by that instant. */
  #unanswered: number[] = [];

  /** A ping was sent. Instants must rise. */
  sent(atMs: number): void {
    this.#unanswered.push(atMs);
  }

  /** The ping of that instant was answered, and with it all before. Answers to pings that were never sent change nothing. */
  answered(atMs: number): void {
    const index = this.#unanswered.indexOf(atMs);
    if (index >= 0) this.#unanswered.splice(0, index + 1);
  }

  get isWaiting(): boolean {
    return this.#unanswered.length > 0;
  }

  /** Age of the oldest thing the client was sent and may not have read, ms; 0 when it has read all that pings cover. */
  ageMs(nowMs: number): number {
    const [oldest] = this.#unanswered;
    return oldest === undefined ? 0 : nowMs - oldest;
  }
}
