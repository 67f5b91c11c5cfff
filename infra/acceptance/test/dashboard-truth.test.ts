import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { FxClient } from "@fx-ohlc/client";
import { eventually } from "@fx-ohlc/testkit";
import axe from "axe-core";
import type { Browser } from "playwright-core";
import { launchBrowser, PageUnderTest } from "../src/page/browser.js";
import { Desk } from "../src/page/desk.js";
import { CHART_HEIGHT_MIN, lookAt, SCREENS } from "../src/page/looks.js";
import { minutely, seedOutage, symbolOf } from "../src/page/wrong-data.js";
import { collect } from "../src/reads.js";

/** Installing a browser takes minutes where there is none. */
const SETUP_TIMEOUT_MS = 900_000;
const MINUTE_MS = 60_000;
const DAY_MS = 1_440 * MINUTE_MS;
/** Where Debian and Ubuntu have it; `FIREFOX_PATH` names another one. */
const FIREFOX_PATHS = [process.env.FIREFOX_PATH, "/usr/bin/firefox-esr", "/usr/bin/firefox"];
/** As long as a symbol may be. */
const WIDEST = "WWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWW";
const NEW_YORK = { dayStartHour: 17, timezone: "America/New_York" } as const;

let desk: Desk;
let browser: Browser;

beforeAll(async () => {
  browser = await launchBrowser();
  desk = await Desk.open();
  const { url } = desk.edge;
  const nowMs = Date.now();
  await seedOutage(desk.client, "OUTAGE", nowMs);
  await symbolOf(url, "OUTAGE", { quiet_after_s: 3_600 });
  await desk.client.postTicks(minutely("STALE", nowMs - 40 * MINUTE_MS, nowMs - 25 * MINUTE_MS));
  await symbolOf(url, "STALE", { quiet_after_s: 60 });
  await desk.client.postTicks(minutely("OLDER", nowMs - 3 * DAY_MS, nowMs - 3 * DAY_MS + 5 * MINUTE_MS));
  await symbolOf(url, "OLDER", { quiet_after_s: 60 });
  await desk.client.postTicks(minutely("BTCIDR", nowMs - 60 * MINUTE_MS, nowMs, 157_403_029.9));
  await symbolOf(url, "BTCIDR", { kind: "crypto", digits: 2 });
  await desk.client.postTicks(minutely(WIDEST, nowMs - 60 * MINUTE_MS, nowMs, 98_765_432_101.25));
  await symbolOf(url, WIDEST, { kind: "crypto", digits: 2 });
  await desk.client.postTicks(minutely("SHIBBTC", nowMs - 60 * MINUTE_MS, nowMs, 0.00000123));
  await symbolOf(url, "SHIBBTC", { kind: "crypto", digits: 8 });
  await desk.client.postTicks([
    { symbol: "MOVER", time: new Date(nowMs - DAY_MS).toISOString(), price: 0.8 },
    { symbol: "MOVER", time: new Date(nowMs).toISOString(), price: 1.0246 },
  ]);
  await symbolOf(url, "MOVER");
}, SETUP_TIMEOUT_MS);

afterAll(async () => {
  await browser?.close();
  await desk?.close();
});

function open(search: string): Promise<PageUnderTest> {
  return PageUnderTest.open(browser, `${desk.edge.url}/${search}`);
}

async function violations({ page }: PageUnderTest): Promise<string[]> {
  await page.evaluate(axe.source);
  const found = await page.evaluate<axe.AxeResults>("axe.run()");
  return found.violations.flatMap(({ id, nodes }) => nodes.map(({ html }) => `${id}: ${html}`));
}

const life = (tab: PageUnderTest, symbol: string) =>
  tab.page.locator(`.watch-row[data-symbol="${symbol}"] .watch-life`);

describe("the dashboard tells the truth", () => {
  it("says on its first screen what is wrong: an outage, a corrected day, a stale symbol", async () => {
    const tab = await open("?symbol=OUTAGE");
    await tab.page.locator(".note-break", { hasText: /^3 h 30 min without ticks$/ }).waitFor();
    await tab.page.locator(".note-day", { hasText: "3 corrected" }).waitFor();
    await tab.page.locator(".legend-outage", { hasText: /^3 h 30 min without ticks, .* UTC$/ }).waitFor();
    await life(tab, "STALE")
      .filter({ hasText: /^Quiet · 2[5-9] min$/ })
      .waitFor();
    await tab.page.locator('.watch-row[data-symbol="STALE"][data-old="true"]').waitFor();
    await life(tab, "OLDER")
      .filter({ hasText: /^Quiet · \d{1,2} [A-Z][a-z]{2}$/ })
      .waitFor();
    await tab.page.locator(".quote-life", { hasText: /^Live$/ }).waitFor();
    // The empty places of the break are no bars.
    const bars = await collect(desk.client.bars({ symbol: "OUTAGE", interval: "1m", start: "2024-01-01" }));
    await eventually(async () => (await tab.drawnBars()).length === bars.length, { what: "every bar" });
    // The connection is well, the symbol is not.
    await tab.page.locator('.watch-row[data-symbol="STALE"]').click();
    await tab.page.locator(".quote-life", { hasText: /^Quiet · 2[5-9] min$/ }).waitFor();
    await tab.page.locator("#status-word", { hasText: "Connected" }).waitFor();
    // What was wrong with one symbol is not said of the next, which has no bars to ask about.
    await tab.page.locator(".legend-outage", { hasText: "without ticks" }).waitFor();
    await tab.page.evaluate(
      "history.pushState(null, '', '?symbol=NOBODY'); dispatchEvent(new PopStateEvent('popstate'))",
    );
    await tab.page.locator('#curtain[data-state="no-data"]').waitFor();
    expect(await tab.page.locator(".legend-outage").isVisible()).toBe(false);
    expect(tab.errors).toEqual([]);
    await tab.close();
  });

  it("has the intervals at hand that somebody marks, and what is shown, and keeps them", async () => {
    const tab = await open("?symbol=OUTAGE&interval=12h");
    const atHand = (interval: string) => tab.page.locator(`input[name="interval"][value="${interval}"]`).isVisible();
    expect([await atHand("12h"), await atHand("5s"), await atHand("1h")]).toEqual([true, false, true]);
    await tab.page.locator(".intervals-open").click();
    await tab.page.getByRole("button", { name: "Keep 5s in the toolbar" }).click();
    await tab.page.getByRole("button", { name: "Keep 1h in the toolbar", pressed: true }).click();
    expect(await violations(tab)).toEqual([]);
    await tab.page.getByRole("button", { name: "2h", exact: true }).click();
    await tab.page.reload();
    await eventually(() => atHand("2h"));
    const seen = await Promise.all(["2h", "12h", "5s", "1h"].map(atHand));
    expect(seen).toEqual([true, false, true, false]);
    await tab.close();
  });

  it("tells that a feed is down, and lets the break grow into the bars that come after it", async () => {
    const feed = new FxClient({ url: desk.edge.url, feed: "lp1" });
    await symbolOf(desk.edge.url, "FED", { quiet_after_s: 1 });
    const nowMs = Date.now();
    await feed.postTicks(minutely("FED", nowMs - 30 * MINUTE_MS, nowMs - 10 * MINUTE_MS));
    const tab = await open("?symbol=FED");
    await life(tab, "FED")
      .filter({ hasText: /^Down · \d+ min$/ })
      .waitFor();
    await tab.page.locator(".note-break", { hasText: /^(9|1\d) min without ticks/ }).waitFor();
    await feed.postTick({ symbol: "FED", price: 1.2 });
    await tab.page.locator(".legend-bar", { hasText: "C1.20000" }).waitFor();
    await tab.page.locator(".note-break", { hasText: /^(9|1\d) min without ticks/ }).waitFor();
    expect(tab.errors).toEqual([]);
    await tab.close();
  });

  it("has one notion of day in chart, cards and change, named as the API names it", async () => {
    const tab = await open("?symbol=MOVER&interval=1d&day=17ny");
    const days = await desk.client.lastBars({ symbol: "MOVER", interval: "1d", count: 2, ...NEW_YORK });
    const [before, newest] = days;
    const title = /^From 0\.80000, the close of .* \(days from 17:00 New York\)$/;
    expect(before?.close).toBe(0.8);
    await eventually(async () => title.test((await tab.page.locator(".quote-change").getAttribute("title")) ?? ""), {
      what: "the previous close",
    });
    expect(await tab.page.locator(".quote-percent").textContent()).toBe("+28.07%");
    expect(await tab.page.locator('.watch-row[data-symbol="MOVER"] .watch-change').textContent()).toBe("+28.07%");
    const [, day = "", month = ""] = new Date(newest?.date ?? "").toUTCString().split(" ");
    const date = `${Number(day)} ${month}`;
    await tab.page.locator('.card[data-interval="day"] .card-bucket', { hasText: date }).waitFor();
    await tab.page.locator(".legend-time", { hasText: date }).waitFor();
    expect(tab.errors).toEqual([]);
    await tab.close();
  });

  it("tells times in the zone that is chosen beside the clock, and keeps it in the address", async () => {
    const tab = await open("?symbol=OUTAGE");
    for (const [zone, timezone, name] of [
      ["newyork", "America/New_York", "New York"],
      ["tokyo", "Asia/Tokyo", "Tokyo"],
    ] as const) {
      await tab.page.locator("#zone").selectOption(zone);
      const hour = new Intl.DateTimeFormat("en-GB", { timeZone: timezone, hour: "2-digit" }).format(new Date());
      await tab.page.locator("#clock", { hasText: new RegExp(`^${hour}:`) }).waitFor();
      await tab.page.locator(".legend-time", { hasText: new RegExp(` ${name}$`) }).waitFor();
      expect(new URL(tab.page.url()).searchParams.get("tz")).toBe(zone);
    }
    await tab.close();
  });

  it("announces the bar that one steps to, and keeps the chosen row in sight", async () => {
    const tab = await open("?symbol=OUTAGE");
    await tab.page.locator(".note-break").waitFor();
    await tab.page.locator("#chart").focus();
    await tab.page.keyboard.press("ArrowLeft");
    await tab.page.keyboard.press("ArrowLeft");
    const said = /^\w{3} \d+ \w{3} \d{4} \d\d:\d\d UTC, open 1\.1\d{4}, high .*, ticks 1$/;
    await eventually(async () => said.test((await tab.page.locator("#announcer").textContent()) ?? ""), {
      what: "words",
    });
    await tab.page.setViewportSize({ width: 1024, height: 510 });
    await tab.page.locator('.watch-row[data-symbol="BTCIDR"]').focus();
    await tab.page.keyboard.press("End");
    await tab.page.locator(`.watch-row[data-symbol="${WIDEST}"][aria-selected="true"]`).waitFor();
    const isInSight =
      "document.querySelector('.watch-row[aria-selected=true]').getBoundingClientRect().bottom <= innerHeight";
    await eventually(async () => tab.page.evaluate<boolean>(isInSight), { what: "the row in sight" });
    await tab.close();
  });

  it("goes to a time, keeps what is in sight in the address, and opens there again", async () => {
    const tab = await open("?symbol=OUTAGE&tz=tokyo");
    await tab.page.locator(".note-break").waitFor();
    const atMs = Math.floor(Date.now() / MINUTE_MS) * MINUTE_MS - 280 * MINUTE_MS;
    await tab.page.locator(".menu-open").click();
    // What clocks in Tokyo read then.
    await tab.page.getByLabel("Time to go to").fill(new Date(atMs + 9 * 60 * MINUTE_MS).toISOString().slice(0, 16));
    await tab.page.getByRole("button", { name: "Go", exact: true }).click();
    const from = async () => Date.parse(new URL(tab.page.url()).searchParams.get("from") ?? "");
    await eventually(async () => (await from()) < atMs, { what: "the range in the address" });
    await tab.page.locator("#to-live").waitFor();
    const again = await open(new URL(tab.page.url()).search);
    await again.page.locator("#to-live").waitFor();
    await again.page.locator("#to-live").click();
    await eventually(async () => !again.page.url().includes("from="), { what: "the newest bars" });
    expect([...tab.errors, ...again.errors]).toEqual([]);
    await tab.close();
    await again.close();
  });

  it("gives what is in sight as CSV, Parquet, PNG and curl", async () => {
    const tab = await open("?symbol=OUTAGE&interval=4h&day=17ny");
    await tab.page.locator('#curtain[data-state="none"]').waitFor({ state: "attached" });
    await tab.page.locator(".menu-open").click();
    const file = async (name: string) => {
      const coming = tab.page.waitForEvent("download");
      await tab.page.getByRole("button", { name, exact: true }).click();
      const download = await coming;
      expect(download.suggestedFilename()).toMatch(new RegExp(`^OUTAGE-4h-.*\\.${name.toLowerCase()}$`));
      return readFile(await download.path());
    };
    const [csv, parquet, png] = [await file("CSV"), await file("Parquet"), await file("PNG")];
    expect(csv.toString().split("\n")[0]).toBe("bucket,symbol,open,high,low,close,tick_count,complete");
    expect(csv.toString().trim().split("\n")).toHaveLength((await tab.drawnBars()).length + 1);
    expect(parquet.subarray(0, 4).toString()).toBe("PAR1");
    expect(png.subarray(1, 4).toString()).toBe("PNG");
    await tab.page.getByRole("button", { name: "Copy as curl" }).click();
    const [, url = ""] = /^curl '(.*)'$/.exec((await tab.page.locator(".menu-curl").textContent()) ?? "") ?? [];
    expect(await (await fetch(`${url}&format=csv`)).text()).toBe(csv.toString());
    expect(await violations(tab)).toEqual([]);
    expect(tab.errors).toEqual([]);
    await tab.close();
  });

  it("draws indicators, another style and scale, and a second symbol, all of it in the address, and live", async () => {
    const tab = await open("?symbol=OUTAGE&style=heikin&scale=log&ind=sma5,rsi14,macd26&vs=BTCIDR");
    await tab.page.locator(".note-break").waitFor();
    const last = () => tab.page.evaluate<(string | undefined)[]>("fxOhlc.drawnStudies()");
    const bars = await desk.client.lastBars({ symbol: "OUTAGE", interval: "1m", count: 5 });
    const mean = bars.reduce((sum, { close }) => sum + close, 0) / bars.length;
    await eventually(async () => (await last())[0] === mean.toFixed(6), { what: "the mean of five closes" });
    expect((await last()).map((value) => value !== undefined)).toEqual([true, true, true]);
    await desk.client.postTick({ symbol: "OUTAGE", price: 1.5 });
    await eventually(async () => Number((await last())[0]) > 1.15, { what: "the mean with the new one" });
    for (const style of ["line", "area", "candles"]) {
      await tab.page.locator(".menu-open").click();
      await tab.page.locator(`input[name="style"][value="${style}"]`).check();
      await tab.page.keyboard.press("Escape");
    }
    await tab.page.locator(".menu-open").click();
    await tab.page.getByLabel("Symbol to compare with").fill("");
    await tab.page.getByRole("button", { name: "Compare", exact: true }).click();
    await tab.page.locator(".menu-study", { hasText: "RSI" }).getByRole("checkbox").uncheck();
    expect(new URL(tab.page.url()).search).toBe("?symbol=OUTAGE&scale=log&ind=sma5%2Cmacd26");
    expect(await last()).toHaveLength(2);
    expect(tab.errors).toEqual([]);
    await tab.close();
  });

  it("works in Firefox", async () => {
    const executable = FIREFOX_PATHS.find((path) => path !== undefined && existsSync(path));
    if (executable === undefined) {
      console.log("skipped: there is no Firefox here (apt-get install firefox-esr, or name one in FIREFOX_PATH)");
      return;
    }
    const script = fileURLToPath(new URL("../firefox.mjs", import.meta.url));
    const { stdout } = await promisify(execFile)(process.execPath, [script, executable, desk.edge.url]);
    expect(stdout).toBe("");
  });

  it.each(["dark", "light"] as const)(
    "has room for every number on every screen, and no violation of WCAG, in the %s theme",
    async (colorScheme) => {
      const tab = await open("?symbol=BTCIDR");
      await tab.page.emulateMedia({ colorScheme });
      await tab.page.locator('.watch-row[data-symbol="STALE"][data-old="true"]').waitFor();
      expect(await violations(tab)).toEqual([]);
      // A theme moves nothing.
      for (const symbol of colorScheme === "dark" ? ["BTCIDR", "SHIBBTC", "OUTAGE", WIDEST] : ["BTCIDR"]) {
        await tab.page.setViewportSize(SCREENS[0]);
        await tab.page.locator(`.watch-row[data-symbol="${symbol}"]`).click();
        await tab.page.locator("#quote h1", { hasText: symbol }).waitFor();
        await tab.page.locator('#curtain[data-state="none"]').waitFor({ state: "attached" });
        for (const screen of SCREENS) {
          await tab.page.setViewportSize(screen);
          const seen = await lookAt(tab.page);
          expect({ screen, symbol, wrong: seen.wrong }).toEqual({ screen, symbol, wrong: [] });
          expect(seen.chartHeight).toBeGreaterThanOrEqual(CHART_HEIGHT_MIN);
          if (symbol === "OUTAGE") expect({ screen, found: await violations(tab) }).toEqual({ screen, found: [] });
        }
      }
      expect(tab.errors).toEqual([]);
      await tab.close();
    },
  );
});
