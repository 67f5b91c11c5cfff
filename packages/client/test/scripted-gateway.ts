import { createServer, type IncomingMessage, type Server } from "node:http";
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

interface Timed {
  readonly time: string;
}

/** The place of the first of ascending times that is not before `ms`. */
function placeOf(history: readonly Timed[], ms: number): number {
  let [from, to] = [0, history.length];
  while (from < to) {
    const middle = (from + to) >> 1;
    if (Date.parse(history[middle]?.time ?? "") < ms) from = middle + 1;
    else to = middle;
  }
  return from;
}

/** A server with a WebSocket and the read side's answers, all given by the test. */
export class ScriptedGateway {
  readonly #server: Server;
  readonly #sockets: WebSocketServer;
  readonly #peers = new Waiting<Peer>();
  /** Addresses asked over HTTP. */
  readonly reads: string[] = [];
  /** How many clients have connected so far. */
  connections = 0;
  /** What a read is answered; a missing one is a 404. */
  readonly answers = new Map<string, unknown[]>();
  /** Ticks in order, of which a read of `/ticks` gets those it asks for. */
  history: readonly Timed[] | undefined;
  /** What upgrades asked for, and the token they carried. */
  readonly upgrades: { readonly path: string | undefined; readonly authorization: string | undefined }[] = [];
  /** The status that an upgrade is refused with; undefined lets it in. */
  admit: (request: IncomingMessage) => number | undefined = () => undefined;
  /** The status that a read is refused with; undefined answers it. */
  refuseRead: (request: IncomingMessage) => number | undefined = () => undefined;
  /** Makes the ticket that is sold next. */
  ticket: (() => string) | undefined;
  /** Called before a read is answered, and waited for. */
  beforeAnswer: () => Promise<void> | void = () => {};

  private constructor() {
    this.#server = createServer(async (request, response) => {
      this.reads.push(request.url ?? "");
      await this.beforeAnswer();
      const refused = this.refuseRead(request);
      const rows = refused === undefined ? this.#answerTo(new URL(request.url ?? "", "http://x")) : undefined;
      response.writeHead(rows === undefined ? (refused ?? 404) : 200, { "content-type": "application/json" });
      response.end(JSON.stringify(rows ?? {}));
    });
    this.#sockets = new WebSocketServer({
      server: this.#server,
      path: "/ws",
      verifyClient: ({ req }, decide) => {
        this.upgrades.push({ path: req.url, authorization: req.headers.authorization });
        const status = this.admit(req);
        decide(status === undefined, status, JSON.stringify({ detail: `refused with ${status}` }), {
          "Content-Type": "application/problem+json",
        });
      },
    });
    this.#sockets.on("connection", (socket) => {
      this.connections += 1;
      this.#peers.add(new Peer(socket));
    });
  }

  static async start(): Promise<ScriptedGateway> {
    const gateway = new ScriptedGateway();
    await new Promise<void>((resolve) => gateway.#server.listen(0, "127.0.0.1", resolve));
    return gateway;
  }

  #answerTo({ pathname, searchParams }: URL): object | undefined {
    if (pathname === "/tickets" && this.ticket !== undefined) return { ticket: this.ticket() };
    if (pathname !== "/ticks" || this.history === undefined) return this.answers.get(pathname);
    const place = (name: string) => placeOf(this.history ?? [], Date.parse(searchParams.get(name) ?? ""));
    const from = place("start");
    return this.history.slice(from, Math.min(place("end"), from + Number(searchParams.get("limit"))));
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** The next client that connects, or has connected. */
  peer(): Promise<Peer> {
    return this.#peers.take();
  }

  /** Cuts every WebSocket without a word. */
  cut(): void {
    for (const socket of this.#sockets.clients) socket.terminate();
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}
