import { once } from "node:events";
import { createServer, type IncomingMessage, type RequestListener, type Server } from "node:http";
import { type AddressInfo, createServer as createNetServer, Server as NetServer, type Socket } from "node:net";
import { setImmediate as nextTurn } from "node:timers/promises";
import { isNativeError } from "node:util/types";
import { ConnectionEnds } from "./connection-ends.js";
import { tameCrumbledBodies } from "./crumbled-bodies.js";
import type { EnvReader } from "./env.js";
import { type Forwarding, forwardingJudge } from "./forwarding.js";
import { takeOddRequests } from "./odd-requests.js";
import { boundPipelining } from "./pipelining.js";
import { Problem } from "./problem.js";
import { refuse } from "./refusal.js";
import { assignRequestId, requestIdFor } from "./request-id.js";
import { takeTarget } from "./request-target.js";
import { sendProblem } from "./send.js";
import { takeWebSockets, type UpgradeListener } from "./web-sockets.js";

/** A client that sends its headers this slowly holds a connection for nothing. */
const HEADERS_TIMEOUT_MS = 10_000;
/** A whole request, body included. Streamed uploads need 0 (no bound) and a bound of their own. */
const REQUEST_TIMEOUT_MS = 60_000;
/** Longer than nginx keeps an idle upstream connection (60 s), so that it never writes into one being closed. */
const KEEP_ALIVE_TIMEOUT_MS = 75_000;
/** How often the two timeouts above are enforced; Node's 30 s would triple them. */
const CONNECTIONS_CHECK_MS = 2000;
/**
 * Connections that wait in the system while this process has no time for them. Past it whoever comes is told nothing and tries again a
 * second later, and then two: Node's 511 are too few where a thousand come at once. One is taken in each turn of the event loop,
 * those that have left by then among them: behind Linux's 4,096 whoever comes would wait for a second at best.
 */
const WAITING_CONNECTIONS_MAX = 1024;
/** How often a stopping server looks for connections that have become idle. */
const IDLE_SWEEP_MS = 50;

/** Reads `SHUTDOWN_GRACE_MS`: how long a stopping service still answers on open connections, see {@link HttpServer.stop}. */
export function readShutdownGrace(env: EnvReader): number {
  return env.integer("SHUTDOWN_GRACE_MS", { default: 0, min: 0, max: 5000, unit: "ms" });
}

export interface ListenOptions {
  /** 0 lets the system choose. */
  readonly port: number;
  /** Every address of the machine when absent. A port that the system chooses is one of the first alone. */
  readonly host?: string | readonly string[] | undefined;
  /** Nobody's word is taken when absent. */
  readonly forwarding?: Forwarding;
  /** For a whole request; 0 is no bound. */
  readonly requestTimeoutMs?: number;
  /** Takes over connections that ask for a WebSocket; without it they are answered as if they did not. */
  readonly onWebSocket?: UpgradeListener;
}

/** A listening HTTP server. */
export interface HttpServer {
  readonly port: number;
  /**
   * Refuses new connections, closes idle ones, lets running requests end and cuts what is left after `deadlineMs`, upgraded
   * connections included. Never rejects.
   *
   * @param graceMs for so long idle connections are left open, and a request that arrives on one is answered: a proxy that
   *   keeps connections may be writing into one just now, and must not repeat a POST. It closes its own idle ones sooner.
   */
  stop(deadlineMs: number, graceMs?: number): Promise<void>;
}

/** What a machine answers to an address of a family that it has not. */
const NO_SUCH_ADDRESS: readonly unknown[] = ["EADDRNOTAVAIL", "EAFNOSUPPORT"];

const NO_FORWARDING: Forwarding = { trustedProxies: [], publicUrl: undefined };

/** Node's own answer to it is no problem document, and it lets upgrades through. */
const NO_HOST = new Problem("malformed", "A request of HTTP/1.1 has to say in Host by which name it asks.");

/** HTTP/1.0 knows no `Host` (RFC 9112 §3.2). The authority of a target in absolute form is one by now. */
function lacksHost({ headers, httpVersion }: IncomingMessage): boolean {
  return headers.host === undefined && httpVersion === "1.1";
}

const TWO_HOSTS = new Problem("malformed", "A request says in one Host by which name it asks, not in two.");

/** RFC 9112 §3.2. Node goes by the first, and somebody else on the way perhaps by the last. */
function hasTwoHosts({ rawHeaders }: IncomingMessage): boolean {
  let hosts = 0;
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const name = rawHeaders[at];
    if (name?.length === 4 && name.toLowerCase() === "host") hosts += 1;
  }
  return hosts > 1;
}

/** @returns what is wrong with the name by which a request asks; undefined when nothing is */
function problemOfHost(req: IncomingMessage): Problem | undefined {
  if (lacksHost(req)) return NO_HOST;
  return hasTwoHosts(req) ? TWO_HOSTS : undefined;
}

function judged(judge: (req: IncomingMessage) => void, accept: UpgradeListener | undefined) {
  if (accept === undefined) return undefined;
  return (...[req, socket, head]: Parameters<UpgradeListener>) => {
    judge(req);
    const problem = problemOfHost(req);
    if (problem !== undefined) return refuse(socket, problem, requestIdFor(req));
    accept(req, socket, head);
  };
}

function answered(handler: RequestListener): RequestListener {
  return (req, res) => {
    const problem = problemOfHost(req);
    if (problem === undefined) return handler(req, res);
    assignRequestId(req, res);
    sendProblem(res, problem);
  };
}

/** The one line a user reads when a port cannot be had. */
function listenError(error: NodeJS.ErrnoException, port: number): Error {
  const reasons: Readonly<Record<string, string>> = {
    EADDRINUSE: "is already in use; stop the other process or set PORT to another one",
    EACCES: "may not be opened by this user; set PORT to one above 1023",
  };
  const reason = reasons[error.code ?? ""];
  return reason === undefined ? error : new Error(`port ${port} ${reason}`, { cause: error });
}

/**
 * Starts an HTTP server.
 *
 * @throws Error with a one-line message when the port is taken
 */
export async function listen(handler: RequestListener, options: ListenOptions): Promise<HttpServer> {
  const server = createServer({
    headersTimeout: HEADERS_TIMEOUT_MS,
    requestTimeout: options.requestTimeoutMs ?? REQUEST_TIMEOUT_MS,
    keepAliveTimeout: KEEP_ALIVE_TIMEOUT_MS,
    connectionsCheckingInterval: CONNECTIONS_CHECK_MS,
    requireHostHeader: false, // It is required here.
  });
  // What is in headers ends where they are 16 kB. By their number Node would leave some out and still end the body by what they say.
  server.maxHeadersCount = 0;
  const sockets = trackSockets(server);
  // Before all others: what they read in headers is true then.
  const judgeForwarding = forwardingJudge(options.forwarding ?? NO_FORWARDING);
  const judge = (req: IncomingMessage) => {
    takeTarget(req);
    judgeForwarding(req);
  };
  server.on("request", judge);
  boundPipelining(server);
  tameCrumbledBodies(server);
  const ends = new ConnectionEnds(server);
  takeWebSockets(server, ends, judged(judge, options.onWebSocket));
  takeOddRequests(server, ends);
  server.on("request", answered(handler));
  const besides = await listenOn(server, options);
  const { port } = server.address() as AddressInfo; // Not a pipe: it was given a port.
  const stop: HttpServer["stop"] = (deadlineMs, graceMs = 0) => {
    return stopServer(server, { besides, sockets, deadlineMs, graceMs });
  };
  return { port, stop };
}

/** @returns what listens on the addresses after the first one */
async function listenOn(server: Server, { port, host }: ListenOptions): Promise<readonly NetServer[]> {
  const [first, ...others] = typeof host === "string" ? [host] : (host ?? []);
  const besides: NetServer[] = [];
  try {
    server.listen({ port, ...(first === undefined ? {} : { host: first }), backlog: WAITING_CONNECTIONS_MAX });
    await once(server, "listening");
    for (const other of port === 0 ? [] : others) besides.push(...(await listenBeside(server, port, other)));
  } catch (error) {
    for (const open of [server, ...besides]) open.close();
    throw isNativeError(error) ? listenError(error, port) : error;
  }
  return besides;
}

/** Node's server has one address: connections to another one are handed to it. An address of no family here is passed over. */
async function listenBeside(server: Server, port: number, host: string): Promise<readonly NetServer[]> {
  // As Node's HTTP server is.
  const beside = createNetServer({ allowHalfOpen: true, noDelay: true }, (socket) => server.emit("connection", socket));
  beside.listen({ port, host, backlog: WAITING_CONNECTIONS_MAX });
  try {
    await once(beside, "listening");
    return [beside];
  } catch (error) {
    if (isNativeError(error) && "code" in error && NO_SUCH_ADDRESS.includes(error.code)) return [];
    throw error;
  }
}

/**
 * Every open socket: Node forgets those that were upgraded. It stops listening to their errors, too, and one that nobody listens to
 * ends the process: a reset may come whoever has the socket, or nobody as long as an upgrade waits for the answers before it.
 */
function trackSockets(server: Server): ReadonlySet<Socket> {
  const sockets = new Set<Socket>();
  server.on("connection", (socket) => {
    if (sockets.has(socket)) return;
    sockets.add(socket);
    socket.on("error", () => socket.destroy());
    socket.once("close", () => sockets.delete(socket));
  });
  return sockets;
}

/** Of the event loop: the first may be a long one, whose callbacks others come behind. */
const TURNS_TO_LET_IN = 3;

interface Stopping {
  readonly besides: readonly NetServer[];
  readonly sockets: ReadonlySet<Socket>;
  readonly deadlineMs: number;
  readonly graceMs: number;
}

async function stopServer(server: Server, { besides, sockets, deadlineMs, graceMs }: Stopping): Promise<void> {
  // A request that still arrives on an open connection is answered, and told not to send another.
  server.prependListener("request", (_req, res) => res.setHeader("Connection", "close"));
  const graceUntilMs = performance.now() + graceMs;
  // A connection that waits to be let in when the door closes is reset, and a proxy does not repeat a POST that it has sent into one.
  for (let turn = 0; turn < TURNS_TO_LET_IN; turn += 1) await nextTurn();
  // Not `server.close()`, which closes idle connections at once.
  const close = (open: NetServer) => {
    return new Promise<void>((resolve) => NetServer.prototype.close.call(open, () => resolve()));
  };
  const closed = Promise.all([server, ...besides].map(close));
  const sweep = setInterval(() => {
    if (performance.now() >= graceUntilMs) closeIdle(server, sockets);
  }, IDLE_SWEEP_MS);
  if (graceMs === 0) closeIdle(server, sockets);
  const cut = setTimeout(() => {
    for (const socket of sockets) socket.resetAndDestroy();
  }, deadlineMs + graceMs);
  await closed;
  clearInterval(sweep);
  clearTimeout(cut);
  server.close(); // Ends Node's own timer.
}

/** Node does not count as idle what has never sent a request. */
function closeIdle(server: Server, sockets: ReadonlySet<Socket>): void {
  for (const socket of sockets) if (socket.bytesRead === 0) socket.destroy();
  server.closeIdleConnections();
}
