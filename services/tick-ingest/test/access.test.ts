import { eventually } from "@fx-ohlc/testkit";
import { type Ingest, startIngest } from "./ingest.js";

const ADMIN = `fxk_admin_${"a".repeat(43)}`;
const ENV = { AUTH: "on", INTERNAL_SECRET: "a secret of this deployment", ADMIN_KEY: ADMIN, BIND_ADDRESS: "127.0.0.1" };
const TICK = { symbol: "EURUSD", price: 1.1, time: "2025-12-05T10:00:00Z" };

let ingest: Ingest;

beforeAll(async () => {
  ingest = await startIngest(ENV);
  await eventually(async () => (await ask("GET", "/keys", ADMIN)).status === 200, {
    what: "the first key to be known",
  });
});

afterAll(() => ingest.stop());

interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: never;
}

async function ask(method: string, path: string, token?: string, body?: unknown): Promise<Answer> {
  const response = await fetch(ingest.url + path, {
    method,
    headers: {
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      ...(body === undefined ? {} : { "content-type": "application/json" }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  return { status: response.status, headers: response.headers, body: (text === "" ? {} : JSON.parse(text)) as never };
}

interface MadeKey {
  readonly id: string;
  readonly token: string;
  readonly last_used_at: string | null;
}

let made = 0;

async function makeKey(key: object): Promise<MadeKey> {
  made += 1;
  const { status, body } = await ask("POST", "/keys", ADMIN, { name: `key ${made}`, scopes: ["write"], ...key });
  expect(status).toBe(201);
  return body;
}

test("a key opens what its scopes say from the moment it is made, and nothing from the moment it is revoked", async () => {
  const { id, token } = await makeKey({ name: "producer" });
  expect((await ask("POST", "/ticks", token, TICK)).status).toBe(201);
  const refused = await ask("DELETE", "/ticks/EURUSD/2025-12-05T10:00:00Z", token);
  expect(refused).toMatchObject({ status: 403, body: { detail: expect.stringContaining("correct") } });
  expect((await ask("DELETE", `/keys/${id}`, ADMIN)).status).toBe(204);
  const gone = await ask("POST", "/ticks", token, TICK);
  expect(gone.status).toBe(401);
  expect(gone.headers.get("www-authenticate")).toBe("Bearer");
  // Whoever did not hear the answer asks again.
  expect((await ask("DELETE", `/keys/${id}`, ADMIN)).status).toBe(204);
  expect((await ask("DELETE", "/keys/nobodys", ADMIN)).status).toBe(404);
});

test("an upload ends when its key does, and says what was stored", async () => {
  const { id, token } = await makeKey({ name: "uploader" });
  let more = (_line: string | undefined): void => undefined;
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      more = (line) => (line === undefined ? controller.close() : controller.enqueue(new TextEncoder().encode(line)));
    },
  });
  const line = (second: number) => `2025-12-06T10:00:0${second}Z,UPLOADED,1.1\n`;
  more(`time,symbol,price\n${line(1)}`);
  const headers = { authorization: `Bearer ${token}`, "content-type": "text/csv" };
  const init = { method: "POST", headers, body, duplex: "half" } as const;
  const answering = fetch(`${ingest.url}/ticks/bulk`, init);
  const stored = async () => (await ingest.sql`select from ticks where symbol = 'UPLOADED'`).length;
  await eventually(async () => (await stored()) === 1, { what: "the first row" });
  await ask("DELETE", `/keys/${id}`, ADMIN);
  more(line(2));
  const answer = await answering;
  expect([answer.status, await answer.json()]).toMatchObject([401, { created: 1 }]);
  expect(await stored()).toBe(1);
});

test("a key with symbols touches no other ones, in whatever shape they are sent", async () => {
  const { token } = await makeKey({ scopes: ["write", "correct"], symbols: ["eur*", "XAUUSD"] });
  expect((await ask("POST", "/ticks", token, { ...TICK, symbol: "EUR/GBP" })).status).toBe(201);
  const other = { ...TICK, symbol: "USDJPY" };
  const named = { status: 403, body: { detail: expect.stringContaining("USDJPY") } };
  expect(await ask("POST", "/ticks", token, other)).toMatchObject(named);
  expect(await ask("POST", "/ticks/bulk", token, [TICK, other])).toMatchObject(named);
  expect(await ask("DELETE", "/ticks/USDJPY/2025-12-05T10:00:00Z", token)).toMatchObject(named);
  const lines = [{ ...TICK, time: "2025-12-05T10:00:01Z" }, other].map((row) => JSON.stringify(row)).join("\n");
  const upload = await fetch(`${ingest.url}/ticks/bulk`, {
    method: "POST",
    headers: { authorization: `Bearer ${token}`, "content-type": "application/x-ndjson" },
    body: lines,
  });
  expect(upload.status).toBe(403);
  // What came before it is stored, and the sender is told so.
  expect(await upload.json()).toMatchObject({ created: 1, lines: 1 });
});

test("no key's secret is shown again, and what is changed of a key holds at once", async () => {
  const { id, token } = await makeKey({ name: "first name", scopes: ["write"] });
  const { body } = await ask("GET", "/keys", ADMIN);
  expect(JSON.stringify(body)).not.toContain(token.slice(`fxk_${id}_`.length));
  const renamed = await ask("PATCH", `/keys/${id}`, ADMIN, { name: "second name", scopes: ["ops"] });
  expect(renamed.body).toMatchObject({ id, name: "second name", scopes: ["ops"] });
  expect((await ask("POST", "/ticks", token, TICK)).status).toBe(403);
  const [row] = await ingest.sql`select secret_hash from api_keys where id = ${id}`;
  expect(row?.secret_hash).toMatch(/^[0-9a-f]{64}$/);
});

test("a key that may make keys is not bounded to symbols, and none is called as callers without one are", async () => {
  const admin = { name: "a key", scopes: ["admin"] };
  const refused = (field: string) => ({ status: 422, body: { errors: [{ field }] } });
  expect(await ask("POST", "/keys", ADMIN, { ...admin, symbols: ["EUR*"] })).toMatchObject(refused("symbols"));
  const { id } = await makeKey(admin);
  expect(await ask("PATCH", `/keys/${id}`, ADMIN, { symbols: ["EUR*"] })).toMatchObject(refused("symbols"));
  expect(await ask("PATCH", `/keys/${id}`, ADMIN, { name: "Internal" })).toMatchObject(refused("name"));
  expect(await ask("PATCH", `/keys/${id}`, ADMIN, { name: "JWT:alice" })).toMatchObject(refused("name"));
});

test("what is null of a new key is as if it were absent", async () => {
  const absent = { symbols: null, limits: null, expires_at: null, in_url: null };
  expect(await makeKey(absent)).toMatchObject({ symbols: null, in_url: false });
});

test("no two live keys have one name, however it is written", async () => {
  const { id } = await makeKey({ name: "Desk one" });
  const other = await makeKey({ name: "desk two" });
  const taken = { status: 409, body: { detail: expect.stringContaining(`Desk one already: ${id}`) } };
  expect(await ask("POST", "/keys", ADMIN, { name: " desk ONE", scopes: ["read"] })).toMatchObject(taken);
  expect(await ask("PATCH", `/keys/${other.id}`, ADMIN, { name: "desk one" })).toMatchObject(taken);
  expect((await ask("PATCH", `/keys/${id}`, ADMIN, { name: "desk one" })).status).toBe(200);
  const both = [1, 2].map(() => ask("POST", "/keys", ADMIN, { name: "at once", scopes: ["read"] }));
  expect((await Promise.all(both)).map(({ status }) => status).sort()).toEqual([201, 409]);
  await ask("DELETE", `/keys/${id}`, ADMIN);
  expect((await ask("PATCH", `/keys/${other.id}`, ADMIN, { name: "Desk one" })).status).toBe(200);
});

test("of two changes at once that together make a key for some symbols one that makes keys, one is refused", async () => {
  for (let round = 0; round < 20; round += 1) {
    const { id } = await makeKey({});
    const changes = [{ scopes: ["admin"] }, { symbols: ["EUR*"] }];
    const answers = await Promise.all(changes.map((change) => ask("PATCH", `/keys/${id}`, ADMIN, change)));
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 422]);
  }
});

test("names are plain lines, and those that look alike are one name, whatever the database's locale", async () => {
  const named = (name: string) => ask("POST", "/keys", ADMIN, { name, scopes: ["read"] });
  expect((await named("\u00a0Ｄup  Éa\u3000")).body).toMatchObject({ name: "Dup Éa" });
  await named("Straße");
  for (const name of ["dup éa", "DUP\u00a0E\u0301A", "dup éa\u2003", "STRASSE", "strasse"])
    expect([name, (await named(name)).status]).toEqual([name, 409]);
  const unseen = [
    "dup\u200b",
    "anonymous\u200b",
    "internal\u2060",
    "a\u202eb",
    "\ud800",
    "a\u{e0080}",
    "a\u2028b",
    "\u3164",
  ];
  for (const name of [...unseen, "\u00a0", "ＡＮＯＮＹＭＯＵＳ", "\u2003internal", "ﷺ".repeat(6)])
    expect([name, await named(name)]).toMatchObject([name, { status: 422, body: { errors: [{ field: "name" }] } }]);
});

test("what no database can hold is refused, or is not there, on every route of access", async () => {
  const statusOf = async (method: string, path: string, body?: object) => (await ask(method, path, ADMIN, body)).status;
  expect(await statusOf("DELETE", "/keys/%00")).toBe(422);
  expect(await statusOf("PATCH", "/keys/a%00b", { name: "n" })).toBe(422);
  expect(await statusOf("DELETE", "/keys/jwt/%00")).toBe(422);
  expect(await statusOf("GET", "/keys?after=%00")).toBe(422);
  expect(await statusOf("GET", "/audit?before=%00")).toBe(422);
  expect(await statusOf("GET", "/keys?after=%ed%a0%80")).toBe(400);
  expect(await statusOf("DELETE", "/keys/%ed%a0%80")).toBe(400);
  expect(await statusOf("DELETE", `/keys/jwt/${encodeURIComponent("𝕏".repeat(500))}`)).toBe(204);
  expect(await statusOf("PUT", "/symbols/EURUSD", { description: "\ud800" })).toBe(422);
});

test("the audit is asked for from any entry that can be named", async () => {
  expect((await ask("GET", `/audit?limit=1&before=${Number.MAX_SAFE_INTEGER}`, ADMIN)).body).toHaveLength(1);
  expect((await ask("GET", "/audit?before=9007199254740992", ADMIN)).status).toBe(422);
});

test.each([
  ["limits", '{"requests_per_second":1e-300}'],
  ["limits", '{"connections":0.5}'],
  ["limits", '{"connections":1.5}'],
  ["limits", '{"__proto__":{"requests_per_second":1}}'],
  ["limits", '{"constructor":1}'],
  ["limits", '{"requests_per_second":1e13}'],
  ["expires_at", '"2020-01-01T00:00:00Z"'],
])("%s that make no sense are refused by their name: %s", async (field, value) => {
  const { id } = await makeKey({});
  const text = `{"name":"never made","scopes":["read"],"${field}":${value}}`;
  const send = (method: string, path: string, body: string) =>
    fetch(ingest.url + path, {
      method,
      headers: { authorization: `Bearer ${ADMIN}`, "content-type": "application/json" },
      body,
    });
  for (const answer of [await send("POST", "/keys", text), await send("PATCH", `/keys/${id}`, `{"${field}":${value}}`)])
    expect([answer.status, await answer.json()]).toMatchObject([422, { errors: [{ field }] }]);
});

test("a key that has expired is refused", async () => {
  const { token } = await makeKey({ expires_at: new Date(Date.now() + 1500).toISOString() });
  expect((await ask("POST", "/ticks", token, TICK)).status).toBe(201);
  await eventually(async () => (await ask("POST", "/ticks", token, TICK)).status === 401, {
    what: "the key to expire",
  });
});

test("a key that was made for URLs is taken there, and no other; it holds nothing but read and write", async () => {
  const { token } = await makeKey({ in_url: true });
  const { token: other } = await makeKey({});
  expect((await ask("POST", `/ticks?token=${token}`, undefined, TICK)).status).toBe(201);
  expect((await ask("POST", `/ticks?token=${other}`, undefined, TICK)).status).toBe(401);
  expect((await ask("POST", "/keys", ADMIN, { name: "n", scopes: ["correct"], in_url: true })).status).toBe(422);
});

test("the audit tells who changed keys and who changed ticks, the newest first and page by page", async () => {
  const { token, id } = await makeKey({ name: "desk", scopes: ["write", "correct"] });
  await ask("POST", "/ticks", token, { ...TICK, symbol: "AUDITED" });
  await ask("PUT", "/ticks?symbol=AUDITED&time=2025-12-05T10:00:00Z", token, { price: 2 });
  await ask("DELETE", "/ticks/AUDITED/2025-12-05T10:00:00Z", token);
  const { body, headers } = await ask("GET", "/audit?limit=2", ADMIN);
  expect(body).toMatchObject([
    { by: "desk", action: "ticks.deleted", target: "AUDITED", details: { ticks: 1 } },
    { by: "desk", action: "tick.updated", target: "AUDITED", details: { price: 2, seq: 0 } },
  ]);
  const next = /<http[^>]*(\/audit[^>]*)>; rel="next"/.exec(headers.get("link") ?? "")?.[1] ?? "";
  const [third] = (await ask("GET", next, ADMIN)).body as { [key: string]: unknown }[];
  expect(third).toMatchObject({ by: "admin", action: "key.created", target: id });
});

test("it is recorded when a key was last used, without a write for each request", async () => {
  const { id, token } = await makeKey({ name: "used" });
  await ask("POST", "/ticks", token, TICK);
  const isRecorded = async () => {
    const keys = (await ask("GET", "/keys?limit=1000", ADMIN)).body as MadeKey[];
    return keys.find((key) => key.id === id)?.last_used_at !== null;
  };
  await eventually(isRecorded, { timeoutMs: 30_000, what: "the use to be recorded" });
});

test("health says nothing but the status to who has not the scope ops", async () => {
  expect((await ask("GET", "/health")).body).toEqual({ status: "healthy" });
  expect((await ask("GET", "/health", "nonsense")).body).toEqual({ status: "healthy" });
  expect((await ask("GET", "/health", ADMIN)).body).toMatchObject({ status: "healthy", database: "connected" });
});

test("keys that Redis has lost are there again, and one that nobody knows is not refused for good meanwhile", async () => {
  const { token } = await makeKey({});
  await ingest.redis.stop();
  // Known here, whatever became of Redis.
  expect((await ask("POST", "/ticks", token, TICK)).status).toBe(201);
  await ingest.redis.start();
  const made = async () => (await ask("POST", "/tickets", token)).status === 201;
  await eventually(made, { timeoutMs: 20_000, what: "tickets to be made again" });
});

test("a key names the feeds of its list, or the one of its own name, and no other", async () => {
  const own = await makeKey({ name: "lp1" });
  const listed = await makeKey({ name: "lp2", feeds: ["desk", "desk 2"] });
  const named = async (token: string, feed: string) => {
    const headers = { authorization: `Bearer ${token}`, "content-type": "application/json", "x-feed": feed };
    const tick = await fetch(`${ingest.url}/ticks`, { method: "POST", headers, body: JSON.stringify(TICK) });
    const path = `/feeds/${encodeURIComponent(feed)}/heartbeat`;
    const heartbeat = await ask("POST", path, token, { symbols: ["EURUSD"] });
    return [tick.status, heartbeat.status];
  };
  expect(await named(own.token, "lp1")).toEqual([201, 204]);
  expect(await named(own.token, "desk")).toEqual([403, 403]);
  expect(await named(listed.token, "desk 2")).toEqual([201, 204]);
  expect(await named(listed.token, "lp2")).toEqual([403, 403]);
  expect((await ask("PATCH", `/keys/${own.id}`, ADMIN, { feeds: ["desk"] })).body).toMatchObject({ feeds: ["desk"] });
  expect(await named(own.token, "desk")).toEqual([201, 204]);
  expect((await ask("GET", "/feeds", own.token)).status).toBe(403);
  const narrow = await makeKey({ scopes: ["write", "ops"], symbols: ["GBP*"], feeds: ["desk"] });
  expect(await ask("GET", "/feeds", narrow.token)).toMatchObject({ status: 200, body: [] });
  expect((await ask("POST", "/feeds/desk/heartbeat", narrow.token, { symbols: ["EURUSD"] })).status).toBe(403);
});
