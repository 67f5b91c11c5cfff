import { documentedMessage, eventually } from "@fx-ohlc/testkit";
import { type ClientOptions, WebSocket } from "ws";

/** A message as it came; tests look at the fields they are about. */
// biome-ignore lint/suspicious/noExplicitAny: a test reads fields of many shapes of message.
export type Message = any;

/** A client that keeps everything it receives. */
export class TestClient {
  readonly messages: Message[] = [];
  closed: { readonly code: number; readonly reason: string } | undefined;
  /** The status of an upgrade that was refused, and its body. */
  refused: { readonly status: number; readonly headers: Message; readonly body: Message } | undefined;
  readonly ws: WebSocket;

  constructor(url: string, options: ClientOptions = {}) {
    this.ws = new WebSocket(url, options);
    const path = new URL(url).pathname;
    this.ws.on("message", (data) => this.#take(path, JSON.parse(String(data))));
    this.ws.on("close", (code, reason) => {
      this.closed = { code, reason: String(reason) };
    });
    this.ws.on("error", () => undefined);
    this.ws.on("unexpected-response", (_request, response) => {
      let text = "";
      response.on("data", (chunk) => {
        text += String(chunk);
      });
      response.on("end", () => {
        this.refused = { status: response.statusCode ?? 0, headers: response.headers, body: JSON.parse(text) };
        this.ws.terminate();
      });
    });
  }

  /** Whatever a test is about, a message that the documents do not know fails it. */
  #take(path: string, message: Message): void {
    const { fault } = documentedMessage(path, message);
    if (fault !== undefined) throw new Error(fault);
    this.messages.push(message);
  }

  /** Connects; rejects with the refusal when the gateway refuses, which can take a try while it catches up with Redis. */
  static async open(url: string, options: ClientOptions = {}): Promise<TestClient> {
    return eventually(async () => {
      const client = new TestClient(url, options);
      await eventually(() => client.ws.readyState === WebSocket.OPEN || client.refused !== undefined);
      if (client.refused?.status === 503) return undefined;
      if (client.refused !== undefined) throw new Error(`refused: ${JSON.stringify(client.refused)}`);
      return client;
    });
  }

  send(message: object): void {
    this.ws.send(JSON.stringify(message));
  }

  /** The first message that matches, now or later. */
  async receives(what: string, matches: (message: Message) => boolean, timeoutMs = 30_000): Promise<Message> {
    return eventually(() => this.messages.find(matches), { what: `a message: ${what}`, timeoutMs });
  }

  /** The first message of a type. */
  ofType(type: string, timeoutMs?: number): Promise<Message> {
    return this.receives(type, (message) => message.type === type, timeoutMs);
  }

  /** Sends a request and gives its answer. */
  async ask(request: {
    readonly id: number;
    readonly op: string;
    readonly [field: string]: unknown;
  }): Promise<Message> {
    this.send(request);
    return this.receives(`the answer to ${request.id}`, (message) => message.id === request.id);
  }

  async closes(timeoutMs = 30_000): Promise<{ readonly code: number; readonly reason: string }> {
    return eventually(() => this.closed, { what: "the connection to be closed", timeoutMs });
  }

  end(): void {
    this.ws.terminate();
  }
}
