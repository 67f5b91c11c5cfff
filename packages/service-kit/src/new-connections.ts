import type { Server } from "node:http";
import { setImmediate as nextTurn } from "node:timers/promises";
import { FairTurns } from "./fair-turns.js";
import { restAfterTurn } from "./loop-turns.js";

/** What a new connection brings costs some tenths of a ms, and 10 ms where it is a body in tiny chunks. */
const BEGINNING = {
  runningMax: 8,
  runningPerCallerMax: 6,
  waitingMax: 16_000,
  waitingPerCallerMax: 12_000,
  whenFull: "Too many new connections wait.",
};

/**
 * Lets new connections begin in turns of the event loop, some in each, and addresses take turns: when thousands come at once, those
 * that are there already are served between them. What took long is followed by as long a rest. Beyond those that may wait they are
 * closed.
 */
export function beginInTurns(server: Server): void {
  const turns = new FairTurns(BEGINNING);
  server.on("connection", (socket) => {
    // One that goes on as a new one, for Node, after a request to upgrade it.
    if (socket.bytesRead > 0) return;
    socket.pause();
    const begin = async () => {
      socket.resume();
      await nextTurn();
      await restAfterTurn();
    };
    turns.run(socket.remoteAddress ?? "", begin).catch(() => socket.destroy());
  });
}
