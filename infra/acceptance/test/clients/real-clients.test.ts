import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { FxClient, NewKey } from "@fx-ohlc/client";
import { eventually } from "@fx-ohlc/testkit";
import { Doorway, RunningClient } from "../../src/clients/running-client.js";
import { buildGo, type ClientProgram, checks, followers, readers } from "../../src/clients/toolchains.js";
import { type Everything, patientClient, System } from "../../src/system.js";

/**
 * Programs of other languages in `infra/clients`, where their toolchains are; `npm run clients` first brings what they need from
 * registries.
 */
const ADMIN = `fxk_admin_${"a".repeat(43)}`;
const ENV = { AUTH: "on", INTERNAL_SECRET: "a secret of this deployment", ADMIN_KEY: ADMIN, BIND_ADDRESS: "127.0.0.1" };
const CLOSES = [1.1, 1.2000000000000002, 0.30000000000000004];

const folder = mkdtempSync(join(tmpdir(), "fx-clients-"));
const programs = { checks: checks(folder), readers: readers(), followers: followers(folder) };
const missing = Object.values(programs)
  .flat()
  .filter(({ whyNot }) => whyNot !== undefined);
for (const { name, whyNot } of missing) console.log(`${name} is not run: ${whyNot}`);
const canRun = ({ whyNot }: ClientProgram) => whyNot === undefined;

/** A test of each of some programs that can be run here, which may be none. */
function testEach(some: readonly ClientProgram[], does: string, body: (program: ClientProgram) => Promise<void>): void {
  for (const program of some.filter(canRun)) test(`${program.name} ${does}`, () => body(program));
}

let system: System;
let services: Everything;
let client: FxClient;
let env: Record<string, string>;
let symbols = 0;

beforeAll(async () => {
  const isBuilt = ({ command }: ClientProgram) => command.startsWith(folder);
  for (const { command } of [...programs.checks, ...programs.followers].filter(canRun).filter(isBuilt))
    buildGo(command.slice(folder.length + 1), command);
  system = await System.create();
  services = await system.startAll(ENV);
  client = patientClient(services.edge, ADMIN);
  await eventually(() => client.keys.list().then(() => true), { what: "the first key to be known" });
  const key = async (more: Partial<NewKey>) =>
    (await client.keys.create({ name: "", scopes: ["read"], ...more })).token;
  env = {
    FX_URL: services.edge.url,
    FX_TOKEN: await key({ name: "clients", scopes: ["read", "write", "stream"] }),
    FX_URL_TOKEN: await key({ name: "addresses", in_url: true }),
  };
}, 300_000);

afterAll(async () => {
  rmSync(folder, { recursive: true });
  await system?.stop();
});

/** Runs a program to its end, with a symbol of its own. */
async function run(program: ClientProgram, symbol: string): Promise<void> {
  const running = RunningClient.start(program, { ...env, FX_SYMBOL: symbol }, folder);
  const status = await running.ended;
  const skipped = running.printed.match(/^skipped .*$/gm) ?? [];
  for (const what of skipped) console.log(`${program.name}: ${what}`);
  expect(status === 0 ? "" : running.printed).toBe("");
}

const newSymbol = () => {
  symbols += 1;
  return `REAL${symbols}X`;
};

testEach(programs.checks, "writes, reads and is refused as its users expect", (program) => run(program, newSymbol()));

testEach(programs.readers, "opens bars by their address, to the last digit", async (program) => {
  const symbol = newSymbol();
  const time = (minute: number) => `2026-03-02T00:0${minute}:00Z`;
  await client.postTicks(CLOSES.map((price, minute) => ({ symbol, price, time: time(minute) })));
  // Late ticks are in the bars soon.
  const bars = `${services.edge.url}/ohlc.ndjson?symbol=${symbol}&interval=1m&start=2026-03-02&token=${env.FX_URL_TOKEN}`;
  await eventually(async () => (await (await fetch(bars)).text()).split("\n").length === CLOSES.length + 1);
  await run(program, symbol);
});

const PRICES = /(?:"price":|Z )(1\.[567])\b/g;

test("those of the guide follow the stream, wait while the gateway is away, and miss nothing and get nothing twice", async () => {
  const following = await Promise.all(
    programs.followers.filter(canRun).map(async (program, at) => {
      const door = await Doorway.open(services.edge.port);
      const cwd = join(folder, `follower${at}`);
      mkdirSync(cwd);
      const running = RunningClient.start(program, { ...env, FX_URL: door.url }, cwd);
      return { name: program.name, door, running };
    }),
  );
  const all = (what: string, isSo: (each: (typeof following)[number]) => boolean) =>
    eventually(() => following.every(isSo), { timeoutMs: 60_000, what }).catch((error: unknown) => {
      throw new Error(following.map(({ name, running }) => `${name}: ${running.printed}`).join("\n"), { cause: error });
    });
  const prices = ({ running }: (typeof following)[number]) =>
    [...running.printed.matchAll(PRICES)].map(([, price]) => price);
  try {
    await all("subscriptions", ({ running }) => /subscribed/i.test(running.printed));
    await client.postTick({ symbol: "EURUSD", price: 1.5 });
    await all("a tick", (each) => prices(each).length === 1);
    await services.gateway.kill9();
    for (const price of [1.6, 1.7]) await client.postTick({ symbol: "EURUSD", price });
    await all("refusals", ({ door }) => door.refused > 0);
    await services.gateway.start();
    await all("what was missed", (each) => prices(each).length >= 3);
    expect(following.map((each) => [each.name, prices(each)])).toEqual(
      following.map(({ name }) => [name, ["1.5", "1.6", "1.7"]]),
    );
  } finally {
    for (const { door, running } of following) {
      await running.kill();
      door.close();
    }
  }
});
