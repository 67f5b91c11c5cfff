import { readFileSync } from "node:fs";
import { join } from "node:path";
import { runInNewContext } from "node:vm";
import { fxDayName, nowUs } from "@fx-ohlc/schemas";
import { eventually } from "@fx-ohlc/testkit";
import { WebSocket } from "ws";
import { Stack } from "../support/stack.js";

/** What the chart is handed of a bar. */
interface ChartBar {
  readonly time: number;
  readonly close: number;
}

interface Datafeed {
  subscribeBars(
    info: { readonly name: string },
    resolution: string,
    onTick: (bar: ChartBar) => void,
    id: string,
    onReset: () => void,
  ): void;
  unsubscribeBars(id: string): void;
}

const PAGE = readFileSync(join(__dirname, "../../../../infra/recipes/README.md"), "utf8");
const [SOURCE = ""] = /function streamBars[\s\S]+?\n {2}\}\n/.exec(PAGE) ?? [];

let stack: Stack;
const sockets: WebSocket[] = [];

beforeAll(async () => {
  stack = await Stack.start();
});

afterAll(async () => {
  for (const socket of sockets) socket.terminate();
  await stack?.stop();
});

/** As a page has it, but that a socket which is closed by this test does not come back. */
class PageSocket extends WebSocket {
  constructor(url: string) {
    super(url);
    sockets.push(this);
  }
}

test("the recipe for TradingView's chart hands over each bar as it changes, days dated by their names, and corrections as resets", async () => {
  const day = new Date(nowUs() / 1000 - 3 * 86_400_000).toISOString();
  await stack.post([{ symbol: "EURUSD", time: day, price: 1 }]);
  const datafeed: Partial<Datafeed> = {};
  const page = { WebSocket: PageSocket, setTimeout: () => undefined, datafeed, url: `${stack.gateway.wsUrl}/ws` };
  await eventually(async () => (await fetch(`${stack.gateway.httpUrl}/ready`)).ok);
  runInNewContext(`${SOURCE} streamBars(datafeed, url)`, page);
  const told = new Map<string, ChartBar[]>();
  const resets: string[] = [];
  for (const resolution of ["1S", "60", "1D"]) {
    told.set(resolution, []);
    datafeed.subscribeBars?.(
      { name: "EURUSD" },
      resolution,
      (bar) => told.get(resolution)?.push(bar),
      resolution,
      () => resets.push(resolution),
    );
  }
  const last = (resolution: string) => told.get(resolution)?.at(-1);
  await eventually(() => [...told.values()].every((bars) => bars.length > 0), { what: "the newest bars" });
  await stack.post([{ symbol: "EURUSD", time: stack.timeFromNow(0), price: 2 }]);
  await eventually(() => [...told.keys()].every((resolution) => last(resolution)?.close === 2), {
    what: "the new bars",
  });
  const name = fxDayName(nowUs(), { hour: 22, timezone: "UTC" });
  expect(last("1D")?.time).toBe(Date.parse(name));
  expect(last("60")?.time).toBe(Math.floor((last("60")?.time ?? 1) / 3_600_000) * 3_600_000);
  await stack.putTick("EURUSD", day, 3);
  await eventually(() => new Set(resets).size === 3, { what: "resets" });
});
