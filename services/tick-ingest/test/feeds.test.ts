import { eventually } from "@fx-ohlc/testkit";
import { type Beside, type Ingest, startBeside, startIngest } from "./ingest.js";

let ingest: Ingest;
let beside: Beside;

/** Markets are open whenever this runs; and no feed is down before it is over. */
const ENV = { MARKET_SESSIONS: "*=always", QUIET_AFTER_S: "600" };

beforeAll(async () => {
  ingest = await startIngest(ENV);
  beside = await startBeside(ingest, ENV);
});
afterAll(async () => {
  await beside.stop();
  await ingest.stop();
});

interface Row {
  readonly feed: string;
  readonly symbol: string;
  readonly state: string;
  readonly [field: string]: unknown;
}

const ago = (ms: number) => new Date(Date.now() - ms).toISOString();

async function post(path: string, body: string, headers: Record<string, string>): Promise<number> {
  const answer = await fetch(ingest.url + path, { method: "POST", body, headers });
  await answer.text();
  return answer.status;
}

async function rows(query = "", url = ingest.url): Promise<readonly Row[]> {
  return (await fetch(`${url}/feeds${query}`)).json() as Promise<readonly Row[]>;
}

const heartbeat = (feed: string, body: object) =>
  post(`/feeds/${encodeURIComponent(feed)}/heartbeat`, JSON.stringify(body), { "content-type": "application/json" });

test("every way to post ticks names the feed they are of, and each process tells of what another one heard", async () => {
  const json = { "content-type": "application/json" };
  const tick = (symbol: string, ms = 0) => ({ symbol, price: 1.1, time: ago(ms) });
  const line = `fx,symbol=LINES price=1.1 ${Date.now()}000000\n`;
  const csv = `time,symbol,price\n${ago(40)},CSV,1.1\n${ago(20)},CSV,1.2\n`;
  const ndjson = `${JSON.stringify(tick("NDJSON", 5000))}\n`;
  const feed = { "x-feed": "lp1" };
  expect([
    await post("/ticks", JSON.stringify(tick("SINGLE")), { ...json, ...feed }),
    await post("/ticks/bulk", JSON.stringify([tick("BULK"), tick("ALSO")]), { ...json, ...feed }),
    await post("/ticks/bulk", ndjson, { "content-type": "application/x-ndjson", ...feed }),
    await post("/ticks/bulk", csv, { "content-type": "text/csv", ...feed }),
    await post("/write", line, feed),
    await post("/ticks", JSON.stringify(tick("NOBODYS")), json),
    await post("/ticks", JSON.stringify({ ...tick("REFUSED"), price: 0 }), { ...json, ...feed }),
  ]).toEqual([201, 201, 201, 201, 204, 201, 422]);
  const heard = await rows();
  expect(heard.map(({ symbol }) => symbol)).toEqual(["ALSO", "BULK", "CSV", "LINES", "NDJSON", "SINGLE"]);
  expect(new Set(heard.map(({ feed: name, state }) => `${name} ${state}`))).toEqual(new Set(["lp1 live"]));
  const [late] = await rows("?symbol=NDJSON");
  expect(Number(late?.delay_p50_ms)).toBeGreaterThan(4500);
  expect(late).toMatchObject({ every_s: null, quiet_after_s: 600, last_tick: expect.stringMatching(/\.\d{6}Z$/) });
  expect(Number((await rows("?symbol=CSV"))[0]?.ticks_per_second)).toBeGreaterThan(0);
  expect((await rows("", beside.url)).map(({ symbol }) => symbol)).toEqual(heard.map(({ symbol }) => symbol));
  // One of the two judges, and both tell the same.
  const judged = async (url: string) =>
    (await (await fetch(`${url}/metrics`)).text()).includes('symbol_feed_state{symbol="CSV"} 3');
  await eventually(async () => (await judged(ingest.url)) !== (await judged(beside.url)), { what: "one that judges" });
});

test("a heartbeat says that a feed is alive while nothing trades", async () => {
  expect(await heartbeat("desk 7", { symbols: ["eur/usd", "XAUUSD"], every_s: 5 })).toBe(204);
  expect(await rows("?feed=desk%207")).toMatchObject([
    {
      symbol: "EURUSD",
      state: "quiet",
      last_tick: null,
      delay_p50_ms: null,
      ticks_per_second: 0,
      every_s: 5,
      quiet_after_s: 15,
    },
    { symbol: "XAUUSD", state: "quiet" },
  ]);
  await ingest.send("PUT", "/symbols/XAUUSD", { quiet_after_s: 40 });
  expect(await rows("?feed=desk%207&symbol=XAUUSD")).toMatchObject([{ quiet_after_s: 40 }]);
});

test("is paged, and forgotten when somebody says so", async () => {
  await heartbeat("paged", { symbols: ["A1", "A2", "A3"] });
  const first = await fetch(`${ingest.url}/feeds?feed=paged&limit=2`);
  const next = /<([^>]+)>/.exec(first.headers.get("link") ?? "")?.[1] ?? "";
  expect(((await first.json()) as Row[]).map(({ symbol }) => symbol)).toEqual(["A1", "A2"]);
  const second = await fetch(next);
  expect([((await second.json()) as Row[]).map(({ symbol }) => symbol), second.headers.get("link")]).toEqual([
    ["A3"],
    null,
  ]);
  expect((await ingest.send("DELETE", "/feeds/paged?symbol=A2")).status).toBe(204);
  expect((await rows("?feed=paged")).map(({ symbol }) => symbol)).toEqual(["A1", "A3"]);
  expect((await ingest.send("DELETE", "/feeds/paged")).status).toBe(204);
  expect([await rows("?feed=paged"), (await ingest.send("DELETE", "/feeds/paged")).status]).toEqual([[], 404]);
});

test.each([
  ["a name that is none", { "x-feed": "lp1, lp2" }],
  ["a name that is too long", { "x-feed": "x".repeat(65) }],
])("refuses %s", async (_what, headers) => {
  const tick = JSON.stringify({ symbol: "EURUSD", price: 1.1 });
  expect(await post("/ticks", tick, { "content-type": "application/json", ...headers })).toBe(422);
  expect(await post("/write", "fx,symbol=EURUSD price=1", headers)).toBe(422);
});

test.each([
  [{}],
  [{ symbols: [] }],
  [{ symbols: ["EUR USD"] }],
  [{ symbols: ["EURUSD"], every_s: 0 }],
  [{ symbols: ["EURUSD"], more: 1 }],
])("refuses the heartbeat %j", async (body) => expect(await heartbeat("lp1", body)).toBe(422));

test("while Redis is away nobody is told who is alive, and what came meanwhile is known afterwards", async () => {
  await ingest.redis.stop();
  expect(await heartbeat("patient", { symbols: ["EURUSD"] })).toBe(204);
  expect((await fetch(`${ingest.url}/feeds`)).status).toBe(503);
  await ingest.redis.start();
  await eventually(async () => (await rows("?feed=patient").catch(() => [])).length === 1, { what: "the heartbeat" });
});
