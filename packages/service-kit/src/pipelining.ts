import type { IncomingMessage, Server, ServerResponse } from "node:http";
import { Socket } from "node:net";
import { Arrivals } from "./arrivals.js";
import { CallerTurns } from "./caller-turns.js";

/** With so many unanswered requests a connection is not read further. There may be some more: those of the piece with the last of them. */
const UNDER_WAY_MAX = 8;
/** What is read at a time may hold thousands of requests. The parser is given less, and no less than this: a body is cut too. */
const PIECE_BYTES = 512;
/** Where a body may come in chunks, it is cut to this: so much holds some 350 of a byte each, which take a millisecond. */
const CRUMBLED_PIECE_BYTES = 2048;
/** Each request has one: Node refuses heads whose lines end otherwise. */
const END_OF_HEAD = "\r\n\r\n";

/**
 * Bounds what a client gets by sending requests ahead of their answers: a connection has 16 to 28 of them under way, whatever is
 * behind them waits as the bytes it came in, 128 kB at most, and then in the sender. It is served in order, and such connections
 * take turns: a piece a turn of the event loop, and half of the loop at least is for others.
 */
export function boundPipelining(server: Server): void {
  const turns = new CallerTurns();
  const arrivals = new Arrivals();
  const pipelines = new WeakMap<Socket, Pipeline>();
  server.on("connection", (socket: Socket) => {
    // Known already where a request that asked for an upgrade was put back.
    const pipeline = pipelines.get(socket) ?? new Pipeline(socket, turns, arrivals);
    pipelines.set(socket, pipeline);
    pipeline.begin();
  });
  server.on("request", (req, res) => pipelines.get(req.socket)?.follow(req, res));
  for (const event of ["upgrade", "connect"])
    server.on(event, (_req: IncomingMessage, socket) => socket instanceof Socket && pipelines.get(socket)?.end());
}

/** The requests of one connection. */
class Pipeline {
  readonly #socket: Socket;
  readonly #turns: CallerTurns;
  readonly #arrivals: Arrivals;
  #underWay = 0;
  /** The last request as long as it is unanswered, or comes still: a connection must lead to nothing that is over. */
  #last: IncomingMessage | undefined;
  #isHeld = false;
  #hasTurn = false;
  /** Nothing has come yet. */
  #isNew = true;
  /** What has come waits for its turn among the new connections. */
  #isWaiting = false;

  constructor(socket: Socket, turns: CallerTurns, arrivals: Arrivals) {
    this.#socket = socket;
    this.#turns = turns;
    this.#arrivals = arrivals;
  }

  /** Node's parser reads the connection itself until somebody else listens to what comes. */
  begin(): void {
    const socket = this.#socket;
    const push = Socket.prototype.push.bind(socket);
    socket.push = (chunk: Buffer | null) => {
      if (this.#isNew && chunk !== null) this.#arrive();
      if (chunk === null || chunk.length <= PIECE_BYTES) return push(chunk);
      let wantsMore = true;
      for (const piece of this.#piecesOf(chunk)) wantsMore = push(piece);
      return wantsMore;
    };
    socket.on("data", this.#stay);
    socket.on("resume", this.#stay);
  }

  /** What comes now is no request. */
  end(): void {
    this.#isHeld = false;
    this.#socket.off("data", this.#stay);
    this.#socket.off("resume", this.#stay);
    this.#socket.push = Socket.prototype.push;
  }

  follow(req: IncomingMessage, res: ServerResponse): void {
    this.#underWay += 1;
    this.#last = req;
    if (this.#underWay >= UNDER_WAY_MAX) this.#isHeld = true;
    res.once("close", () => {
      this.#underWay -= 1;
      // What is left of a body whose answer came early is dropped as it comes.
      if (req.complete) this.#forget(req);
      else req.once("end", () => this.#forget(req));
      if (this.#isHeld && !this.#hasTurn && this.#underWay < UNDER_WAY_MAX) void this.#release();
    });
  }

  #forget(req: IncomingMessage): void {
    if (this.#last === req) this.#last = undefined;
  }

  /** Whoever reads a body resumes its connection; and Node, which pauses one with long answers, must be given nothing until it is done. */
  readonly #stay = (): void => {
    if (this.#isHeld || this.#isWaiting || isPausedByNode(this.#socket)) this.#socket.pause();
  };

  #arrive(): void {
    this.#isNew = false;
    const turn = this.#arrivals.meet(this.#socket);
    if (turn === undefined) return;
    this.#isWaiting = true;
    this.#socket.pause();
    void turn.then(() => {
      this.#isWaiting = false;
      this.#socket.resume();
    });
  }

  /** Parts of what was read that end where a request may end: each has few of them. Each is handed on before the next is cut. */
  *#piecesOf(chunk: Buffer): Generator<Buffer> {
    let start = 0;
    for (let end = this.#endOfPiece(chunk, start); end < chunk.length; end = this.#endOfPiece(chunk, start)) {
      yield chunk.subarray(start, end);
      start = end;
    }
    yield chunk.subarray(start);
  }

  #endOfPiece(chunk: Buffer, start: number): number {
    const bytesMax = this.#isInWholeBody ? chunk.length : CRUMBLED_PIECE_BYTES;
    const end = Math.min(start + bytesMax, chunk.length);
    const at = chunk.subarray(0, end).indexOf(END_OF_HEAD, start + PIECE_BYTES);
    return at < 0 ? end : at + END_OF_HEAD.length;
  }

  /** Whether what comes next is of a body whose length was told, which the parser takes as it comes. */
  get #isInWholeBody(): boolean {
    const last = this.#last;
    return last !== undefined && !last.complete && last.headers["transfer-encoding"] === undefined;
  }

  async #release(): Promise<void> {
    this.#hasTurn = true;
    await this.#turns.next(this.#socket);
    this.#hasTurn = false;
    this.#isHeld = false;
    // A request that holds enough of its body asks for more by itself.
    const isFull = this.#last !== undefined && this.#last.readableLength >= this.#last.readableHighWaterMark;
    if (!isFull) this.#socket.resume();
  }
}

/** Node's own mark, which it does not document: the answers that wait to be sent are long. */
function isPausedByNode(socket: Socket): boolean {
  return "_paused" in socket && socket._paused === true;
}
