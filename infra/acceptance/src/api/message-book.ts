import { documentedMessage, eventually } from "@fx-ohlc/testkit";
import { WebSocket } from "ws";

/** Members of messages that are another at every run. */
const VOLATILE = new Set(["bucket", "from", "offset", "offsets", "since", "time", "timestamp", "to"]);

/** The first message of each name that the AsyncAPI document has, and everything that it has none for. */
export class MessageBook {
  readonly messages: Record<string, unknown> = {};
  readonly faults: string[] = [];

  hold(path: string, message: unknown, way: "sent" | "taken"): void {
    const { name, fault } = documentedMessage(path, message, way);
    if (fault === undefined) this.messages[name] ??= message;
    else this.faults.push(fault);
  }

  async has(...names: readonly string[]): Promise<void> {
    for (const name of names) {
      await eventually(() => name in this.messages, { what: `a ${name}` });
    }
  }
}

/** A client whose every message is held against the document. */
export class BookedSocket {
  readonly #ws: WebSocket;

  private constructor(
    private readonly path: string,
    url: string,
    private readonly book: MessageBook,
  ) {
    this.#ws = new WebSocket(url);
    this.#ws.on("message", (data) => book.hold(path, JSON.parse(String(data)), "sent"));
    this.#ws.on("error", () => undefined);
  }

  /** @param target path and query */
  static async open(url: string, target: string, book: MessageBook): Promise<BookedSocket> {
    return eventually(async () => {
      const [path = ""] = target.split("?");
      const socket = new BookedSocket(path, url.replace(/^http/, "ws") + target, book);
      await eventually(() => socket.#ws.readyState !== WebSocket.CONNECTING);
      return socket.#ws.readyState === WebSocket.OPEN ? socket : undefined;
    });
  }

  say(request: object): void {
    this.book.hold(this.path, request, "taken");
    this.#ws.send(JSON.stringify(request));
  }

  close(): void {
    this.#ws.terminate();
  }
}

/** A message with what changes at every run replaced. */
export function lastingMessage(message: unknown): unknown {
  if (Array.isArray(message)) return message.map(lastingMessage);
  if (typeof message !== "object" || message === null) return message;
  const members = Object.entries(message);
  return Object.fromEntries(members.map(([name, member]) => [name, VOLATILE.has(name) ? "…" : lastingMessage(member)]));
}
