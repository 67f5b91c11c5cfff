import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { eventually } from "@fx-ohlc/testkit";
import { type WebSocket, WebSocketServer } from "ws";
import { type Everything, patientClient, System } from "../../src/system.js";

/** `fx-ticks feed` with the real ccxt, against a server that speaks Kraken's documented protocol. `npm run clients` brings ccxt. */
const DATA = join(process.env.FX_CLIENTS ?? "", "data");
const isThere = existsSync(join(DATA, "fx-ohlc", "node_modules", "ccxt"));
if (!isThere) console.log("ccxt is not tried: it is not installed, which npm run clients does");

const FX_TICKS = fileURLToPath(new URL("../../../../packages/cli/bin/fx-ticks.mjs", import.meta.url));

const ASSETS = { ZEUR: { aclass: "currency", altname: "EUR", decimals: 4, display_decimals: 2, status: "enabled" } };
const PAIRS = {
  ZEURZUSD: {
    ...{ altname: "EURUSD", wsname: "EUR/USD", base: "ZEUR", quote: "ZUSD", pair_decimals: 5, lot_decimals: 8 },
    ...{ fees: [[0, 0.2]], fees_maker: [[0, 0.2]], leverage_buy: [], leverage_sell: [] },
    ...{ ordermin: "0.5", tick_size: "0.00001", status: "online" },
  },
};

/** Its REST addresses, and its WebSocket of version 2. */
class Kraken {
  readonly subscribed: { readonly socket: WebSocket; readonly channel: string }[] = [];
  readonly #http: Server;
  readonly #sockets: WebSocketServer;

  private constructor() {
    this.#http = createServer(({ url = "" }, response) => {
      const result = url.startsWith("/0/public/AssetPairs") ? PAIRS : ASSETS;
      response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify({ error: [], result }));
    });
    this.#sockets = new WebSocketServer({ server: this.#http, path: "/v2" });
    this.#sockets.on("connection", (socket) => {
      socket.on("message", (text) => {
        const { method, params, req_id } = JSON.parse(String(text));
        if (method !== "subscribe") return;
        const result = { channel: params.channel, snapshot: true, symbol: "EUR/USD" };
        socket.send(JSON.stringify({ method, result, success: true, req_id }));
        this.subscribed.push({ socket, channel: params.channel });
      });
    });
  }

  static async start(): Promise<Kraken> {
    const kraken = new Kraken();
    await new Promise<void>((resolve) => kraken.#http.listen(0, "127.0.0.1", resolve));
    return kraken;
  }

  get port(): number {
    return (this.#http.address() as AddressInfo).port;
  }

  /** To whoever subscribed last. */
  send(data: object): void {
    const last = this.subscribed.at(-1);
    last?.socket.send(
      JSON.stringify({ channel: last.channel, type: "update", data: [{ symbol: "EUR/USD", ...data }] }),
    );
  }

  async stop(): Promise<void> {
    for (const client of this.#sockets.clients) client.terminate();
    this.#http.closeAllConnections();
    await new Promise((resolve) => this.#http.close(resolve));
  }
}

const folder = mkdtempSync(join(tmpdir(), "fx-ccxt-"));
let system: System;
let services: Everything;
let kraken: Kraken;

beforeAll(async () => {
  if (!isThere) return;
  system = await System.create();
  services = await system.startAll({});
}, 120_000);
beforeEach(async () => {
  kraken = await Kraken.start();
});
afterEach(() => kraken.stop());
afterAll(async () => {
  rmSync(folder, { recursive: true });
  await system?.stop();
});

function feed(...flags: string[]) {
  const [http, ws] = [`http://127.0.0.1:${kraken.port}`, `ws://127.0.0.1:${kraken.port}/v2`];
  const options = join(folder, "options.json");
  writeFileSync(options, JSON.stringify({ urls: { api: { public: http, ws: { publicV2: ws } } } }));
  const args = ["feed", "ccxt:kraken", "--symbols", "EUR/USD", "--ccxt-options", options, "--url", services.edge.url];
  const child = spawn(process.execPath, [FX_TICKS, ...args, ...flags], {
    env: { ...process.env, XDG_DATA_HOME: DATA },
    stdio: ["ignore", "ignore", "pipe"],
  });
  let said = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    said += text;
  });
  const ended = new Promise<number | null>((resolve) => void child.once("exit", resolve));
  return { stop: () => child.kill("SIGINT"), ended, said: () => said };
}

async function stored(symbol: string) {
  const ticks = [];
  const range = { symbol, start: "2020-01-01T00:00:00Z", end: "2030-01-01T00:00:00Z" };
  for await (const tick of patientClient(services.edge).ticks(range)) ticks.push(tick);
  return ticks;
}

(isThere ? describe : describe.skip)("fx-ticks feed with the real ccxt", () => {
  it("stores a venue's trades with its microseconds, over a connection that is cut, and ends with all sent", async () => {
    const { stop, ended, said } = feed("--take", "trades", "--map", "EUR/USD=KRAKENT");
    const trade = (id: number, price: number, timestamp: string) =>
      kraken.send({ ...{ side: "sell", price, qty: 1, ord_type: "limit", trade_id: id, timestamp } });
    await eventually(() => kraken.subscribed.length === 1, { timeoutMs: 60_000 });
    trade(1, 1.15901, "2026-11-27T10:00:00.708706Z");
    await eventually(async () => (await stored("KRAKENT")).length === 1);
    kraken.subscribed[0]?.socket.terminate();
    await eventually(() => kraken.subscribed.length === 2, { timeoutMs: 60_000 });
    trade(1, 1.15901, "2026-11-27T10:00:00.708706Z");
    trade(2, 1.15902, "2026-11-27T10:00:01.000001Z");
    await eventually(async () => (await stored("KRAKENT")).length === 2);
    stop();
    await expect(ended).resolves.toBe(0);
    expect(await stored("KRAKENT")).toMatchObject([
      { time: "2026-11-27T10:00:00.708706Z", price: 1.15901 },
      { time: "2026-11-27T10:00:01.000001Z", price: 1.15902 },
    ]);
    expect(said()).toMatch(/by watchTradesForSymbols\n.*connecting again\n.*is there again\n2 ticks sent in /);
  }, 180_000);

  it("stores best bids and asks, stamped when they arrive where the venue says no time", async () => {
    const { stop, ended, said } = feed("--map", "EUR/USD=KRAKENQ");
    await eventually(() => kraken.subscribed.length === 1, { timeoutMs: 60_000 });
    const startedMs = Date.now();
    kraken.send({
      ...{ bid: 1.159, bid_qty: 1, ask: 1.15916, ask_qty: 1, last: 1.159, volume: 1, vwap: 1, low: 1, high: 2 },
    });
    await eventually(async () => (await stored("KRAKENQ")).length === 1);
    stop();
    await expect(ended).resolves.toBe(0);
    const [quote] = await stored("KRAKENQ");
    expect(quote).toMatchObject({ bid: 1.159, ask: 1.15916 });
    expect(Date.parse(quote?.time ?? "")).toBeGreaterThanOrEqual(startedMs);
    expect(said()).toContain("by watchBidsAsks");
  }, 180_000);
});
