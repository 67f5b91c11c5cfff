import type { IncomingMessage, Server } from "node:http";
import { CallerTurns } from "./caller-turns.js";
import { GatheredBytes } from "./gathered-bytes.js";

/** Chunks that are smaller on average cost more by their number than by their bytes: some µs each, and 300 bytes while they wait. */
const CRUMB_BYTES = 32;
/** So many of a body cost nothing that counts. */
const FREE_CHUNKS = 100;

/**
 * Bounds what bodies in tiny chunks take of the event loop, whichever route they are for. Node hands on each chunk by itself, and
 * a piece that is read holds up to 350 of a byte each. Here those are put together into one, and the next of such a
 * connection is read in its turn: a piece a turn of the loop, by callers in rotation, and half of the loop at least is for others.
 */
export function tameCrumbledBodies(server: Server): void {
  const turns = new CallerTurns();
  server.on("request", (req) => {
    if (req.headers["transfer-encoding"] !== undefined) gatherCrumbs(req, turns);
  });
}

/** Node gives a request its body by pushing into it what it has read. */
function gatherCrumbs(req: IncomingMessage, turns: CallerTurns): void {
  const push = req.push.bind(req);
  const gathered = new GatheredBytes();
  let chunks = 0;
  let bytes = 0;
  const handOn = () => {
    if (gathered.length > 0) push(gathered.take());
  };
  req.push = (chunk: Buffer | null) => {
    if (chunk === null) {
      handOn();
      return push(null);
    }
    chunks += 1;
    bytes += chunk.length;
    const isBearable = chunks <= FREE_CHUNKS || bytes >= chunks * CRUMB_BYTES;
    if (isBearable && gathered.length === 0) return push(chunk);
    if (gathered.length === 0) void pauseUntil(turns.next(req.socket).then(handOn), req);
    gathered.add(chunk);
    return true;
  };
}

/** What was read already still comes, but nothing more from the connection, whoever asks for it. */
async function pauseUntil(turn: Promise<void>, req: IncomingMessage): Promise<void> {
  const { socket } = req;
  const stay = () => void socket.pause();
  socket.on("resume", stay);
  socket.pause();
  await turn;
  socket.off("resume", stay);
  // A request that holds enough asks for more by itself.
  if (req.readableLength < req.readableHighWaterMark) socket.resume();
}
