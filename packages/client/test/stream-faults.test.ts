import { setImmediate as turn } from "node:timers/promises";
import { eventually } from "@fx-ohlc/testkit";
import { FxClient, type TickJson } from "../src/index.js";
import { type Peer, ScriptedGateway } from "./scripted-gateway.js";

const CHANNEL = "ticks:EURUSD";
const START_MS = Date.parse("2100-12-05T10:00:00Z");
/** Messages a client can resume from: fewer than come in many an outage. */
const KEPT_MESSAGES = 2;
const STEPS = 400;
/** A tick may come this much later than it is stamped: less than what a reload goes back by. */
const LATE_MAX_MS = 30_000;

type Row = Pick<TickJson, "time" | "price" | "seq">;

const timeAt = (ms: number) => new Date(ms).toISOString().replace("Z", "000Z");
const keyOf = ({ time, seq }: Row) => `${time}/${seq}`;

/** Numbers from 0 to 1 that a seed decides (mulberry32). */
function seededRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** A symbol whose ticks are stored, kept for a while for who resumes, and sent to who is connected. */
class Market {
  readonly stored: Row[] = [];
  readonly #messages: object[] = [];
  #nowMs = START_MS;
  #ticks = 0;

  readonly #random: () => number;

  constructor(random: () => number) {
    this.#random = random;
  }

  /** New ticks, each a message. */
  trade(): object {
    const ticks = Array.from({ length: 1 + Math.floor(this.#random() * 40) }, () => this.#tick());
    this.stored.push(...ticks);
    this.stored.sort((a, b) => (a.time < b.time ? -1 : 1));
    const message = { type: "ticks", channel: CHANNEL, offset: `e-${this.#messages.length + 1}`, ticks };
    this.#messages.push(message);
    return message;
  }

  #tick(): Row {
    this.#nowMs += 1 + Math.floor(this.#random() * 2000);
    const lateMs = this.#random() < 0.2 ? Math.floor(this.#random() * LATE_MAX_MS) : 0;
    // No two at once: each has microseconds of its own.
    this.#ticks += 1;
    const us = String(this.#ticks % 1000).padStart(3, "0");
    return { time: timeAt(this.#nowMs - lateMs).replace("000Z", `${us}Z`), price: 1, seq: 0 };
  }

  heartbeat(): object {
    return { type: "heartbeat", time: timeAt(this.#nowMs), offsets: {} };
  }

  /** The answer to who subscribes, with what it missed. */
  answerTo(since: string | undefined): object[] {
    const after = Number(since?.split("-")[1] ?? Number.NaN);
    const count = this.#messages.length;
    const recovered = after >= count - KEPT_MESSAGES;
    const channels = [{ channel: CHANNEL, offset: `e-${count}`, recovered }];
    return [{ type: "subscribed", channels }, ...(recovered ? this.#messages.slice(after) : [])];
  }
}

describe("a stream", () => {
  it.each([1, 2, 3, 4, 5, 6, 7, 8])(
    "tells every tick, and none again that it told or read, whatever is cut and however slow its reader is (%d)",
    async (seed) => {
      const random = seededRandom(seed);
      const gateway = await ScriptedGateway.start();
      const market = new Market(random);
      gateway.history = market.stored;
      // The first connection cannot be resumed either.
      while (market.stored.length < 200) market.trade();
      let peer: Peer | undefined;
      const answer = async (next: Peer) => {
        const { since } = await next.request();
        next.send(...market.answerTo(since?.[CHANNEL]));
        peer = next;
      };
      const serve = async () => {
        // One that is cut before it has asked is never answered.
        for (;;) void answer(await gateway.peer());
      };
      void serve();
      const client = new FxClient({ url: gateway.url, retry: { attemptsMax: 1 } });
      const positions = { [CHANNEL]: { offset: "e-0", time: timeAt(START_MS) } };
      const options = {
        channels: [CHANNEL] as const,
        reconnect: { baseMs: 1, capMs: 1 },
        queueMax: 1 + Math.floor(random() * 100),
      };
      const stream = client.stream({ ...options, positions });
      const [told, read] = [new Set<string>(), new Set<string>()];
      const again: string[] = [];
      const gaps: string[] = [];
      const isComplete = () => market.stored.every((row) => told.has(keyOf(row)) || read.has(keyOf(row)));
      const reading = (async () => {
        for await (const event of stream) {
          if (event.type === "gap") gaps.push(event.reason);
          for (const row of event.type === "ticks" ? event.ticks : []) {
            if (told.has(keyOf(row)) || read.has(keyOf(row))) again.push(keyOf(row));
            told.add(keyOf(row));
          }
          if (event.type === "reloaded-ticks") for (const row of event.ticks) read.add(keyOf(row));
          for (let turns = Math.floor(random() * 20); turns > 0; turns -= 1) await turn();
        }
      })();
      for (let step = 0; step < STEPS; step += 1) {
        const chance = random();
        if (chance < 0.02) {
          peer = undefined;
          gateway.cut();
        } else if (chance < 0.05) peer?.send(market.heartbeat());
        else {
          const message = market.trade();
          peer?.send(message);
        }
        for (let turns = Math.floor(random() * 10); turns > 0; turns -= 1) await turn();
      }
      await eventually(isComplete);
      stream.close();
      await reading;
      await gateway.stop();
      expect({ again, gaps }).toEqual({ again: [], gaps: [] });
      expect(read.size).toBeGreaterThan(0);
    },
  );
});
