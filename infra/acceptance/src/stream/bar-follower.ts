import { eventually } from "@fx-ohlc/testkit";
import { WebSocket } from "ws";

/** A bar as a client is told of it; what else it holds depends on its channel. */
export type ToldBar = Readonly<Record<string, unknown>> & { readonly bucket: string; readonly tick_count: number };

interface BarMessage {
  readonly type: string;
  readonly channel?: string;
  readonly bar?: ToldBar;
  readonly from?: string;
  readonly to?: string;
}

/** Bars of ticks are told apart by the first of theirs, too. */
export function barKey({ bucket, seq }: ToldBar): string {
  return seq === undefined ? bucket : `${bucket} ${seq}`;
}

/** Bars that a client was told to read again. */
interface Gap {
  readonly fromMs: number;
  readonly toMs: number;
}

/** A bar with the instant at which it came, ms since 1970. */
export interface HeardBar {
  readonly told: ToldBar;
  readonly atMs: number;
}

/** By channel and bucket. */
class Told<T> extends Map<string, Map<string, T>> {
  of(channel: string): Map<string, T> {
    const known = this.get(channel) ?? new Map<string, T>();
    this.set(channel, known);
    return known;
  }
}

/** Follows channels of bars over `/ws`, and keeps of each bar the newest that was told and when it was first final. */
export class BarFollower {
  readonly #newest = new Told<ToldBar>();
  readonly #finals = new Told<HeardBar>();
  readonly #gaps = new Map<string, Gap[]>();
  readonly #ws: WebSocket;
  #isSubscribed = false;
  #told = 0;

  private constructor(url: string, channels: readonly string[]) {
    this.#ws = new WebSocket(`${url.replace("http:", "ws:")}/ws`);
    this.#ws.on("open", () => this.#ws.send(JSON.stringify({ op: "subscribe", channels })));
    this.#ws.on("message", (data) => this.#hear(JSON.parse(String(data)) as BarMessage)); // Checked by what is compared.
  }

  static async open(url: string, channels: readonly string[]): Promise<BarFollower> {
    const follower = new BarFollower(url, channels);
    await eventually(() => follower.#isSubscribed, { what: "the subscription to bars" });
    return follower;
  }

  /** Messages with a bar so far. */
  get told(): number {
    return this.#told;
  }

  /** Each bar as it was told last, by bucket. */
  bars(channel: string): ToldBar[] {
    return [...this.#newest.of(channel).values()].sort((a, b) => (a.bucket < b.bucket ? -1 : 1));
  }

  /** Whether a bar lies where clients were told to read, and was not told since. */
  isLeft(channel: string, bar: ToldBar): boolean {
    const atMs = Date.parse(bar.bucket);
    const isIn = ({ fromMs, toMs }: Gap) => atMs >= fromMs && atMs <= toMs;
    return !this.#newest.of(channel).has(barKey(bar)) && (this.#gaps.get(channel) ?? []).some(isIn);
  }

  /** Each bar as it was told when it became final. */
  firstFinals(channel: string): HeardBar[] {
    return [...this.#finals.of(channel).values()];
  }

  close(): void {
    this.#ws.terminate();
  }

  #hear({ type, channel = "", bar, from = "", to = "" }: BarMessage): void {
    if (type === "subscribed") this.#isSubscribed = true;
    if (type === "gap") this.#leave(channel, { fromMs: Date.parse(from), toMs: Date.parse(to) });
    if (bar === undefined) return;
    this.#told += 1;
    const key = barKey(bar);
    this.#newest.of(channel).set(key, bar);
    const finals = this.#finals.of(channel);
    if (type === "final" && !finals.has(key)) finals.set(key, { told: bar, atMs: Date.now() });
  }

  #leave(channel: string, gap: Gap): void {
    this.#gaps.set(channel, [...(this.#gaps.get(channel) ?? []), gap]);
    const newest = this.#newest.of(channel);
    for (const [key, { bucket }] of newest) {
      const atMs = Date.parse(bucket);
      if (atMs >= gap.fromMs && atMs <= gap.toMs) newest.delete(key);
    }
  }
}
