import { once } from "node:events";
import type { WireTick } from "@fx-ohlc/schemas";
import type { TestService } from "@fx-ohlc/testkit";
import { WebSocket } from "ws";

/** One connection to the gateway's plain endpoint of ticks, which is never opened again. */
export class Dashboard {
  readonly ticks: WireTick[] = [];
  /** How many gaps it was told of. */
  gaps = 0;
  readonly #socket: WebSocket;

  private constructor(url: string) {
    this.#socket = new WebSocket(url);
    this.#socket.on("message", (data) => this.#note(JSON.parse(String(data))));
  }

  static async open(gateway: TestService, symbol: string): Promise<Dashboard> {
    const dashboard = new Dashboard(`${gateway.url.replace(/^http/, "ws")}/ws/ticks?symbol=${symbol}`);
    await once(dashboard.#socket, "open");
    return dashboard;
  }

  get isOpen(): boolean {
    return this.#socket.readyState === WebSocket.OPEN;
  }

  close(): void {
    this.#socket.terminate();
  }

  #note(message: WireTick & { type?: string }): void {
    if (message.type === "gap") this.gaps += 1;
    else this.ticks.push(message);
  }
}
