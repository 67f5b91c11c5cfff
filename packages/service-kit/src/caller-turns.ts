import type { Socket } from "node:net";
import { setImmediate as nextTurn, setTimeout as sleep } from "node:timers/promises";
import { networkOf } from "./forwarding.js";
import { entryOf } from "./grouping.js";

/** Turns that took longer together are followed by a rest as long. */
const LONG_MS = 10;
/**
 * What connections of one caller hold unread while they wait. Each has read up to 128 kB, and whoever has left is not seen to have:
 * past that the one that has waited longest is reset, unread.
 */
const HELD_BYTES_MAX = 32 * 1024 * 1024;

interface Waiting {
  readonly socket: Socket;
  readonly go: () => void;
}

/**
 * Lets connections go on a few at a time, a turn of the event loop each, by callers in rotation, however many connections each has.
 * Turns are followed by as long a rest: half of the loop at least is for others.
 */
export class CallerTurns {
  /** In the order of their next turns. */
  readonly #lines = new Map<string, Set<Waiting>>();
  #isGoing = false;

  /** @param together so many go on in a turn */
  constructor(private readonly together = 1) {}

  /** Resolves when it is the turn of a connection; never, if that has ended by then. */
  next(socket: Socket): Promise<void> {
    return new Promise((go) => {
      entryOf(this.#lines, networkOf(socket), () => new Set<Waiting>()).add({ socket, go });
      if (!this.#isGoing) void this.#run();
    });
  }

  /** Whether a caller has connections that wait. */
  hasLine(socket: Socket): boolean {
    return this.#lines.size > 0 && this.#lines.has(networkOf(socket));
  }

  async #run(): Promise<void> {
    this.#isGoing = true;
    let tookMs = 0;
    while (this.#lines.size > 0) {
      await nextTurn();
      const startedMs = performance.now();
      for (let count = 0; count < this.together; count += 1) this.#takeFirst();
      await nextTurn();
      tookMs += performance.now() - startedMs;
      if (tookMs <= LONG_MS) continue;
      await sleep(tookMs);
      tookMs = 0;
    }
    this.#isGoing = false;
  }

  /** The caller whose turn it is goes to the end of them. */
  #takeFirst(): void {
    const [first] = this.#lines;
    if (first === undefined) return;
    const [caller, line] = first;
    this.#lines.delete(caller);
    bound(line);
    for (const waiting of line) {
      line.delete(waiting);
      if (waiting.socket.destroyed) continue;
      waiting.go();
      break;
    }
    if (line.size > 0) this.#lines.set(caller, line);
  }
}

/** Resets those at the head of a line that holds too much. */
function bound(line: Set<Waiting>): void {
  let bytes = 0;
  for (const { socket } of line) bytes += socket.readableLength;
  for (const waiting of line) {
    if (bytes <= HELD_BYTES_MAX) return;
    bytes -= waiting.socket.readableLength;
    line.delete(waiting);
    waiting.socket.resetAndDestroy();
  }
}
