import type { ProblemError } from "../errors.js";
import { parseMessage, type ServerMessage } from "./protocol.js";

/** What is used of a WebSocket: the browser's own, and that of the `ws` package, are both such. */
export interface WebSocketLike {
  addEventListener(type: "open" | "error", listener: () => void): void;
  addEventListener(type: "message", listener: (event: { readonly data: unknown }) => void): void;
  addEventListener(type: "close", listener: (event: { readonly code: number; readonly reason: string }) => void): void;
  send(data: string): void;
  close(code?: number, reason?: string): void;
  /** How the server refused the upgrade, where the platform tells; set before the close event. */
  readonly refusal?: ProblemError | undefined;
  /** Where there is one, it ends a connection whose peer does not answer. */
  terminate?(): void;
}

export type WebSocketConstructor = new (url: string) => WebSocketLike;

/** How a connection ended. */
export interface Ending {
  /** The close code; 1006 when the peer did not say. */
  readonly code: number;
  readonly reason: string;
  /** It did not even begin, for this reason. */
  readonly error?: Error | undefined;
  /** What the server asks for before the next attempt. */
  readonly retryMs?: number | undefined;
}

/** How a connection ended that an error kept from beginning. */
export function endingOf(error: Error & { readonly retryAfterMs?: number | undefined }): Ending {
  return { code: 1006, reason: error.message, error, retryMs: error.retryAfterMs };
}

export interface SocketHandlers {
  onOpen(): void;
  onMessage(message: ServerMessage): void;
  /** Called once, unless this side closes the connection. */
  onEnd(ending: Ending): void;
}

/** A server that is there answers an upgrade in milliseconds; a host that drops packets never does. */
const OPEN_TIMEOUT_MS = 10_000;

/** One WebSocket connection with its timeouts. Whatever ends it, the handlers hear of it once and of nothing after it. */
export class Socket {
  readonly #socket: WebSocketLike;
  #timer: ReturnType<typeof setTimeout>;
  #isOver = false;

  /**
   * @param socket one that has just been made
   * @param silenceMaxMs how long a peer may say nothing before it is taken for dead
   */
  constructor(
    socket: WebSocketLike,
    private readonly silenceMaxMs: number,
    private readonly handlers: SocketHandlers,
  ) {
    this.#socket = socket;
    this.#timer = setTimeout(() => this.#giveUp("the connection did not open in time"), OPEN_TIMEOUT_MS);
    this.#socket.addEventListener("open", () => this.#onOpen());
    this.#socket.addEventListener("message", ({ data }) => this.#onMessage(data));
    this.#socket.addEventListener("close", ({ code, reason }) => this.#onClose({ code, reason }));
    // A close event follows, and says more; without a listener the error would be thrown.
    this.#socket.addEventListener("error", () => {});
  }

  send(message: object): void {
    if (!this.#isOver) this.#socket.send(JSON.stringify(message));
  }

  /** Closes from this side. */
  close(): void {
    if (this.#isOver) return;
    this.#over();
    this.#socket.close(1000);
  }

  #onOpen(): void {
    if (this.#isOver) return;
    this.#expectMessage();
    this.handlers.onOpen();
  }

  #onMessage(data: unknown): void {
    if (this.#isOver) return;
    this.#expectMessage();
    const message = this.#parse(data);
    if (message !== undefined) this.handlers.onMessage(message);
  }

  #onClose(ending: Ending): void {
    const { refusal } = this.#socket;
    this.#end(refusal === undefined ? ending : endingOf(refusal));
  }

  #parse(data: unknown): ServerMessage | undefined {
    try {
      return parseMessage(data);
    } catch {
      this.#giveUp("the server sent something else than JSON");
      return undefined;
    }
  }

  #expectMessage(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#giveUp("the server fell silent"), this.silenceMaxMs);
  }

  #giveUp(reason: string): void {
    if (this.#isOver) return;
    this.#end({ code: 1006, reason });
    if (this.#socket.terminate === undefined) this.#socket.close();
    else this.#socket.terminate();
  }

  #end(ending: Ending): void {
    if (this.#isOver) return;
    this.#over();
    this.handlers.onEnd(ending);
  }

  #over(): void {
    this.#isOver = true;
    clearTimeout(this.#timer);
  }
}
