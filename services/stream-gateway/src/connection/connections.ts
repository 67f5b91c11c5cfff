import { setTimeout as delay } from "node:timers/promises";
import { CLOSE } from "./close-code.js";
import type { Connection } from "./connection.js";

const NONE = { ticks: 0, ohlc_minute: 0, ohlc_hour: 0, ohlc_day: 0, ohlc: 0, multiplex: 0, sse: 0 };
/** What clients connect to; the names that statistics and metrics use. */
export type Endpoint = keyof typeof NONE;

/** How often each connection is looked after: half of the lag that is to be noticed. */
const PULSE_MS = 500;
/** A stopping gateway closes its clients in this many slices. */
const DRAIN_SLICES = 20;
/** Clients come back over this time, so that those of a whole gateway do not fall upon the others at once. */
const RETRY_SPREAD_MS = 5000;

/** Every open connection. */
export class Connections {
  readonly #open = new Map<Connection, Endpoint>();
  #timer: NodeJS.Timeout | undefined;

  get size(): number {
    return this.#open.size;
  }

  add(connection: Connection, endpoint: Endpoint): void {
    this.#open.set(connection, endpoint);
  }

  remove(connection: Connection): void {
    this.#open.delete(connection);
  }

  /** How many there are of each endpoint. */
  counts(): Record<Endpoint, number> {
    const counts = { ...NONE };
    for (const endpoint of this.#open.values()) counts[endpoint] += 1;
    return counts;
  }

  start(): void {
    // In the turn after the timer's: what clients sent while this process was busy has been read by then.
    this.#timer = setInterval(() => setImmediate(() => this.#pulse()), PULSE_MS);
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  /** Closes everybody in jittered slices over `durationMs`, and cuts off whoever is still there `graceMs` later. */
  async drain(durationMs: number, graceMs: number, random: () => number = Math.random): Promise<void> {
    const connections = [...this.#open.keys()].sort(() => random() - 0.5);
    const sliceSize = Math.ceil(connections.length / DRAIN_SLICES);
    for (let at = 0; at < connections.length; at += sliceSize) {
      for (const connection of connections.slice(at, at + sliceSize)) {
        const reason = JSON.stringify({ retry_ms: Math.round(random() * RETRY_SPREAD_MS) });
        connection.sender.close(CLOSE.goingAway, reason);
      }
      await delay((random() * 2 * durationMs) / DRAIN_SLICES);
    }
    const deadlineMs = performance.now() + graceMs;
    while (this.#open.size > 0 && performance.now() < deadlineMs) await delay(20);
    for (const connection of this.#open.keys()) connection.sender.cut();
  }

  #pulse(): void {
    const nowMs = performance.now();
    for (const connection of this.#open.keys()) connection.pulse(nowMs);
  }
}
