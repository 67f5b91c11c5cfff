import type { Socket } from "node:net";
import { CallerTurns, type IsProxy } from "./caller-turns.js";
import { networkOf } from "./forwarding.js";

/** So many new connections of one caller are read in a turn of the event loop: at half a millisecond each no more than some 10 ms. */
const TOGETHER_MAX = 16;

/**
 * Lets new connections in, a few of each caller in a turn of the event loop: thousands that come at once, each with as much as is
 * read at a time, would be looked through before anything else goes on.
 */
export class Arrivals {
  readonly #turns: CallerTurns;
  /** In this turn. */
  readonly #come = new Map<string, number>();

  constructor(isProxy: IsProxy) {
    this.#turns = new CallerTurns(isProxy, TOGETHER_MAX);
  }

  /** @returns undefined where a connection may be read at once */
  meet(socket: Socket): Promise<void> | undefined {
    if (this.#turns.hasLine(socket)) return this.#turns.next(socket);
    const caller = networkOf(socket);
    const count = (this.#come.get(caller) ?? 0) + 1;
    if (this.#come.size === 0) setImmediate(() => this.#come.clear());
    this.#come.set(caller, count);
    return count > TOGETHER_MAX ? this.#turns.next(socket) : undefined;
  }
}
