import { randomUUID } from "node:crypto";
import { once } from "node:events";
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { Problem, type ProblemCode } from "./problem.js";
import { refuse } from "./refusal.js";

/** What a sender still writes after its answer is read and dropped for so long. */
const DROP_MAX_MS = 4000;
/** After each piece that is dropped: some 30 MB/s, or one sender would have a core for himself, ms. */
const DROP_PAUSE_MS = 2;
/**
 * A sender that goes on for so long after its answer does not listen. The time after {@link DROP_MAX_MS} is for one whose
 * writes never had to wait, and who never came to read: they wait as soon as the connection's buffers, some 5 MB, are full.
 */
const LINGER_MAX_MS = 12_000;
/** A reader that has sent its FIN may be gone: it is waited for so long until its answer begins. */
const READ_AFTER_FIN_MS = 5000;
/**
 * A reader may pause for so long in an answer, and a sender in its request, whatever limits they have besides. Long enough for
 * who looks through what he has got so far; a machine that is gone is found by TCP itself after some 15 minutes.
 */
const PAUSE_MAX_MS = 600_000;

/** What Node calls bytes that it cannot read, where that is not simply malformed. */
const CODE_OF_PARSER: Readonly<Record<string, ProblemCode>> = {
  HPE_HEADER_OVERFLOW: "headers_too_large",
  HPE_CHUNK_EXTENSIONS_OVERFLOW: "too_large",
  ERR_HTTP_REQUEST_TIMEOUT: "request_timeout",
};

/**
 * Cuts an answer off by a TCP reset. After an ordinary close whoever reads HTTP/1.0, or through a proxy that does, takes what he
 * has got for the whole.
 */
export function cutOff(res: ServerResponse): void {
  res.socket?.resetAndDestroy();
}

/**
 * How connections of a server end:
 *
 * - A FIN after a request is no departure (RFC 9112 §9.6): the answers are sent, then the connection is closed. A read is given
 *   up when its answer has not begun 5 s later. In the middle of a request it is one, and so it is from a proxy, which sends it
 *   when whoever asked is gone.
 * - An answer may come before the end of its request. The rest is read and dropped for 4 s, and left unread for 8 s more, and
 *   only then the connection is closed: closed at once it would be reset under a sender that still writes, and the answer lost.
 *   One whose request ends meanwhile is used again.
 * - What follows a request and is none is answered 400 after the answers to those before it.
 * - After ten minutes without a byte in either direction a connection is cut; keep-alive and uploads have shorter limits.
 */
export class ConnectionEnds {
  /**
   * Answers under way, in the order of their requests. A connection lives long and leads to nothing of a request that is over:
   * what it led to would be kept alive by every garbage collection of young objects, and make each of them twice as long.
   */
  readonly #answers = new WeakMap<Duplex, ServerResponse[]>();
  readonly #refused = new WeakSet<Duplex>();
  /** Answers to proxies. Noted as they come, for who hands a request on writes into its headers. */
  readonly #proxied = new WeakSet<ServerResponse>();

  constructor(server: Server) {
    Object.assign(server, { httpAllowHalfOpen: true }); // Node reads it and does not document it.
    server.setTimeout(PAUSE_MAX_MS, (socket) => this.#timeOut(socket));
    server.on("connection", (socket) => this.#meet(socket));
    server.on("request", (req, res) => this.#follow(req, res));
    server.on("clientError", (error, socket) => void this.#refuse(error, socket));
  }

  /** Resolves when nothing on a connection is unanswered. */
  async answered(socket: Duplex): Promise<void> {
    await Promise.all(this.#under(socket).map((res) => once(res, "close")));
  }

  #under(socket: Duplex): ServerResponse[] {
    return this.#answers.get(socket) ?? [];
  }

  /** Once for each connection, also where a request on it makes it a new one to Node. */
  #meet(socket: Socket): void {
    if (this.#answers.has(socket)) return;
    const answers: ServerResponse[] = [];
    this.#answers.set(socket, answers);
    const close = () => Socket.prototype.destroySoon.call(socket);
    // Node calls it as soon as the last answer is written.
    socket.destroySoon = () => {
      const req = answers.at(-1)?.req;
      if (req === undefined || req.complete) close();
      else req.once("end", close);
    };
    socket.once("end", () => {
      const unread = () => this.#under(socket).filter(isUnread);
      if (unread().some((res) => this.#proxied.has(res))) socket.destroy();
      else setTimeout(() => unread().length > 0 && socket.destroy(), READ_AFTER_FIN_MS).unref();
    });
  }

  #follow(req: IncomingMessage, res: ServerResponse): void {
    const answers = this.#under(req.socket);
    answers.push(res);
    res.once("close", () => answers.splice(answers.indexOf(res), 1));
    if (req.headers["x-forwarded-for"] !== undefined) this.#proxied.add(res);
    if (hasBody(req)) res.once("prefinish", dropRest);
  }

  async #refuse({ code = "" }: NodeJS.ErrnoException, socket: Duplex): Promise<void> {
    // Each piece of what follows is an error again.
    if (this.#refused.has(socket)) return;
    this.#refused.add(socket);
    const answers = [...this.#under(socket)];
    await Promise.all(answers.filter(({ req }) => req.complete).map((res) => once(res, "close")));
    const isGone = code === "ECONNRESET" || code === "HPE_INVALID_EOF_STATE";
    if (isGone || answers.some((res) => res.headersSent && !res.req.complete)) socket.destroy();
    const problem = new Problem(CODE_OF_PARSER[code] ?? "malformed", "What came is no HTTP request.");
    refuse(socket, problem, randomUUID());
  }

  #timeOut(socket: Socket): void {
    if (this.#under(socket).length === 0) socket.destroy();
    else socket.resetAndDestroy();
  }
}

/** Of a read whose answer has not begun. */
function isUnread({ req: { method }, headersSent }: ServerResponse): boolean {
  return !headersSent && /^(GET|HEAD)$/.test(method ?? "");
}

/** Of a request that has just begun. */
function hasBody({ headers }: IncomingMessage): boolean {
  return headers["transfer-encoding"] !== undefined || Number(headers["content-length"] ?? 0) > 0;
}

/** Of the request that is answered by it. */
function dropRest(this: ServerResponse): void {
  const { req } = this;
  if (req.complete) return;
  const lingering = setTimeout(() => req.socket.destroy(), LINGER_MAX_MS).unref();
  const droppedUntilMs = performance.now() + DROP_MAX_MS;
  req.once("end", () => clearTimeout(lingering));
  req.on("data", () => {
    req.pause();
    if (performance.now() < droppedUntilMs) setTimeout(() => req.resume(), DROP_PAUSE_MS);
  });
  // What was never read Node drops by itself, as fast as it comes.
  req.read(0);
  // Whoever read it may have stopped in the middle.
  req.resume();
}
