import { eventually } from "@fx-ohlc/testkit";
import { type RawData, WebSocket } from "ws";
import type { Everything } from "../system.js";

/** What nobody else may keep a bystander from: an answer, or a tick on the stream, within this time, ms. */
export const SERVED_WITHIN_MS = 1000;
/** How often it is looked at whether somebody is served, ms. */
const INTERVAL_MS = 100;
const TIMEOUT_MS = 20_000;

type Way = "post" | "stream" | "read";

/** Somebody who has nothing to do with a stranger: posts ticks of a symbol of its own, reads its bars and follows it. */
export class Bystander {
  /** The longest that each took, ms; without end where it failed. */
  readonly #worst: Record<Way, number> = { post: 0, stream: 0, read: 0 };
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
  async during(work: () => Promise<unknown>): Promise<Readonly<Record<Way, number>>> {
    Object.assign(this.#worst, { post: 0, stream: 0, read: 0 });
    this.#timer = setInterval(() => this.#begin(), INTERVAL_MS);
    try {
      await work();
    } finally {
      clearInterval(this.#timer);
      await Promise.all(this.#underWay);
      await eventually(() => this.#sentAtMs.size === 0, { timeoutMs: TIMEOUT_MS }).catch(() => this.#note("stream"));
    }
    return { ...this.#worst };
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
    this.#worst[way] = Math.max(this.#worst[way], tookMs);
  }
}

/** Fails unless everything took less than {@link SERVED_WITHIN_MS}. */
export function expectServed(worst: Readonly<Record<Way, number>>): void {
  const late = Object.entries(worst).filter(([, tookMs]) => tookMs >= SERVED_WITHIN_MS);
  expect(Object.fromEntries(late.map(([way, tookMs]) => [way, Math.round(tookMs)]))).toEqual({});
}
