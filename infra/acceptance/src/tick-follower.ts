import { eventually } from "@fx-ohlc/testkit";
import { WebSocket } from "ws";

interface Message {
  readonly type: string;
  readonly ticks?: readonly { readonly time: string; readonly seq: number }[];
}

/** Listens to the ticks of one symbol over `/ws`, from one connection. */
export class TickFollower {
  /** How often each tick came, by its time and number. */
  readonly heard = new Map<string, number>();
  /** Whatever else came: a gap, an error. */
  readonly others: Message[] = [];
  readonly #ws: WebSocket;
  #isSubscribed = false;

  private constructor(url: string, symbol: string) {
    this.#ws = new WebSocket(`${url.replace("http:", "ws:")}/ws`);
    this.#ws.on("open", () => this.#ws.send(JSON.stringify({ op: "subscribe", channels: [`ticks:${symbol}`] })));
    this.#ws.on("message", (data) => this.#hear(JSON.parse(String(data)) as Message)); // Another shape is among the others.
  }

  static async open(url: string, symbol: string): Promise<TickFollower> {
    const follower = new TickFollower(url, symbol);
    await eventually(() => follower.#isSubscribed, { what: "the subscription to ticks" });
    return follower;
  }

  close(): void {
    this.#ws.terminate();
  }

  #hear(message: Message): void {
    if (message.type === "subscribed") this.#isSubscribed = true;
    else if (message.type === "ticks") for (const { time, seq } of message.ticks ?? []) this.#note(`${time} ${seq}`);
    else if (message.type !== "heartbeat") this.others.push(message);
  }

  #note(tick: string): void {
    this.heard.set(tick, (this.heard.get(tick) ?? 0) + 1);
  }
}
