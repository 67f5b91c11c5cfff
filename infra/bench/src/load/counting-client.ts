import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { FrameCounter, pongFrame, textFrame } from "./frame-counter.js";

const HEAD_END = "\r\n\r\n";
/** Upgrades under way at once. */
const OPENING_MAX = 50;
/** Gateways take a burst of connections, and 500 a second in the long run. */
const BURST_MAX = 500;
const OPENED_PER_SECOND_MAX = 450;

/** A WebSocket client that counts what it gets and answers pings. */
export class CountingClient {
  readonly #counter: FrameCounter;

  private constructor(
    private readonly socket: Socket,
    onError: (error: Error) => void,
  ) {
    this.#counter = new FrameCounter({
      onPing: (payload) => socket.write(pongFrame(payload)),
      onClose: (code) => onError(new Error(`a client was closed with ${code}`)),
    });
    socket.on("error", onError);
  }

  /** @throws Error when the server refuses the upgrade */
  static async open(url: string, onError: (error: Error) => void): Promise<CountingClient> {
    const { hostname, port, pathname, host } = new URL(url);
    const socket = connect(Number(port), hostname);
    await once(socket, "connect");
    const key = randomBytes(16).toString("base64");
    socket.write(
      `GET ${pathname} HTTP/1.1\r\nHost: ${host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${key}\r\n\r\n`,
    );
    const first = await readHead(socket);
    const client = new CountingClient(socket, onError);
    client.#counter.read(first);
    socket.on("data", (bytes) => client.#counter.read(bytes));
    return client;
  }

  /** Messages so far. */
  get messages(): number {
    return this.#counter.texts;
  }

  say(text: string): void {
    this.socket.write(textFrame(text));
  }

  close(): void {
    this.socket.destroy();
  }
}

/** Reads the answer to the upgrade. @returns what came behind it */
async function readHead(socket: Socket): Promise<Buffer> {
  let bytes = Buffer.alloc(0);
  while (!bytes.includes(HEAD_END)) {
    const [chunk]: Buffer[] = await once(socket, "data");
    bytes = Buffer.concat([bytes, chunk ?? Buffer.alloc(0)]);
  }
  const end = bytes.indexOf(HEAD_END);
  const head = bytes.toString("latin1", 0, end);
  if (!head.startsWith("HTTP/1.1 101")) throw new Error(`a WebSocket was refused: ${head.split("\r\n")[0]}`);
  return bytes.subarray(end + HEAD_END.length);
}

/** Opens many clients, a few at a time. */
export async function openClients(
  url: string,
  count: number,
  onError: (error: Error) => void,
): Promise<CountingClient[]> {
  const clients: CountingClient[] = [];
  const startedMs = performance.now();
  while (clients.length < count) {
    const dueMs = ((clients.length - BURST_MAX) / OPENED_PER_SECOND_MAX) * 1000;
    await sleep(Math.max(0, startedMs + dueMs - performance.now()));
    const more = Math.min(OPENING_MAX, count - clients.length);
    clients.push(...(await Promise.all(Array.from({ length: more }, () => CountingClient.open(url, onError)))));
  }
  return clients;
}
