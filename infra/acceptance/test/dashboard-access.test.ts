import { eventually } from "@fx-ohlc/testkit";
import type { Browser, Page } from "playwright-core";
import { DESKTOP, launchBrowser } from "../src/page/browser.js";
import { Desk } from "../src/page/desk.js";
import { violations } from "../src/page/violations.js";
import { minutely } from "../src/page/wrong-data.js";

/** Installing a browser takes minutes where there is none. */
const SETUP_TIMEOUT_MS = 900_000;
const MINUTE_MS = 60_000;
const ADMIN_KEY = `fxk_root0001_${"s".repeat(43)}`;
const ENV = { AUTH: "on", INTERNAL_SECRET: "a secret of this deployment", ADMIN_KEY, BIND_ADDRESS: "127.0.0.1" };
/** Enough for pages of bars before the first. */
const MINUTES = 1_500;
const AWAY = "The archive that holds the ticks of these days is not available at the moment.";

let desk: Desk;
let browser: Browser;

beforeAll(async () => {
  browser = await launchBrowser();
  desk = await Desk.open(ENV);
  const nowMs = Date.now();
  await desk.client.postTicks(minutely("COIN", nowMs - MINUTES * MINUTE_MS, nowMs, 100));
  await desk.client.postTicks(minutely("OTHER", nowMs - 5 * MINUTE_MS, nowMs, 2));
}, SETUP_TIMEOUT_MS);

afterAll(async () => {
  await browser?.close();
  await desk?.close();
});

/** The page in a tab of its own, signed in by a key. */
async function open(search: string, key = ADMIN_KEY): Promise<Page> {
  const context = await browser.newContext({ colorScheme: "dark", ...DESKTOP });
  const page = await context.newPage();
  await page.addInitScript({ content: `sessionStorage.setItem("fx-ohlc.key", ${JSON.stringify(key)})` });
  await page.goto(`${desk.edge.url}/${search}`);
  return page;
}

describe("a key that may read and not stream", () => {
  it("sees prices that are read now and then, and that they are", async () => {
    const { token } = await desk.client.keys.create({ name: "reader", scopes: ["read"] });
    const page = await open("?symbol=COIN", token);
    await page.locator('body[data-status="polling"]').waitFor();
    await page.locator("#notice", { hasText: /scope.*stream.*Prices are read every few seconds\.$/ }).waitFor();
    const price = (symbol: string) => page.locator(`.watch-row[data-symbol="${symbol}"] .watch-price .price`);
    await price("OTHER")
      .filter({ hasText: /^2\.00/ })
      .waitFor();
    await desk.client.postTicks([
      { symbol: "COIN", price: 123.45 },
      { symbol: "OTHER", price: 3.21 },
    ]);
    await price("COIN").filter({ hasText: "123.45" }).waitFor();
    await price("OTHER").filter({ hasText: "3.21" }).waitFor();
    await page.locator(".tape-row", { hasText: "123.45" }).waitFor();
    const lastClose = () => page.evaluate<number>("fxOhlc.drawnBars().at(-1).close");
    await eventually(async () => (await lastClose()) === 123.45, { what: "the newest candle" });
    expect(await violations(page)).toEqual([]);
    await page.context().close();
  });
});

describe("history that is away", () => {
  it("is said in the chart, and comes by itself", async () => {
    const page = await open("?symbol=COIN");
    await eventually(async () => (await page.evaluate<number>("fxOhlc.drawnBars().length")) >= 300);
    let isAway = true;
    let refusals = 0;
    await page.route(/\/ohlc[^?]*\?.*end=/, async (route) => {
      if (!isAway) return route.continue();
      refusals += 1;
      const body = JSON.stringify({ type: "/problems/unavailable", title: "Unavailable", status: 503, detail: AWAY });
      const headers = { "retry-after": "1", "content-type": "application/problem+json" };
      return route.fulfill({ status: 503, headers, body });
    });
    const drawn = await page.evaluate<number>("fxOhlc.drawnBars().length");
    await page.locator("#chart").focus();
    for (let at = 0; at < 9; at += 1) await page.keyboard.press("-");
    await page.locator(".legend-notes", { hasText: AWAY }).waitFor();
    await eventually(() => refusals > 1, { what: "another attempt" });
    expect(await page.evaluate<number>("fxOhlc.drawnBars().length")).toBeGreaterThanOrEqual(drawn);
    isAway = false;
    await eventually(async () => (await page.evaluate<number>("fxOhlc.drawnBars().length")) > drawn, {
      what: "older bars",
    });
    await page.locator(".legend-notes", { hasText: /^$/ }).waitFor({ state: "attached" });
    await page.context().close();
  });

  it("stands in the place of bars while there are none", async () => {
    const page = await open("?view=ops");
    await page.route(/\/ohlc[^?]*\?.*symbol=OTHER/, (route) => {
      const body = JSON.stringify({ type: "/problems/unavailable", title: "Unavailable", status: 503, detail: AWAY });
      return route.fulfill({ status: 503, headers: { "retry-after": "1" }, contentType: "application/json", body });
    });
    await page.evaluate("history.pushState(null, '', '?symbol=OTHER'); dispatchEvent(new PopStateEvent('popstate'))");
    await page.locator('#curtain[data-state="waiting"]', { hasText: AWAY }).waitFor();
    expect(await violations(page)).toEqual([]);
    await page.unroute(/\/ohlc[^?]*\?.*symbol=OTHER/);
    await page.locator('#curtain[data-state="none"]').waitFor({ state: "attached" });
    await page.context().close();
  });
});

describe("the archive in the operations view", () => {
  it("says what is in files, what waits, up to where it is dropped, and when nothing is archived any more", async () => {
    const page = await open("?view=ops");
    const panel = page.locator('section[aria-label="Archive"]');
    await panel.getByText("No day of ticks is archived.").waitFor();
    await desk.system.sql`
      insert into archive_versions (symbol, date, version, drawn_at, archived)
      values ('COIN', '2026-01-05', 1, now(), 1), ('COIN', '2026-01-06', 2, now(), 2), ('COIN', '2026-01-07', 3, now(), null)`;
    await desk.system.sql`
      insert into archive_days (symbol, date, n, file, ticks_version, ticks, rows_checksum, bytes, written_at, verified_at, dropped_at)
      values ('COIN', '2026-01-05', 1, 'a', 1, 1200, '', 2000000, now(), now(), now()),
             ('COIN', '2026-01-06', 1, 'b', 2, 800, '', 1500000, now(), now(), null)`;
    await desk.system.sql`update archive_state set refused_because = 'another dataset'`;
    await page.reload();
    await panel
      .getByText("Of 1 symbol: 2 days in 3.5 MB, 1 day behind. Up to 2026-01-05 ticks are in files alone.")
      .waitFor();
    const cells = await panel.locator(".data-row td").allTextContents();
    expect(cells).toEqual(["COIN", "2026-01-05", "2026-01-06", "2", "2,000", "3.5 MB", "1", "2026-01-05"]);
    await page.locator(".findings-list li", { hasText: "Nothing is archived and nothing dropped" }).waitFor();
    expect(await violations(page)).toEqual([]);
    const { token } = await desk.client.keys.create({ name: "reader of views", scopes: ["read", "stream"] });
    const other = await open("?view=ops", token);
    const note = other.locator('section[aria-label="Archive"] .page-note', { hasText: "It needs the scope “ops”" });
    await note.waitFor();
    await other.context().close();
    await page.context().close();
  });
});
