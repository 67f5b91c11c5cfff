import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** One connection to the pricing stream. */
export interface PricingStream {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  /** Sends lines as one chunk. */
  send(...lines: readonly object[]): void;
}

/** What a server does with one request. */
export type Answer = (stream: PricingStream) => void;

/** Speaks OANDA's v20 pricing stream: each request is answered by the next of a script, the last of them again and again. */
export class ScriptedVenue {
  readonly streams: PricingStream[] = [];
  readonly #server: Server;

  private constructor(script: Answer[]) {
    this.#server = createServer((request, response) => {
      const send = (...lines: readonly object[]) =>
        void response.write(lines.map((line) => `${JSON.stringify(line)}\n`).join(""));
      const stream = { request, response, send };
      this.streams.push(stream);
      (script.length > 1 ? script.shift() : script[0])?.(stream);
    });
  }

  static async start(...script: Answer[]): Promise<ScriptedVenue> {
    const venue = new ScriptedVenue(script);
    await new Promise<void>((resolve) => venue.#server.listen(0, "127.0.0.1", resolve));
    return venue;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

/** A line of prices as OANDA documents it. */
export function price(instrument: string, time: string, bid: string, ask: string, more: object = {}): object {
  const bucket = (text: string) => [{ price: text, liquidity: 10_000_000 }];
  const closeout = { closeoutBid: bid, closeoutAsk: ask };
  return {
    ...{ type: "PRICE", time, bids: bucket(bid), asks: bucket(ask), ...closeout },
    ...{ status: "tradeable", tradeable: true, instrument, ...more },
  };
}

export const heartbeat = { type: "HEARTBEAT", time: "2026-11-27T10:00:00.000000000Z" };

/** Opens the stream with some lines, and keeps it open. */
export function streaming(...lines: readonly object[]): Answer {
  return ({ response, send }) => {
    response.writeHead(200, { "content-type": "application/octet-stream" });
    send(...lines);
  };
}

/** Sends some lines and cuts the connection in the middle of another. */
export function cutAfter(...lines: readonly object[]): Answer {
  return ({ response }) => {
    response.writeHead(200, { "content-type": "application/octet-stream" });
    const text = lines.map((line) => `${JSON.stringify(line)}\n`).join("");
    response.write(`${text}{"type":"PRI`, () => response.socket?.destroy());
  };
}

/** Refuses as OANDA does. */
export function refusing(status: number, errorMessage: string, headers: Record<string, string> = {}): Answer {
  return ({ response }) => {
    response
      .writeHead(status, { "content-type": "application/json", ...headers })
      .end(JSON.stringify({ errorMessage }));
  };
}
