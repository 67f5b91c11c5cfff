import type { IncomingMessage, ServerResponse } from "node:http";
import type { Duplex } from "node:stream";
import { SOCKET_ROUTES } from "@fx-ohlc/contract";
import { type Channel, EVERY_SYMBOL } from "@fx-ohlc/schemas";
import {
  type Caller,
  callerNetwork,
  type Door,
  FailureLog,
  type Gate,
  isOriginAllowed,
  keepRequestId,
  type Logger,
  Problem,
  problemOf,
  refuse,
  requestIdFor,
  requireSymbols,
  unavailable,
} from "@fx-ohlc/service-kit";
import { type WebSocket, WebSocketServer } from "ws";
import type { Config } from "../config.js";
import type { Counters } from "../counters.js";
import type { Followed } from "../subscription/followed.js";
import { MESSAGES_BURST } from "./connection.js";
import { type Destination, destinationOf } from "./routes.js";
import { TokenBucket } from "./token-bucket.js";

/** What a client sends in one message at most. A subscription to 1,000 channels takes 25 kB. */
const MESSAGE_BYTES_MAX = 64 * 1024;
/** Frames a message may be cut into; nobody needs more than one. */
const FRAGMENTS_MAX = 16;
/** Pieces of the network that one frame may arrive in: even one byte at a time is more than a careless client does. */
const CHUNKS_MAX = 4096;
/** More than a client may send pings at once: one that does is to hear why it is closed. */
const PENDING_PONGS_MAX = 2 * MESSAGES_BURST;
/** How long a closed client has to answer before it is cut off. */
export const CLOSE_TIMEOUT_MS = 2000;
/** Some of these are newer than the published types of `ws`. */
const SERVER_OPTIONS = {
  noServer: true,
  clientTracking: false,
  perMessageDeflate: false,
  maxPayload: MESSAGE_BYTES_MAX,
  maxFragments: FRAGMENTS_MAX,
  maxBufferedChunks: CHUNKS_MAX,
  closeTimeout: CLOSE_TIMEOUT_MS,
  maxPendingAutoPongs: PENDING_PONGS_MAX,
};
/** Connections that may come at once, as a multiple of those a second: a gateway's clients come back together. */
const BURST_FACTOR = 4;

export interface AdmissionOptions
  extends Pick<Config, "connectionsMax" | "connectionsPerSecondMax">,
    Pick<Door, "allowedOrigins"> {
  readonly counters: Counters;
  readonly logger: Logger;
  readonly gate: Gate;
  /** Open connections now. */
  openConnections(): number;
  /** Whether clients can be served at all. */
  isReady(): boolean;
  /** What all follow together; a plain endpoint's channels are known before anything is upgraded. */
  readonly followed: Pick<Followed, "excess">;
  /** Takes over an accepted client. */
  accept(ws: WebSocket, socket: Duplex, guest: Guest): void;
}

/** A client that may come in. */
export interface Guest {
  readonly caller: Caller;
  readonly address: string;
  readonly destination: Destination;
  readonly requestId: string;
}

/** Lets clients in, or answers with a problem before anything is upgraded. */
export class Admission {
  readonly #failures: FailureLog;
  readonly #rate: TokenBucket;
  readonly #server = new WebSocketServer(SERVER_OPTIONS);
  #isShut = false;

  constructor(private readonly options: AdmissionOptions) {
    this.#failures = new FailureLog(options.logger);
    const { connectionsPerSecondMax } = options;
    this.#rate = new TokenBucket(connectionsPerSecondMax, connectionsPerSecondMax * BURST_FACTOR, performance.now());
    this.#server.on("headers", (headers, request) => headers.push(`X-Request-Id: ${requestIdFor(request)}`));
  }

  /** From now on everybody is refused. */
  shut(): void {
    this.#isShut = true;
  }

  /** For the HTTP server's `upgrade` event. */
  async onUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    // A client that hangs up while it is answered is no error of ours.
    socket.on("error", () => socket.destroy());
    const requestId = keepRequestId(request);
    try {
      const guest = await this.#admit(request);
      await holdConnection(guest.caller, socket);
      this.#server.handleUpgrade(request, socket, head, (ws) => this.options.accept(ws, socket, guest));
    } catch (error) {
      this.options.counters.upgradesRefused += 1;
      const problem = problemOf(error);
      this.#failures.note(problem, requestId);
      refuse(socket, problem, requestId);
    }
  }

  /** @throws Problem saying why the client cannot come in */
  async #admit(request: IncomingMessage): Promise<Guest> {
    // First: it takes what is secret out of the URL.
    const caller = await this.options.gate.admit(request, SOCKET_ROUTES.streamChannels);
    const destination = destinationOf(request.url ?? "");
    requireSymbols(caller, destination.symbols);
    return {
      caller,
      address: this.#requireRoom(request, destination.channels),
      destination,
      requestId: requestIdFor(request),
    };
  }

  /**
   * Lets a client in that asks over HTTP and whose token was looked at, as long as its answer goes on.
   *
   * @returns its address
   * @throws Problem saying why it cannot come in
   */
  async admitEvents(request: IncomingMessage, res: ServerResponse, caller: Caller, channels: readonly Channel[]) {
    const symbols = channels.map(({ symbol }) => symbol);
    requireSymbols(
      caller,
      symbols.filter((symbol) => symbol !== EVERY_SYMBOL),
    );
    const address = this.#requireRoom(request, channels);
    await holdConnection(caller, res);
    return address;
  }

  /** @returns the caller's address */
  #requireRoom(request: IncomingMessage, channels: readonly Channel[]): string {
    const { allowedOrigins, connectionsMax, followed, openConnections, isReady } = this.options;
    if (!isOriginAllowed(request.headers, allowedOrigins)) {
      throw new Problem("forbidden", "Pages of this origin may not connect: see ALLOWED_ORIGINS.");
    }
    if (this.#isShut || !isReady()) throw unavailable("The stream");
    if (openConnections() >= connectionsMax) throw new Problem("unavailable", "There are too many connections.");
    if (!this.#rate.take(performance.now())) throw new Problem("too_many_requests", "Too many new connections.");
    const address = callerNetwork(request);
    const excess = followed.excess(address, channels);
    if (excess !== undefined) throw new Problem("unavailable", `Too many ${excess} are followed.`);
    return address;
  }
}

/** What a connection is counted for: a socket, or an answer on one that others may follow on. */
type Held = Pick<Duplex | ServerResponse, "destroyed"> & { once(event: "close", listener: () => void): unknown };

/**
 * Counts a connection until it is closed, whether or not it becomes a WebSocket.
 *
 * @throws Problem 429 when the client's token has as many as it may
 */
async function holdConnection({ quota }: Caller, socket: Held): Promise<void> {
  if (quota === undefined) return;
  if (!(await quota.hold("connections", 1))) {
    throw new Problem("too_many_requests", "This token has as many connections as it may.");
  }
  const letGo = () => quota.letGo("connections", 1);
  if (socket.destroyed) letGo();
  else socket.once("close", letGo);
}
