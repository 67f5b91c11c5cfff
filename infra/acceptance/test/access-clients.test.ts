import { type ChannelName, FxClient, type NewKey } from "@fx-ohlc/client";
import { eventually } from "@fx-ohlc/testkit";
import type { Browser, Page } from "playwright-core";
import { WebSocket } from "ws";
import { DESKTOP, launchBrowser, PHONE } from "../src/page/browser.js";
import { Desk } from "../src/page/desk.js";
import { violations } from "../src/page/violations.js";

const ADMIN = `fxk_admin_${"a".repeat(43)}`;
const ENV = { AUTH: "on", INTERNAL_SECRET: "a secret of this deployment", ADMIN_KEY: ADMIN, BIND_ADDRESS: "127.0.0.1" };
/** Installing a browser takes minutes where there is none. */
const SETUP_TIMEOUT_MS = 900_000;

let desk: Desk;
let browser: Browser;

beforeAll(async () => {
  browser = await launchBrowser();
  desk = await Desk.open(ENV);
  await eventually(() => desk.client.keys.list().then(() => true), { what: "the first key to be known" });
  for (const symbol of ["EURUSD", "GBPUSD"]) await desk.client.postTick({ symbol, price: 1.1 });
}, SETUP_TIMEOUT_MS);

afterAll(async () => {
  await browser?.close();
  await desk?.close();
});

let keys = 0;

/** A key, and a client that has it. */
async function made(key: Partial<NewKey> = {}, more: Partial<ConstructorParameters<typeof FxClient>[0]> = {}) {
  keys += 1;
  const { id, token } = await desk.client.keys.create({ name: `key ${keys}`, scopes: ["read", "stream"], ...key });
  return { id, token, client: new FxClient({ url: desk.edge.url, token, retry: { attemptsMax: 2 }, ...more }) };
}

/** What a stream ends with. */
async function endOf(
  client: FxClient,
  channels: readonly ChannelName[] = ["ticks:EURUSD"],
  whenLive = async () => {},
): Promise<unknown> {
  try {
    for await (const event of client.stream({ channels })) {
      if (event.type === "status" && event.status === "live") void whenLive();
    }
  } catch (error) {
    return error;
  }
  return undefined;
}

describe("the SDK and a system with AUTH=on agree", () => {
  it("on keys: what is made is listed without its token, changed, and noted in the audit", async () => {
    const key = { name: "lp1", scopes: ["write"], symbols: ["EUR*"], limits: { ticks_per_second: 5000 } } as const;
    const { id, client } = await made(key);
    await expect(client.postTick({ symbol: "EURCHF", price: 1 })).resolves.toMatchObject({ symbol: "EURCHF" });
    await expect(client.postTick({ symbol: "USDJPY", price: 1 })).rejects.toThrow("USDJPY");
    const listed = (await desk.client.keys.list()).find((each) => each.id === id);
    expect(listed).toMatchObject(key);
    expect(listed).not.toHaveProperty("token");
    await expect(desk.client.keys.update(id, { symbols: null })).resolves.toMatchObject({ symbols: null });
    await eventually(() => client.postTick({ symbol: "USDJPY", price: 1 }).then(() => true));
    const noted = [];
    for await (const entry of desk.client.audit({ pageSize: 1 })) {
      noted.push(`${entry.by} ${entry.action}`);
      if (noted.length === 2) break;
    }
    expect(noted).toEqual(["admin key.changed", "admin key.created"]);
  });

  it("on who may not: no key, a wrong one, one without the scope", async () => {
    const call = (token?: string) => new FxClient({ url: desk.edge.url, token }).symbols();
    await expect(call()).rejects.toMatchObject({ name: "UnauthorizedError" });
    await expect(call("fxk_none_none")).rejects.toMatchObject({ name: "UnauthorizedError" });
    const { client } = await made();
    await expect(client.keys.list()).rejects.toMatchObject({ name: "ForbiddenError", message: /admin/ });
  });

  it.each([
    ["in the upgrade", {}],
    ["by tickets", { webSocket: WebSocket }],
  ])("on streams, the key shown %s: they end when it is revoked", async (_how, more) => {
    const { id, client } = await made({}, more);
    const ended = endOf(client, ["ticks:*"], () => desk.client.keys.revoke(id));
    await expect(ended).resolves.toMatchObject({ name: "StreamClosedError", code: 4001 });
    await expect(client.symbols()).rejects.toMatchObject({ name: "UnauthorizedError" });
  });

  it.each([
    ["in the upgrade", {}],
    ["by tickets", { webSocket: WebSocket }],
  ])("on streams that a key does not open, shown %s: they end, and say the scope", async (_how, more) => {
    const { client } = await made({ scopes: ["read"] }, more);
    await expect(endOf(client)).resolves.toMatchObject({ name: "ForbiddenError", message: /stream/ });
  });

  it("on channels that a key does not cover: the others go on", async () => {
    const { client } = await made({ symbols: ["EUR*"] });
    const stream = client.stream({ channels: ["ticks:GBPUSD", "ticks:EURUSD", "ticks:*"] });
    const told: string[] = [];
    const refused: string[] = [];
    stream.on("error", ({ message }) => refused.push(message));
    stream.on("ticks", ({ channel }) => told.push(channel));
    await eventually(() => refused.length === 1);
    await eventually(async () => {
      for (const symbol of ["GBPUSD", "EURUSD"]) await desk.client.postTick({ symbol, price: 1.2 });
      return told.length > 2;
    });
    stream.close();
    expect(refused).toEqual([expect.stringContaining("GBPUSD")]);
    expect(new Set(told)).toEqual(new Set(["ticks:EURUSD"]));
  });
});

/** Opens the dashboard in a tab of its own. */
async function openPage(options = DESKTOP, search = "?symbol=EURUSD"): Promise<Page> {
  const context = await browser.newContext({ colorScheme: "dark", ...options });
  const page = await context.newPage();
  await page.goto(`${desk.edge.url}/${search}`);
  return page;
}

async function signIn(page: Page, key: string): Promise<void> {
  await page.locator("#sign-in[open]").waitFor();
  await page.locator("#sign-in-key").fill(key);
  await page.locator("#sign-in-submit").click();
}

const until = (page: Page, status: string) => page.locator(`body[data-status="${status}"]`).waitFor();

describe("the dashboard of a system with AUTH=on", () => {
  it.each([
    ["a screen", DESKTOP],
    ["a phone", PHONE],
  ])(
    "asks for a key on %s, says when it is none, and shows everything with one, for this tab alone",
    async (_on, device) => {
      const { token } = await made();
      const page = await openPage(device);
      await signIn(page, "fxk_none_none");
      await page.locator("#sign-in-problem", { hasText: "does not take this key" }).waitFor();
      expect(await violations(page)).toEqual([]);
      await signIn(page, ` ${token} `);
      await until(page, "connected");
      // A phone shows one pane at a time, and rows are drawn where they are in sight.
      if (device === PHONE) await page.locator('#tabs [data-pane="watch"]').click();
      await page.locator('.watch-row[data-symbol="GBPUSD"]').waitFor();
      await page.locator(".tape-row:not([hidden])").first().waitFor({ state: "attached" });
      expect(await violations(page)).toEqual([]);
      expect(page.url()).not.toContain("fxk_");
      expect(await page.evaluate("document.documentElement.scrollWidth")).toBe(device.viewport.width);
      await page.reload();
      await until(page, "connected");
      const other = await page.context().newPage();
      await other.goto(page.url());
      await other.locator("#sign-in[open]").waitFor();
      await page.locator("#sign-out").click();
      await page.locator("#sign-in[open]").waitFor();
      expect(await page.evaluate("sessionStorage.length")).toBe(0);
      await page.context().close();
    },
  );

  it("says where it belongs what a key does not open: a symbol, live prices, anything at all", async () => {
    const text = (page: Page, place: string, words: string) => page.locator(place, { hasText: words }).waitFor();
    const opened = async (key: Partial<NewKey>) => {
      const page = await openPage();
      await signIn(page, (await made(key)).token);
      return page;
    };
    const ofPounds = await opened({ symbols: ["GBP*"] });
    await until(ofPounds, "connected");
    await text(ofPounds, "#curtain", "EURUSD");
    await text(ofPounds, "#tape-list", "EURUSD");
    await ofPounds.locator('.watch-row[data-symbol="GBPUSD"]').click();
    await ofPounds.locator('#curtain[data-state="none"]').waitFor({ state: "attached" });
    await ofPounds.locator(".tape-row:not([hidden])").first().waitFor();
    const still = await opened({ scopes: ["read"] });
    await text(still, "#notice", "No live prices: This token has not the scope stream.");
    await still.locator('#curtain[data-state="none"]').waitFor({ state: "attached" });
    const blind = await opened({ scopes: ["write"] });
    for (const place of ["#curtain", "#tape-list", "#watch-list"]) await text(blind, place, "scope read");
    for (const page of [ofPounds, still, blind]) await page.context().close();
  });

  it("asks again when its key is revoked", async () => {
    const { id, token } = await made();
    const page = await openPage();
    await signIn(page, token);
    await until(page, "connected");
    await desk.client.keys.revoke(id);
    await page.locator("#sign-in-problem", { hasText: "no longer taken" }).waitFor();
    expect(await page.evaluate("sessionStorage.length")).toBe(0);
    await page.context().close();
  });
});

describe("the documents' pages of a system with AUTH=on", () => {
  it("Swagger UI asks with the key that Authorize was given", async () => {
    const { token } = await made();
    const page = await (await browser.newContext(DESKTOP)).newPage();
    await page.goto(`${desk.edge.url}/docs`);
    await page.locator("button.authorize").first().click();
    await page.locator(".auth-container", { hasText: "bearer" }).locator("input").first().fill(token);
    await page.locator(".auth-btn-wrapper .authorize").first().click();
    await page.locator(".btn-done").first().click();
    const asked = page.waitForResponse((answer) => new URL(answer.url()).pathname === "/symbols");
    const operation = page.locator(".opblock", { has: page.locator('[data-path="/symbols"]') }).first();
    await operation.locator(".opblock-summary").click();
    await operation.locator(".try-out__btn").click();
    await operation.locator(".execute").click();
    const answer = await asked;
    expect(answer.status()).toBe(200);
    expect(await answer.request().headerValue("authorization")).toBe(`Bearer ${token}`);
    await page.context().close();
  });

  it("Redoc shows how to be let in", async () => {
    const page = await (await browser.newContext(DESKTOP)).newPage();
    await page.goto(`${desk.edge.url}/redoc#/ticks/posttick`);
    await page.getByText("Needs the scope write.").waitFor();
    await page.getByText("Required scopes:").first().waitFor();
    await page.context().close();
  });
});
