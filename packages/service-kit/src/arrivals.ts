import type { Socket } from "node:net";
import { CallerTurns } from "./caller-turns.js";
import { networkOf } from "./forwarding.js";

/** So many new connections of one caller are read at once in each {@link WINDOW_MS}; a whole page opens six. */
const AT_ONCE_MAX = 16;
const WINDOW_MS = 10;
/** Of the others so many in a turn of the event loop. */
const TOGETHER = 4;

/**
 * Lets new connections in, a few of each caller at a time. One is accepted in a turn of the event loop: where thousands come at once,
 * and each turn looks through what one of them has brought, whoever comes then waits for all of them, those that have left by then
 * among them. Here they are accepted in a row, and what they have brought waits.
 */
export class Arrivals {
  readonly #turns = new CallerTurns(TOGETHER);
  /** In this window of time. */
  readonly #come = new Map<string, number>();

  /** @returns undefined where a connection may be read at once */
  meet(socket: Socket): Promise<void> | undefined {
    if (this.#turns.hasLine(socket)) return this.#turns.next(socket);
    const caller = networkOf(socket);
    const count = (this.#come.get(caller) ?? 0) + 1;
    if (this.#come.size === 0) setTimeout(() => this.#come.clear(), WINDOW_MS).unref();
    this.#come.set(caller, count);
    return count > AT_ONCE_MAX ? this.#turns.next(socket) : undefined;
  }
}
