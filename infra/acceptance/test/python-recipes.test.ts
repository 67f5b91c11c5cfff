import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { connect, createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { eventually } from "@fx-ohlc/testkit";
import { type Everything, impatientClient, System } from "../src/system.js";

/** The page's code as it stands, where Python has the packages; `PYTHON` names another one than `python3`. */
const PYTHON = process.env.PYTHON ?? "python3";
const PAGE = readFileSync(join(__dirname, "..", "..", "recipes", "python.md"), "utf8");
const [READING = "", FILES = "", DUCKDB = "", FOLLOWING = ""] = [...PAGE.matchAll(/^```python\n(.*?)^```$/gms)].map(
  ([, code]) => code,
);
const MISSING = whatIsMissing();
if (MISSING !== undefined) console.log(`the recipes for Python are not run: ${MISSING}`);
const testWithPython = MISSING === undefined ? test : test.skip;

/** @returns undefined where everything is there */
function whatIsMissing(): string | undefined {
  try {
    execFileSync(PYTHON, ["-c", "import pandas, polars, duckdb, pyarrow, websockets.asyncio.client"], {
      stdio: "pipe",
    });
    return undefined;
  } catch (error) {
    return String(error).split("\n").filter(Boolean).at(-1);
  }
}

const folder = mkdtempSync(join(tmpdir(), "fx-python-"));
let system: System | undefined;
let all: Everything;

beforeAll(async () => {
  if (MISSING !== undefined) return;
  system = await System.create();
  all = await system.startAll();
});

afterAll(async () => {
  rmSync(folder, { recursive: true });
  await system?.stop();
});

async function postTicks(...ticks: { readonly price: number; readonly time?: string }[]): Promise<void> {
  await impatientClient(all.edge).postTicks(ticks.map((tick) => ({ symbol: "EURUSD", ...tick })));
}

function run(code: string): { readonly child: ChildProcess; readonly printed: () => string } {
  writeFileSync(join(folder, "recipe.py"), code);
  const child = spawn(PYTHON, ["recipe.py"], { cwd: folder });
  let printed = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (data) => (printed += String(data)));
  return { child, printed: () => printed };
}

testWithPython(
  "pandas, polars and DuckDB read the same from one address, to the last digit and microsecond",
  async () => {
    const hour = (at: number) => `2025-12-05T${10 + at}:00:00.12345${at}Z`;
    const prices = [1.0000000000000002, 1.1, 0.1 + 0.2];
    await postTicks(...prices.map((price, at) => ({ price, time: hour(at) })));
    const { child, printed } = run(READING.replaceAll("http://localhost:8000", all.edge.url));
    await eventually(() => child.exitCode !== null, { what: "the recipe to end" });
    expect(printed().trim().split("\n")).toEqual([
      "pandas 3 True",
      "polars 3 1.1",
      "duckdb 3 1.1",
      `ticks 3 ${hour(2)}`,
    ]);
  },
);

/** Some hours of another symbol whose prices and times lose something in anything but doubles and microseconds. */
async function storeHours(symbol: string): Promise<void> {
  const prices = [1.0000000000000002, 0.1 + 0.2, 1.1];
  const ticks = prices.map((price, at) => ({ symbol, price, time: `2025-03-09T0${5 + at}:00:00.12345${at}Z` }));
  await impatientClient(all.edge).postTicks(ticks);
}

testWithPython("files are read by their address, to the last digit and microsecond", async () => {
  await storeHours("FILES");
  const { child, printed } = run(FILES.replaceAll("http://localhost:8000", all.edge.url).replaceAll("EURUSD", "FILES"));
  await eventually(() => child.exitCode !== null, { what: "the recipe to end" });
  expect(printed().trim().split("\n")).toEqual([
    "pandas 3 datetime64[us, UTC] 1.1",
    "polars 3 Datetime(time_unit='us', time_zone='UTC') 1.1",
    "local 2025-03-09T03:00:00-04:00",
    "arrow 3 timestamp[us, tz=UTC]",
  ]);
});

/** @returns why DuckDB opens no addresses here; undefined where it does */
function whyNoAddresses(): string | undefined {
  try {
    execFileSync(PYTHON, ["-c", "import duckdb; duckdb.sql('install httpfs; load httpfs')"], { stdio: "pipe" });
    return undefined;
  } catch (error) {
    return String(error).split("\n").filter(Boolean).at(-1);
  }
}

testWithPython("DuckDB opens an address, where it has httpfs", async () => {
  const why = whyNoAddresses();
  if (why !== undefined) {
    console.warn(`not run: ${why}`);
    return;
  }
  await storeHours("DUCKS");
  const { child, printed } = run(
    DUCKDB.replaceAll("http://localhost:8000", all.edge.url).replaceAll("EURUSD", "DUCKS"),
  );
  await eventually(() => child.exitCode !== null, { what: "the recipe to end" });
  expect(printed().trim()).toBe(`duckdb 3 1.1 ${Date.parse("2025-03-09T07:00:00Z") * 1000}`);
});

/** In front of the edge: the first client is told to come back, as by a gateway that is starting. */
async function startingEdge(): Promise<Server> {
  let met = 0;
  const { hostname, port } = new URL(all.edge.url);
  const server = createServer((socket) => {
    met += 1;
    socket.on("error", () => undefined);
    if (met === 1) {
      socket.once("data", () =>
        socket.end("HTTP/1.1 503 Service Unavailable\r\nRetry-After: 1\r\nContent-Length: 0\r\n\r\n"),
      );
      return;
    }
    const upstream = connect(Number(port), hostname, () => socket.pipe(upstream).pipe(socket));
    upstream.on("error", () => socket.destroy());
  });
  await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
  return server;
}

testWithPython(
  "a stream is followed in under 30 lines, waits while it is refused, and goes on where it stopped",
  async () => {
    expect(FOLLOWING.split("\n").filter((line) => line.trim() !== "").length).toBeLessThan(30);
    const server = await startingEdge();
    const address = server.address();
    const port = typeof address === "object" ? address?.port : undefined;
    const code = FOLLOWING.replace("ws://localhost:8000", `ws://localhost:${port}`).replace("localhost", "127.0.0.1");
    const pricesIn = (text: string) => [...text.matchAll(/^\S+Z (\S+)$/gm)].map(([, price]) => price);
    const first = run(code);
    await eventually(() => first.printed().includes("subscribed"), { what: "the stream" });
    await postTicks({ price: 1.5 });
    await eventually(() => pricesIn(first.printed()).length === 1, { what: "a tick" });
    const offset = () => readFileSync(join(folder, "EURUSD.offset"), "utf8");
    await eventually(() => /-[1-9]\d*$/.test(offset()) && !first.printed().includes(offset()), { what: "its offset" });
    first.child.kill("SIGKILL");
    await postTicks({ price: 1.6 });
    await postTicks({ price: 1.7 });
    const second = run(code);
    await eventually(() => pricesIn(second.printed()).length === 2, { what: "what was missed" });
    second.child.kill("SIGKILL");
    server.close();
    expect([pricesIn(first.printed()), pricesIn(second.printed())]).toEqual([["1.5"], ["1.6", "1.7"]]);
    expect(second.printed()).toMatch(/"recovered":true,"replayed":2/);
  },
);
