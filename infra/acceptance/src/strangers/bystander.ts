import { eventually, watchEventLoop } from "@fx-ohlc/testkit";
import { type RawData, WebSocket } from "ws";
import type { Everything } from "../system.js";

/** What nobody else may keep a bystander from: an answer, or a tick on the stream, within this time, ms. */
const SERVED_WITHIN_MS = 1000;
/** All of them, also those that met a moment in which this machine had other things to do than any of this. */
export const SERVED_AT_LAST_MS = 3000;
/** How often it is looked at whether somebody is served, ms. */
const INTERVAL_MS = 100;
const TIMEOUT_MS = 20_000;

const WAYS = ["post", "stream", "read"] as const;
type Way = (typeof WAYS)[number];

/** Somebody who has nothing to do with a stranger: posts ticks of a symbol of its own, reads its bars and follows it. */
export class Bystander {
  /** How long each took, ms; without end where it failed. */
  #took: Record<Way, number[]> = { post: [], stream: [], read: [] };
  readonly #sentAtMs = new Map<number, number>();
  readonly #underWay = new Set<Promise<void>>();
  readonly #ws: WebSocket;
  #timer: NodeJS.Timeout | undefined;
  #price = 0;
  #isFollowing = false;

  private constructor(
    private readonly urls: { readonly ingest: string; readonly query: string; readonly gateway: string },
    private readonly symbol: string,
  ) {
    this.#ws = new WebSocket(`${urls.gateway.replace("http:", "ws:")}/ws`);
    this.#ws.on("open", () => this.#ws.send(JSON.stringify({ op: "subscribe", channels: [`ticks:${symbol}`] })));
    this.#ws.on("message", (data) => this.#hear(data));
  }

  /** By the services' own addresses, or all of it through the edge. */
  static async of({ ingest, query, gateway }: Everything, symbol = "BYSTANDER"): Promise<Bystander> {
    const bystander = new Bystander({ ingest: ingest.url, query: query.url, gateway: gateway.url }, symbol);
    await eventually(() => bystander.#isFollowing, { what: "the bystander's subscription" });
    return bystander;
  }

  /** How each was served while something went on, and until all that was begun meanwhile has ended. */
  async during(work: () => Promise<unknown>): Promise<Served> {
    this.#took = { post: [], stream: [], read: [] };
    const heldUpMs = watchEventLoop();
    this.#timer = setInterval(() => this.#begin(), INTERVAL_MS);
    try {
      await work();
    } finally {
      clearInterval(this.#timer);
      await Promise.all(this.#underWay);
      await eventually(() => this.#sentAtMs.size === 0, { timeoutMs: TIMEOUT_MS }).catch(() => this.#note("stream"));
    }
    return { took: this.#took, heldUpMs: heldUpMs() };
  }

  end(): void {
    this.#ws.terminate();
  }

  #begin(): void {
    for (const work of [this.#post(), this.#read()]) {
      this.#underWay.add(work);
      void work.finally(() => this.#underWay.delete(work));
    }
  }

  async #post(): Promise<void> {
    this.#price += 1;
    const price = this.#price;
    this.#sentAtMs.set(price, performance.now());
    const body = JSON.stringify({ symbol: this.symbol, price });
    const isStored = await this.#timed("post", `${this.urls.ingest}/ticks`, {
      method: "POST",
      body,
      headers: { "content-type": "application/json" },
    });
    if (!isStored) this.#sentAtMs.delete(price);
  }

  async #read(): Promise<void> {
    await this.#timed("read", `${this.urls.query}/ohlc/minute?symbol=${this.symbol}&count=5`, {});
  }

  async #timed(way: Way, url: string, request: RequestInit): Promise<boolean> {
    const startedMs = performance.now();
    try {
      const answer = await fetch(url, { ...request, signal: AbortSignal.timeout(TIMEOUT_MS) });
      await answer.arrayBuffer();
      this.#note(way, answer.ok ? performance.now() - startedMs : undefined);
      return answer.ok;
    } catch {
      this.#note(way);
      return false;
    }
  }

  #hear(data: RawData): void {
    const { type, ticks = [] } = JSON.parse(String(data)) as { type: string; ticks?: { price: number }[] }; // Ours.
    if (type === "subscribed") this.#isFollowing = true;
    for (const { price } of ticks) {
      this.#note("stream", performance.now() - (this.#sentAtMs.get(price) ?? performance.now()));
      this.#sentAtMs.delete(price);
    }
  }

  #note(way: Way, tookMs = Number.POSITIVE_INFINITY): void {
    this.#took[way].push(tookMs);
  }
}

/** How somebody was served. */
export interface Served {
  readonly took: Readonly<Record<Way, readonly number[]>>;
  /** For so long this process stood still itself, which comes to what it measures. */
  readonly heldUpMs: number;
}

/** Fails unless nearly everything took less than a second, and the rest not much more. */
export function expectServed({ took, heldUpMs }: Served, ways: readonly Way[] = WAYS): void {
  const late = ways.map((way) => {
    const sorted = took[way].map((ms) => Math.max(0, Math.round(ms - heldUpMs))).sort((a, b) => a - b);
    return { way, usual: sorted[Math.floor(sorted.length * 0.9)] ?? 0, worst: sorted.at(-1) ?? 0 };
  });
  expect(late.filter(({ usual, worst }) => usual >= SERVED_WITHIN_MS || worst >= SERVED_AT_LAST_MS)).toEqual([]);
}
