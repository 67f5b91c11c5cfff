import { EventEmitter } from "node:events";
import type { ServerResponse } from "node:http";
import type { ClientSocket } from "../connection/client-socket.js";
import { CLOSE } from "../connection/close-code.js";
import type { ResumePoint } from "./resume-point.js";

/** How long a client waits before it comes back, unless it is told otherwise. */
const RETRY_MS = 2000;
const OPEN = 1;
const CLOSED = 3;
/** A client of `/sse` asks once and for all: when that is refused there is nothing left to do but to ask again later. */
const REFUSAL = /^\{"type":"error","code":"([a-z_]+)"/;

/**
 * An answer of Server-Sent Events in place of a WebSocket: each message is an event, with the `id` to go on from. Nobody answers a
 * comment as they would a ping, so one counts as read when this machine's network has taken it: a reader that has stopped is noticed
 * when what lies between is full.
 */
export class EventSocket extends EventEmitter implements ClientSocket {
  readonly OPEN = OPEN;
  #isOpen = true;
  /** What the next event begins with. */
  #opening = `retry: ${RETRY_MS}\n`;

  constructor(
    private readonly res: ServerResponse,
    private readonly resumePoint: ResumePoint,
    private readonly closeTimeoutMs: number,
  ) {
    super();
    res.once("close", () => this.emit("close"));
    res.on("error", () => res.destroy());
  }

  get readyState(): number {
    return this.#isOpen && !this.res.destroyed ? OPEN : CLOSED;
  }

  send(text: string): void {
    // Of what goes out together the first may have ended it.
    if (this.readyState !== OPEN) return;
    this.resumePoint.note(text);
    const { id } = this.resumePoint;
    this.res.write(`${this.#opening}${id === undefined ? "" : `id: ${id}\n`}data: ${text}\n\n`);
    this.#opening = "";
    const refusal = REFUSAL.exec(text)?.[1];
    if (refusal !== undefined)
      this.close(refusal === "too_many_channels" ? CLOSE.limitExceeded : CLOSE.internalError, refusal);
  }

  ping(payload: string): void {
    if (this.readyState !== OPEN) return;
    this.res.write(":\n\n", (error) => {
      if (!error) this.emit("pong", Buffer.from(payload));
    });
  }

  /** Tells why, in an event that is none of the messages, and ends the answer; the client comes back by itself. */
  close(code: number, reason: string): void {
    if (this.readyState !== OPEN) return;
    this.#isOpen = false;
    const retryMs = /"retry_ms":(\d+)/.exec(reason)?.[1];
    const retry = retryMs === undefined ? "" : `retry: ${retryMs}\n`;
    this.res.end(`${retry}event: close\ndata: ${JSON.stringify({ code, reason })}\n\n`);
    setTimeout(() => this.terminate(), this.closeTimeoutMs).unref();
  }

  terminate(): void {
    this.#isOpen = false;
    this.res.destroy();
  }
}
