import { once } from "node:events";
import { connect, type Socket } from "node:net";

/** A request whose answer may come before its body has ended. */
export interface EarlyExit {
  /** In words. */
  readonly what: string;
  readonly method: string;
  readonly target: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** The body comes in chunks, and nobody knows its length before. */
  readonly isChunked?: true;
  /** Bytes of it after which the sender waits for the answer. */
  readonly stallsAt?: number;
  /** One of these it is answered with. */
  readonly statuses: readonly number[];
}

/** What became of a connection. */
export interface Reuse {
  readonly status: number;
  /** Answered, or told that there would be no answer and closed, as it has to be; otherwise what happened instead. */
  readonly next: string;
}

/** The next request on a connection is answered within this time once the one before it is at its end, ms. */
const NEXT_WITHIN_MS = 5000;
/** A stalled body is given up after ten to eleven seconds, ms. */
const ANSWERED_WITHIN_MS = 15_000;
/** What comes before it may end without a line. */
const ANSWER = /HTTP\/1\.1 (\d{3}) /g;

/** Sends a request, and when it is answered and its body has ended another one on the same connection. */
export async function reuseAfter(port: number, exit: EarlyExit): Promise<Reuse> {
  const socket = connect(port, "127.0.0.1");
  const heard = new Heard(socket);
  await once(socket, "connect");
  const bytes = bodyOf(exit);
  await sent(socket, Buffer.concat([Buffer.from(headOf(exit)), bytes.subarray(0, exit.stallsAt)]));
  if (exit.stallsAt !== undefined) {
    await heard.answers(1, ANSWERED_WITHIN_MS);
    await sent(socket, bytes.subarray(exit.stallsAt));
  }
  await heard.answers(1, NEXT_WITHIN_MS);
  const [status = 0] = heard.statuses;
  await sent(socket, Buffer.from("GET /live HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"));
  await heard.answers(2, NEXT_WITHIN_MS);
  socket.destroy();
  return { status, next: heard.next };
}

function headOf({ method, target, headers, body, isChunked }: EarlyExit): string {
  const length = isChunked === true ? "Transfer-Encoding: chunked" : `Content-Length: ${Buffer.byteLength(body)}`;
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`);
  return [`${method} ${target} HTTP/1.1`, "Host: 127.0.0.1", ...lines, length, "", ""].join("\r\n");
}

/** Of a chunk in the size that common clients send. */
const CHUNK = 64 * 1024;

function bodyOf({ body, isChunked }: EarlyExit): Buffer {
  if (isChunked !== true) return Buffer.from(body);
  const chunks = Array.from({ length: Math.ceil(body.length / CHUNK) }, (_, at) => {
    const text = body.slice(at * CHUNK, (at + 1) * CHUNK);
    return `${Buffer.byteLength(text).toString(16)}\r\n${text}\r\n`;
  });
  return Buffer.from(`${chunks.join("")}0\r\n\r\n`);
}

/** Resolves when all of it is on its way, or nothing goes there any more. */
function sent(socket: Socket, bytes: Buffer): Promise<void> {
  if (!socket.writable) return Promise.resolve();
  return new Promise((resolve) => {
    socket.once("close", () => resolve());
    socket.write(bytes, () => resolve());
  });
}

/** Everything that comes on a connection. */
class Heard {
  #text = "";
  #isOver = false;
  #wake: () => void = () => undefined;

  constructor(socket: Socket) {
    socket.on("error", () => undefined);
    socket.on("data", (piece) => {
      this.#text += piece.toString("latin1");
      this.#wake();
    });
    for (const event of ["end", "close"]) {
      socket.on(event, () => {
        this.#isOver = true;
        this.#wake();
      });
    }
  }

  get statuses(): number[] {
    return [...this.#text.matchAll(ANSWER)].map(([, status]) => Number(status));
  }

  get next(): string {
    const [, next] = this.statuses;
    if (next === 200) return "answered";
    if (this.#isOver && /^connection: close\r$/im.test(this.#text)) return "closed as it was told";
    return next === undefined ? `no answer, and ${this.#isOver ? "closed" : "open"}` : `answered ${next}`;
  }

  /** Resolves when so many answers have come, the connection has ended, or the time is over. */
  async answers(count: number, withinMs: number): Promise<void> {
    const timeout = AbortSignal.timeout(withinMs);
    while (this.statuses.length < count && !this.#isOver && !timeout.aborted) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
        timeout.addEventListener("abort", () => resolve(), { once: true });
      });
    }
  }
}
