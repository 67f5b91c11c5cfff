import type { Duplex } from "node:stream";
import type { Caller } from "@fx-ohlc/service-kit";
import type { Counters } from "../counters.js";
import type { Receiver } from "../fanout/audience.js";
import { Bundle, type Packet } from "../fanout/packet.js";
import type { ClientSocket } from "./client-socket.js";

/** Length of an instant in a ping: milliseconds since the process started, as text. */
const PING_BYTES_MAX = 20;

/** How a sender sends, and who hears of it. */
export interface SenderOptions {
  /** Whether finished frames can be written past `ws`, see `canWriteFrames`. */
  readonly writesFrames: boolean;
  readonly counters: Counters;
  readonly caller: Caller;
  /** Not everything that was sent has been taken by the system. */
  onQueued(queuedBytes: number): void;
}

/** The sending side of one client. */
export class Sender implements Receiver {
  /** Something was sent since the last ping. */
  #isUnpinged = false;

  /** @param socket what `ws` writes to */
  constructor(
    private readonly ws: ClientSocket,
    private readonly socket: Duplex,
    private readonly options: SenderOptions,
  ) {}

  get isOpen(): boolean {
    return this.ws.readyState === this.ws.OPEN;
  }

  get isUnpinged(): boolean {
    return this.#isUnpinged;
  }

  /** Bytes that the system has not taken yet. */
  get queuedBytes(): number {
    return this.socket.writableLength;
  }

  send(bundle: Bundle): void {
    if (!this.isOpen) return;
    if (this.options.writesFrames) this.socket.write(bundle.frames);
    else for (const packet of bundle.packets) for (const text of packet.texts) this.ws.send(text);
    this.options.counters.messagesSent += bundle.count;
    this.options.caller.quota?.spend("delivered_per_second", bundle.count);
    this.#isUnpinged = true;
    if (this.queuedBytes > 0) this.options.onQueued(this.queuedBytes);
  }

  sendPackets(packets: readonly Packet[]): void {
    if (packets.length > 0) this.send(new Bundle(packets));
  }

  /** Sends a ping that is known by an instant: its answer tells that everything before it was read. */
  ping(atMs: number): void {
    if (!this.isOpen) return;
    this.ws.ping(String(atMs));
    this.#isUnpinged = false;
  }

  /** Says goodbye. A client that does not answer is cut off when `ws`'s closing time is over. */
  close(code: number, reason: string): void {
    this.ws.close(code, reason);
  }

  /** Cuts the connection. */
  cut(): void {
    this.ws.terminate();
  }
}

/** The instant of an answered ping; not a number when the client made the answer up. */
export function instantOfPong(payload: Buffer): number {
  return payload.length <= PING_BYTES_MAX ? Number(payload.toString("latin1")) : Number.NaN;
}
