import { execFile } from "node:child_process";
import { get } from "node:http";
import { promisify } from "node:util";
import { createGunzip } from "node:zlib";
import type { TestService } from "@fx-ohlc/testkit";
import type { Browser } from "playwright-core";
import { StillHistory } from "../src/history/still-history.js";
import { launchBrowser } from "../src/page/browser.js";
import { System } from "../src/system.js";

const run = promisify(execFile);
const TEXT = { encoding: "utf8", maxBuffer: 64 * 1024 * 1024 } as const;
/** Three FX days of minutes and a little of the present: closed and young bars, several blocks and their edges. */
const MINUTES = 4_000;
const SYMBOL = "EURUSD";
const PATHS = ["json", "csv", "ndjson", "columns"].map(
  (format) => `/ohlc/minute?symbol=${SYMBOL}&start=2025-03-12T09:31:00Z&limit=10000&format=${format}`,
);
const PYTHON = `
import gzip, sys, urllib.request
request = urllib.request.Request(sys.argv[1], headers={"Accept-Encoding": "gzip"})
with urllib.request.urlopen(request) as answer:
    assert answer.headers["Content-Encoding"] == "gzip"
    sys.stdout.write(gzip.decompress(answer.read()).decode())`;

let system: System;
let query: TestService;
let browser: Browser;

beforeAll(async () => {
  system = await System.create();
  await system.start("tick-ingest");
  await system.sql`
    insert into ticks (symbol, time, seq, price)
    select ${SYMBOL}, timestamptz '2025-03-12 09:30:07+00' + minute * interval '1 minute', 0, 1 + minute % 997 / 1000.0
      from generate_series(0, ${MINUTES}::int - 1) as minute
    union all
    select ${SYMBOL}, date_trunc('second', now()) - second * interval '20 seconds', 0, 1.5 + second / 100.0
      from generate_series(1, 40) as second`;
  if ((await system.engine()) === "timescaledb") {
    for (const level of ["minute", "hour", "day"])
      await system.sql`call refresh_bars(${level}, '-infinity', 'infinity')`;
  }
  query = await system.start("ohlc-query");
  await new StillHistory(system.sql, [query], SYMBOL).warm();
  browser = await launchBrowser();
});
afterAll(async () => {
  await browser?.close();
  await system.stop();
});

/** What a client that takes no encoding is answered. */
async function plain(path: string): Promise<string> {
  return (await fetch(query.url + path, { headers: { "accept-encoding": "identity" } })).text();
}

/** Reads with node's own parser, and fails on anything that follows the first member's end. */
function withNode(url: string): Promise<string> {
  return new Promise((resolve, reject) => {
    get(url, { headers: { "accept-encoding": "gzip" } }, (answer) => {
      const gunzip = createGunzip();
      const chunks: Buffer[] = [];
      let received = 0;
      answer.on("data", (chunk: Buffer) => {
        received += chunk.length;
      });
      gunzip.on("data", (chunk: Buffer) => chunks.push(chunk));
      gunzip.on("end", () => {
        const isWhole = gunzip.bytesWritten === received && answer.headers["content-encoding"] === "gzip";
        if (isWhole) resolve(Buffer.concat(chunks).toString());
        else reject(new Error(`${gunzip.bytesWritten} of ${received} bytes of ${answer.headers["content-encoding"]}`));
      });
      gunzip.on("error", reject);
      answer.pipe(gunzip);
    }).on("error", reject);
  });
}

/** A page of the service itself, so that its scripts may read from it. */
async function withChromium(url: string): Promise<string> {
  const page = await browser.newPage();
  try {
    await page.goto(`${query.url}/live`);
    return await page.evaluate(`fetch(${JSON.stringify(url)}).then((answer) => answer.text())`);
  } finally {
    await page.close();
  }
}

const CLIENTS: Readonly<Record<string, (url: string) => Promise<string>>> = {
  "curl --compressed": async (url) => (await run("curl", ["-sS", "--fail", "--compressed", url], TEXT)).stdout,
  wget: async (url) => (await run("wget", ["-q", "-O", "-", "--compression=gzip", url], TEXT)).stdout,
  "Python's urllib": async (url) => (await run("python3", ["-c", PYTHON, url], TEXT)).stdout,
  "node's fetch": async (url) => (await fetch(url)).text(),
  "node's http": withNode,
  Chromium: withChromium,
};

test.each(Object.keys(CLIENTS))("%s reads every compressed answer to its end", async (name) => {
  for (const path of PATHS) {
    for (const asked of [1, 2]) {
      // A minute may end before the client reads, or after it did.
      const before = await plain(path);
      const found = await CLIENTS[name]?.(query.url + path);
      const isSame = found === before || found === (await plain(path));
      expect({ path, asked, isSame, length: found?.length }).toMatchObject({ isSame: true });
    }
  }
});
