import { FxClient } from "@fx-ohlc/client";
import { eventually } from "@fx-ohlc/testkit";
import type { Browser, BrowserContextOptions, CDPSession, Page } from "playwright-core";
import { DESKTOP, launchBrowser, PHONE } from "../src/page/browser.js";
import { Desk } from "../src/page/desk.js";
import { violations } from "../src/page/violations.js";

/** Installing a browser takes minutes where there is none. */
const SETUP_TIMEOUT_MS = 900_000;
const MINUTE_MS = 60_000;
/** What a watchlist is to be smooth with. */
const SYMBOLS = 1_000;
const SYMBOLS_OF_A_REQUEST = 500;
/** What the main thread may take for a screenful of them, in processor time: some 30 ms, in several tasks, on a machine with more to do. */
const SCREENFUL_MAX_MS = 100;
const SCREENFULS = 20;
const ADMIN_KEY = `fxk_root0001_${"s".repeat(43)}`;
const ENV = { AUTH: "on", INTERNAL_SECRET: "a secret of this deployment", ADMIN_KEY, BIND_ADDRESS: "127.0.0.1" };
/** Whole minutes up to this one, today or the day before: a market that never closes has them all. */
const END_MS = Math.floor(Date.now() / MINUTE_MS) * MINUTE_MS - 10 * MINUTE_MS;
const OUTAGE = { fromMs: END_MS - 270 * MINUTE_MS, toMs: END_MS - 60 * MINUTE_MS };

let desk: Desk;
let browser: Browser;

beforeAll(async () => {
  browser = await launchBrowser();
  desk = await Desk.open(ENV);
  await seed();
}, SETUP_TIMEOUT_MS);

afterAll(async () => {
  await browser?.close();
  await desk?.close();
});

/** A symbol that was silent for 3 h 30 min, one of whose ticks was corrected; a feed that has gone; a thousand symbols more. */
async function seed(): Promise<void> {
  const minutes = Array.from({ length: 300 }, (_, at) => END_MS - (299 - at) * MINUTE_MS);
  const present = minutes.filter((ms) => ms < OUTAGE.fromMs || ms >= OUTAGE.toMs);
  await say("COIN", { session: "always", kind: "crypto" });
  await desk.client.postTicks(present.map((ms) => ({ symbol: "COIN", time: iso(ms), bid: 100, ask: 101 })));
  await desk.client.postTick({ symbol: "COIN", time: iso(END_MS + 1_000), bid: 102, ask: 101 });
  await desk.client.putTick({ symbol: "COIN", time: iso(END_MS) }, { bid: 99, ask: 99.5 });
  await (await producer("there")).heartbeat(["COIN"], { everyS: 60 });
  await (await producer("gone")).heartbeat(["COIN"], { everyS: 1 });
  for (let from = 0; from < SYMBOLS; from += SYMBOLS_OF_A_REQUEST) {
    const names = Array.from({ length: SYMBOLS_OF_A_REQUEST }, (_, at) => nameOf(from + at));
    await desk.client.postTicks(names.map((symbol, at) => ({ symbol, price: 1 + (from + at) / 1_000 })));
  }
}

/** What there is to say of a symbol. */
async function say(symbol: string, facts: object): Promise<void> {
  const headers = { authorization: `Bearer ${ADMIN_KEY}`, "content-type": "application/json" };
  const answer = await fetch(`${desk.edge.url}/symbols/${symbol}`, {
    method: "PUT",
    headers,
    body: JSON.stringify(facts),
  });
  if (!answer.ok) throw new Error(await answer.text());
}

/** A producer whose key is of its feed's name. */
async function producer(feed: string): Promise<FxClient> {
  const { token } = await desk.client.keys.create({ name: feed, scopes: ["write"] });
  return new FxClient({ url: desk.edge.url, token, feed });
}

function iso(ms: number): string {
  return new Date(ms).toISOString();
}

function nameOf(at: number): string {
  return `S${String(at).padStart(4, "0")}`;
}

/** The page in a tab of its own, signed in by a key. */
async function open(search: string, key = ADMIN_KEY, options: BrowserContextOptions = DESKTOP): Promise<Page> {
  const context = await browser.newContext({ colorScheme: "dark", ...options });
  await context.addInitScript({ content: `sessionStorage["fx-ohlc.key"] ??= ${JSON.stringify(key)}` });
  const page = await context.newPage();
  await page.goto(`${desk.edge.url}/${search}`);
  return page;
}

/** Processor time of the page's main thread so far, ms. */
async function usedMs(session: CDPSession): Promise<number> {
  const { metrics } = await session.send("Performance.getMetrics");
  return (metrics.find(({ name }) => name === "TaskDuration")?.value ?? Number.NaN) * 1_000;
}

const LOOKS = [
  ["dark", DESKTOP],
  ["light", PHONE],
] as const;

describe("the data-quality view", () => {
  it("says what is missing, was corrected and is crossed of each symbol, and leads to the chart there", async () => {
    const page = await open("?view=quality&symbol=COIN");
    const row = page.locator('.data-row[data-key="COIN"]');
    await row.locator('[data-column="gaps"]', { hasText: /^\d+ · 3 h \d+ min$/ }).waitFor();
    await row.locator('[data-column="longest_silence_s"]', { hasText: "3 h 30 min" }).waitFor();
    expect(await row.locator('[data-column="corrections"]').textContent()).toBe("1");
    expect(await row.locator('[data-column="crossed_minutes"]').textContent()).toBe("1");
    await row.locator(".strip .strip-no_ticks").waitFor({ state: "attached" });
    const correction = page.locator(".data-of-symbol .data-row", { hasText: "1 tick corrected" });
    expect(await correction.locator('[data-column="reason"]').textContent()).toContain("100/101 → 99/99.5");
    expect(await correction.locator('[data-column="by"]').textContent()).not.toBe("–");
    await page.locator(".calendar-day").first().waitFor();
    const gap = page.locator(".data-gaps .data-row", { hasText: "No ticks" }).first();
    expect(await gap.locator('[data-column="length"]').textContent()).toBe("3 h 30 min");
    await gap.locator("a").click();
    await page.locator('body[data-page="chart"]').waitFor();
    const { searchParams } = new URL(page.url());
    expect(searchParams.get("symbol")).toBe("COIN");
    expect(Date.parse(searchParams.get("from") ?? "")).toBeLessThanOrEqual(OUTAGE.fromMs);
    expect(Date.parse(searchParams.get("to") ?? "")).toBeGreaterThanOrEqual(OUTAGE.toMs);
    await page.goBack();
    await page.locator(".calendar-day").first().waitFor();
    await page.context().close();
  });
});

describe("the operations view", () => {
  it("says what is wrong before anything else, and every feed's state, the worst first", async () => {
    await desk.client.postTick({ symbol: "COIN", price: 100.5 });
    const page = await open("?view=ops");
    const finding = page.locator(".findings-list li").first();
    await eventually(async () => (await finding.textContent())?.includes("Feed gone is down for") ?? false, {
      what: "the feed that has gone to be told of",
    });
    const states = await page.locator('.data-feeds [data-column="state"]').allTextContents();
    expect(states.filter((text) => text !== "State")[0]).toBe("Down");
    const tile = page.locator(".tile", { hasText: "Connections" });
    await eventually(async () => Number(await tile.locator(".tile-value").textContent()) > 0);
    await page.locator(".data-revisions .data-row", { hasText: "1 tick corrected" }).waitFor();
    await page.context().close();
  });

  it("says which scope a key needs that does not show it, and that the rest is not known", async () => {
    const { token } = await desk.client.keys.create({ name: "reader", scopes: ["read", "stream"] });
    const page = await open("?view=ops", token);
    await page.locator(".page-note", { hasText: "It needs the scope “ops”." }).first().waitFor();
    await page.locator(".findings", { hasText: "Only what this key shows is known here" }).waitFor();
    expect(await page.locator(".findings").textContent()).not.toContain("Nothing is wrong");
    await page.locator(".page-note button", { hasText: "Sign in with another key" }).first().click();
    await page.locator("#sign-in[open]").waitFor();
    await page.locator("#sign-in-key").fill(ADMIN_KEY);
    await page.locator("#sign-in-submit").click();
    await page.locator(".data-feeds .data-row").first().waitFor();
    await page.context().close();
  });
});

describe("the watchlist", () => {
  it("draws of 1,000 symbols what is in sight, sorts them by any column, and stays smooth", async () => {
    const page = await open("?symbol=COIN");
    await page.locator('.watch-row[data-symbol="COIN"][aria-selected="true"]').waitFor();
    const table = page.locator(".watch-table");
    await eventually(async () => Number(await table.getAttribute("aria-rowcount")) > SYMBOLS);
    await page.locator('.watch-row[data-symbol="S0000"] .price-whole', { hasText: "1" }).waitFor();
    expect(await page.locator(".watch-row").count()).toBeLessThan(80);
    const session = await page.context().newCDPSession(page);
    await session.send("Performance.enable", { timeDomain: "threadTicks" });
    const before = await usedMs(session);
    const list = page.locator("#watch-list");
    for (let at = 1; at <= SCREENFULS; at += 1) {
      await list.evaluate((box, share) => box.scrollTo(0, share * box.scrollHeight), at / SCREENFULS);
    }
    await page.locator(`.watch-row[data-symbol="${nameOf(SYMBOLS - 1)}"]`).waitFor();
    const screenfulMs = ((await usedMs(session)) - before) / SCREENFULS;
    console.log(`1,000 symbols scrolled through: ${screenfulMs.toFixed(1)} ms of the main thread a screenful`);
    expect(screenfulMs).toBeLessThan(SCREENFUL_MAX_MS);
    await page.locator('.watch-table [data-column="last"] button').click();
    await list.evaluate((box) => box.scrollTo(0, 0));
    const first = page.locator(".watch-row").first();
    await eventually(async () => (await first.getAttribute("data-symbol")) === "COIN", {
      what: "the highest price first",
    });
    expect(await page.locator('.watch-table [data-column="last"]').getAttribute("aria-sort")).toBe("descending");
    await page.context().close();
  });

  it("keeps favourites, groups and an order of one's own, with the keyboard alone", async () => {
    const page = await open(`?symbol=${nameOf(3)}`);
    const row = (symbol: string) => page.locator(`.watch-row[data-symbol="${symbol}"]`);
    const symbols = () =>
      page.locator(".watch-row").evaluateAll((rows) => rows.map((one) => one.getAttribute("data-symbol")));
    for (const symbol of [nameOf(3), nameOf(1)]) {
      await row(symbol).focus();
      await page.keyboard.press("f");
      await row(symbol).locator('.star[aria-pressed="true"]').waitFor();
    }
    await row(nameOf(1)).focus();
    await page.keyboard.press("g");
    await page.locator(".groups-dialog input:not([type])").fill("Majors");
    await page.keyboard.press("Enter");
    await page.locator(".groups-dialog label", { hasText: "Majors" }).locator("input:checked").waitFor();
    expect(await violations(page)).toEqual([]);
    await page.keyboard.press("Escape");
    await page.locator(".list-select").selectOption("Favourites");
    await eventually(async () => JSON.stringify(await symbols()) === JSON.stringify([nameOf(3), nameOf(1)]));
    await row(nameOf(3)).focus();
    await page.keyboard.press("Alt+ArrowDown");
    const turned = JSON.stringify([nameOf(1), nameOf(3)]);
    await eventually(async () => JSON.stringify(await symbols()) === turned, { what: "the order to be turned" });
    await page.reload();
    await eventually(async () => JSON.stringify(await symbols()) === turned, { what: "the order to be kept" });
    await page.locator(".list-select").selectOption("Majors");
    await eventually(async () => JSON.stringify(await symbols()) === JSON.stringify([nameOf(1)]));
    await page.context().close();
  });
});

describe("the keys", () => {
  it("are shown by ?, lead from view to view, and can be turned off", async () => {
    const page = await open("?symbol=COIN");
    await page.locator("#quote h1", { hasText: "COIN" }).waitFor();
    await page.keyboard.press("q");
    await page.locator('body[data-page="quality"]').waitFor();
    await page.keyboard.press("c");
    await page.locator('body[data-page="chart"]').waitFor();
    await page.keyboard.press("?");
    await page.locator(".keys[open]", { hasText: "Move the symbol in its list" }).waitFor();
    expect(await violations(page)).toEqual([]);
    await page.locator(".keys-switch input").uncheck();
    await page.keyboard.press("Escape");
    await page.keyboard.press("o");
    await page.locator("#views button", { hasText: "Quality" }).click();
    await page.locator('body[data-page="quality"]').waitFor();
    expect(new URL(page.url()).searchParams.get("view")).toBe("quality");
    await page.context().close();
  });
});

describe("the views beside the chart", () => {
  it.each(LOOKS)(
    "have no violation of WCAG that axe finds, nor are wider than the screen, %s",
    async (colorScheme, device) => {
      const page = await open("?view=quality&symbol=COIN", ADMIN_KEY, { ...device, colorScheme });
      await page.locator(".calendar-day").first().waitFor();
      await page.locator(".data-quality .data-row").first().waitFor();
      expect(await violations(page)).toEqual([]);
      expect(await page.evaluate("document.documentElement.scrollWidth")).toBe(device.viewport.width);
      await page.locator('button[data-page="ops"]:visible').click();
      await page.locator(".data-feeds .data-row").first().waitFor();
      expect(await violations(page)).toEqual([]);
      expect(await page.evaluate("document.documentElement.scrollWidth")).toBe(device.viewport.width);
      await page.context().close();
    },
  );
});
