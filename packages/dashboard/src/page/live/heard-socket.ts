import type { WebSocketConstructor } from "@fx-ohlc/client";

/** Twice within a heartbeat: silence is noticed before the stream itself gives up. */
const PING_INTERVAL_MS = 5_000;

export interface SocketEars {
  /** Something came. */
  onHeard(): void;
  /** The answer to a ping took so long. */
  onRoundTrip(ms: number): void;
}

/** The browser's WebSocket, which also tells when something came and how long a ping takes. */
export function heardSocket(ears: SocketEars): WebSocketConstructor {
  return class extends WebSocket {
    #pingedAtMs: number | undefined;

    constructor(url: string) {
      super(url);
      const timer = setInterval(() => this.#ping(), PING_INTERVAL_MS);
      this.addEventListener("open", () => this.#ping());
      this.addEventListener("close", () => clearInterval(timer));
      this.addEventListener("message", ({ data }) => this.#hear(data));
    }

    #ping(): void {
      if (this.readyState !== WebSocket.OPEN) return;
      this.#pingedAtMs = performance.now();
      this.send('{"op":"ping","id":0}');
    }

    #hear(data: unknown): void {
      ears.onHeard();
      const isPong = typeof data === "string" && data.startsWith('{"type":"pong"');
      if (isPong && this.#pingedAtMs !== undefined) ears.onRoundTrip(performance.now() - this.#pingedAtMs);
    }
  };
}
