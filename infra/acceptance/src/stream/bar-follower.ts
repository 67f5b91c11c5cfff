import { eventually } from "@fx-ohlc/testkit";
import { WebSocket } from "ws";

/** A bar as a client is told of it; the prices of one that is gone are null. */
export interface ToldBar {
  readonly interval: string;
  readonly symbol: string;
  readonly bucket: string;
  readonly open: number | null;
  readonly high: number | null;
  readonly low: number | null;
  readonly close: number | null;
  readonly tick_count: number;
}

interface BarMessage {
  readonly type: string;
  readonly bar?: ToldBar;
}

/** A bar with the instant at which it came, ms since 1970. */
export interface HeardBar {
  readonly told: ToldBar;
  readonly atMs: number;
}

const INTERVALS = ["minute", "hour", "day"];

/** Follows the bars of some symbols over `/ws`, and keeps of each the newest that was told and when it was first final. */
export class BarFollower {
  readonly #newest = new Map<string, ToldBar>();
  readonly #finals = new Map<string, HeardBar>();
  readonly #ws: WebSocket;
  #isSubscribed = false;
  #told = 0;

  private constructor(url: string, symbols: readonly string[]) {
    const channels = symbols.flatMap((symbol) => INTERVALS.map((interval) => `ohlc:${symbol}:${interval}`));
    this.#ws = new WebSocket(`${url.replace("http:", "ws:")}/ws`);
    this.#ws.on("open", () => this.#ws.send(JSON.stringify({ op: "subscribe", channels })));
    this.#ws.on("message", (data) => this.#hear(JSON.parse(String(data)) as BarMessage)); // Checked by what is compared.
  }

  static async open(url: string, symbols: readonly string[]): Promise<BarFollower> {
    const follower = new BarFollower(url, symbols);
    await eventually(() => follower.#isSubscribed, { what: "the subscription to bars" });
    return follower;
  }

  /** Messages with a bar so far. */
  get told(): number {
    return this.#told;
  }

  /** Each bar as it was told last, by bucket. */
  bars(symbol: string, interval: string): ToldBar[] {
    const bars = [...this.#newest.values()].filter((bar) => bar.symbol === symbol && bar.interval === interval);
    return bars.sort((a, b) => (a.bucket < b.bucket ? -1 : 1));
  }

  /** Each bar as it was told when it became final. */
  firstFinals(interval: string): HeardBar[] {
    return [...this.#finals.values()].filter(({ told }) => told.interval === interval);
  }

  close(): void {
    this.#ws.terminate();
  }

  #hear({ type, bar }: BarMessage): void {
    if (type === "subscribed") this.#isSubscribed = true;
    if (bar === undefined) return;
    this.#told += 1;
    const name = `${bar.interval} ${bar.symbol} ${bar.bucket}`;
    this.#newest.set(name, bar);
    if (type === "final" && !this.#finals.has(name)) this.#finals.set(name, { told: bar, atMs: Date.now() });
  }
}
