import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { type WebSocket, WebSocketServer } from "ws";

/** What a client asked over its WebSocket. */
export interface Request {
  readonly op: string;
  readonly id: number;
  readonly channels: string[];
  readonly since?: Record<string, string>;
}

/** One client's connection, as the test sees and steers it. */
export class Peer {
  readonly #socket: WebSocket;
  readonly #requests = new Waiting<Request>();

  constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.on("message", (data) => this.#requests.add(JSON.parse(String(data))));
  }

  /** The next request, as soon as it is there. */
  request(): Promise<Request> {
    return this.#requests.take();
  }

  send(...messages: object[]): void {
    for (const message of messages) this.#socket.send(JSON.stringify(message));
  }

  close(code: number, reason = ""): void {
    this.#socket.close(code, reason);
  }

  /** Cuts the connection without a word. */
  cut(): void {
    this.#socket.terminate();
  }

  get closed(): Promise<void> {
    return new Promise((resolve) => void this.#socket.once("close", () => resolve()));
  }
}

/** Things that are waited for, or wait to be taken. */
class Waiting<Item> {
  readonly #items: Item[] = [];
  #taker: ((item: Item) => void) | undefined;

  add(item: Item): void {
    const taker = this.#taker;
    this.#taker = undefined;
    if (taker === undefined) this.#items.push(item);
    else taker(item);
  }

  take(): Promise<Item> {
    const item = this.#items.shift();
    if (item !== undefined) return Promise.resolve(item);
    return new Promise((resolve) => {
      this.#taker = resolve;
    });
  }
}

/** A server with a WebSocket and the read side's answers, all given by the test. */
export class ScriptedGateway {
  readonly #server: Server;
  readonly #peers = new Waiting<Peer>();
  /** Addresses asked over HTTP. */
  readonly reads: string[] = [];
  /** What a read is answered; a missing one is a 404. */
  readonly answers = new Map<string, unknown[]>();
  /** Called before a read is answered, and waited for. */
  beforeAnswer: () => Promise<void> | void = () => {};

  private constructor() {
    this.#server = createServer(async (request, response) => {
      this.reads.push(request.url ?? "");
      await this.beforeAnswer();
      const rows = this.answers.get(new URL(request.url ?? "", "http://x").pathname);
      response.writeHead(rows === undefined ? 404 : 200, { "content-type": "application/json" });
      response.end(JSON.stringify(rows ?? {}));
    });
    const sockets = new WebSocketServer({ server: this.#server, path: "/ws" });
    sockets.on("connection", (socket) => this.#peers.add(new Peer(socket)));
  }

  static async start(): Promise<ScriptedGateway> {
    const gateway = new ScriptedGateway();
    await new Promise<void>((resolve) => gateway.#server.listen(0, "127.0.0.1", resolve));
    return gateway;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** The next client that connects, or has connected. */
  peer(): Promise<Peer> {
    return this.#peers.take();
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}
