import { existsSync, readFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { eventually } from "@fx-ohlc/testkit";
import type { Browser } from "playwright-core";
import { launchBrowser } from "../src/page/browser.js";
import { Desk } from "../src/page/desk.js";
import { EmptyFolder, type Program, readmeExamples } from "../src/stranger/empty-folder.js";

/**
 * The client as a stranger meets it: the tarball in an empty folder, and the examples of its README as they stand. `OTHER_NODE` names
 * another Node to run them with than runs this.
 */
const ADMIN = `fxk_admin_${"a".repeat(43)}`;
const ENV = { AUTH: "on", INTERNAL_SECRET: "a secret of this deployment", ADMIN_KEY: ADMIN, BIND_ADDRESS: "127.0.0.1" };
/** Installing a browser takes minutes where there is none. */
const SETUP_TIMEOUT_MS = 900_000;

/** Ten minutes ago and after, before any of the last five minutes. */
const TIMES_MS = [0, 1, 2, 3, 4].map((minute) => Date.now() - 600_000 + minute * 60_000);

const folder = new EmptyFolder();
let pages: Server;
let origin: string;
let desk: Desk;
let env: { readonly FX_TOKEN: string };
let compiled: string;
let browser: Browser;

beforeAll(async () => {
  folder.install();
  pages = createServer(({ url = "" }, res) => {
    if (!existsSync(join(folder.path, url))) return void res.writeHead(404).end();
    res.setHeader("Content-Type", url.endsWith(".js") ? "text/javascript" : "text/html");
    res.end(readFileSync(join(folder.path, url)));
  });
  await new Promise<void>((resolve) => void pages.listen(0, "127.0.0.1", resolve));
  origin = `http://127.0.0.1:${(pages.address() as AddressInfo).port}`;
  browser = await launchBrowser();
  // That of the page, and the system's own, whose port is not known yet.
  desk = await Desk.open({ ...ENV, ALLOWED_ORIGINS: "*" });
  await eventually(() => desk.client.keys.list().then(() => true), { what: "the first key to be known" });
  const scopes = ["read", "stream", "write"] as const;
  env = { FX_TOKEN: (await desk.client.keys.create({ name: "stranger", scopes, feeds: ["lp1"] })).token };
  for (const [minute, atMs] of TIMES_MS.entries()) await postTick("EURUSD", 1.1 + minute / 1000, atMs);
  for (const [index, code] of readmeExamples("ts", desk.edge.url).entries())
    folder.write(`example${index + 1}.ts`, code);
  compiled = folder.compile();
}, SETUP_TIMEOUT_MS);

afterAll(async () => {
  folder.remove();
  pages?.close();
  await browser?.close();
  await desk?.close();
});

async function postTick(symbol: string, price: number, atMs = Date.now()): Promise<void> {
  await desk.client.postTick({ symbol, price, time: new Date(atMs).toISOString() });
}

async function printedBy(name: string): Promise<string[]> {
  const program = folder.run(name, env);
  expect(await program.ended.then((status) => status || program.printed)).toBe(program.printed);
  return program.printed.trim().split("\n");
}

test("the tarball holds files that run and are described, needs ws and nothing else, and knows nothing of the services", () => {
  const own = "node_modules/@fx-ohlc/client";
  const manifest: { dependencies: object } = JSON.parse(folder.read(`${own}/package.json`));
  expect(Object.keys(manifest.dependencies)).toEqual(["ws"]);
  const code = ["index.js", "browser.js", "index.d.ts"].map((name) => folder.read(`${own}/dist/${name}`));
  expect(code.map((text) => text.match(/(?<=^(?:import|export) .*from ")[^"]+/gm) ?? [])).toEqual([
    ["node:stream/consumers", "ws"],
    [],
    [],
  ]);
  expect(code.join().match(/__decorate|Reflect\.|fx:\{|class-validator/g)).toBeNull();
});

test("its types and the examples of its README compile strictly, and a channel that there cannot be does not", () => {
  expect(compiled).toBe("");
  folder.write(
    "wrong.ts",
    'import type { ChannelName } from "@fx-ohlc/client";\nexport const name: ChannelName = "ohlc:EURUSD:minutes";\n',
  );
  expect(folder.compile()).toMatch(/wrong\.ts.*TS2322/);
});

test("bars of a range come as one answer, the last ones without holes, and a refusal says its code", async () => {
  const buckets = new Set(TIMES_MS.map((atMs) => Math.floor(atMs / 300_000)));
  expect(await printedBy("example1")).toEqual([`${buckets.size} bars, none above 1.104`]);
  const filled = await printedBy("example2");
  expect(filled).toEqual(Array(5).fill(expect.stringMatching(/ 1\.104 - (no_ticks|market_closed)$/)));
  expect(await printedBy("example3")).toEqual([expect.stringMatching(/^stored at .*, new$/), "422 invalid [0].price"]);
});

/** The prices of the ticks a program has printed. */
function ticksOf({ printed }: Program): string[] {
  return [...printed.matchAll(/^tick \S+ (\S+)$/gm)].map(([, price = ""]) => price);
}

test("a program that is killed goes on where it stopped: nothing is missing and nothing is printed twice", async () => {
  const first = folder.run("example4", env, "USDJPY");
  await eventually(() => first.printed.includes("live"), { what: "the stream" });
  const saved = folder.read("USDJPY.positions.json");
  await postTick("USDJPY", 150.1);
  await eventually(() => ticksOf(first).length === 1, { what: "the first tick" });
  await eventually(() => !["", saved].includes(folder.read("USDJPY.positions.json")), { what: "its position" });
  await first.kill();
  for (const price of [150.2, 150.3]) await postTick("USDJPY", price);
  const second = folder.run("example4", env, "USDJPY");
  await eventually(() => second.printed.includes("live"), { what: "the stream" });
  await postTick("USDJPY", 150.4);
  await eventually(() => ticksOf(second).includes("150.4"), { what: "the last tick" });
  await second.kill();
  expect([...ticksOf(first), ...ticksOf(second)]).toEqual(["150.1", "150.2", "150.3", "150.4"]);
});

test("a producer that names itself is told of as alive", async () => {
  expect(await printedBy("example5")).toEqual([expect.stringMatching(/^EURUSD (live|quiet|closed) /)]);
});

test("a key without the scope is told which one tells of the archive", async () => {
  expect(await printedBy("example6")).toEqual([expect.stringMatching(/scope.*ops/)]);
});

test("a page of another origin reads and follows without a bundler", async () => {
  folder.write("index.html", readmeExamples("html", desk.edge.url)[0] ?? "");
  const page = await browser.newPage();
  page.on("dialog", (dialog) => void dialog.accept(env.FX_TOKEN));
  await page.goto(`${origin}/index.html`);
  await page.waitForFunction("document.querySelector('#bars').textContent.includes('1.104')");
  await eventually(
    async () => {
      await postTick("EURUSD", 1.2345);
      return (await page.locator("#last").textContent()) === "1.2345";
    },
    { what: "the tick on the page" },
  );
});

test("the page of the stream lets a person try it: a key buys a ticket, and what would resume is filled in", async () => {
  const page = await browser.newPage();
  await page.goto(`${desk.edge.url}/stream-docs/`);
  await page.locator("input[name=token]").fill(env.FX_TOKEN);
  await page.locator("button[name=open]").click();
  const isConnected = async () => {
    expect(await page.locator("#state").textContent()).toBe("connected");
    return true;
  };
  await eventually(isConnected, { timeoutMs: 10_000, what: "the console" });
  await page.locator("button[name=send]").click();
  await page.locator("#log .told", { hasText: '"subscribed"' }).waitFor();
  await postTick("EURUSD", 1.3);
  await page.locator("#log .told", { hasText: '"price":1.3' }).waitFor();
  await page.locator("button[name=resume]").click();
  expect(JSON.parse(await page.locator("textarea").inputValue())).toMatchObject({
    channels: ["ticks:EURUSD"],
    since: { "ticks:EURUSD": expect.any(String) },
  });
});
