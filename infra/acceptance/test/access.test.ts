import { generateKeyPairSync } from "node:crypto";
import { writeFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { SYSTEM_ROUTES } from "@fx-ohlc/contract";
import { SCOPES } from "@fx-ohlc/schemas";
import type { RouteDeclaration } from "@fx-ohlc/service-kit";
import { eventually } from "@fx-ohlc/testkit";
import { WebSocket } from "ws";
import { badTokens, type Signer, tokenElsewhere, tokenWithout, walkRequest } from "../src/api/access-walk.js";
import { ApiDocument } from "../src/api/api-document.js";
import { Wire } from "../src/api/exchange.js";
import { type Everything, System } from "../src/system.js";

const ADMIN = `fxk_admin_${"a".repeat(43)}`;
const ROUTES: readonly (readonly [string, RouteDeclaration])[] = Object.entries(SYSTEM_ROUTES);
const GUARDED = ROUTES.filter(([, { access }]) => access !== "public");
/** Routes that say which symbols they touch. */
const OF_SYMBOLS = ["/ticks", "/ticks/bulk", "/ohlc", "/udf/history", "/udf/symbols", "/ws/", "/sse"];

let folder: string;
let system: System;
let services: Everything;
let document: ApiDocument;
let signer: Signer;
let wires: readonly Wire[];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "fx-test-access-"));
  const pair = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const publicPem = pair.publicKey.export({ type: "spki", format: "pem" }).toString();
  signer = {
    privateKey: pair.privateKey,
    publicPem,
    strangersKey: generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey,
  };
  const keyFile = join(folder, "jwt.pem");
  writeFileSync(keyFile, publicPem);
  system = await System.create();
  services = await system.startAll({
    ...{ AUTH: "on", BIND_ADDRESS: "127.0.0.1", INTERNAL_SECRET: "the secret of this test", ADMIN_KEY: ADMIN },
    ...{ JWT_PUBLIC_KEY_FILE: keyFile, LOG_LEVEL: "debug", REFUSED_TOKENS_PER_SECOND: "1000000" },
  });
  document = await ApiDocument.of(services.edge.url);
  wires = [services.ingest, services.query, services.gateway, services.edge].map(({ url }) => new Wire(url));
  await eventually(async () => (await ask("GET", "/keys", ADMIN)).status === 200, { what: "the first key" });
});

afterAll(async () => {
  for (const wire of wires ?? []) wire.close();
  await system.stop();
  await rm(folder, { recursive: true });
});

async function ask(method: string, path: string, token?: string, body?: unknown, url = services.edge.url) {
  const response = await fetch(url + path, {
    method,
    headers: {
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      ...(body === undefined ? {} : { "content-type": "application/json" }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  const isJson = response.headers.get("content-type")?.includes("json") === true;
  return { status: response.status, body: isJson ? JSON.parse(text) : text };
}

/** The statuses that whoever answers a route gives to a token: directly, where it is one of that service's, and by the edge. */
async function statuses(id: string, token: string | undefined): Promise<readonly number[]> {
  const request = walkRequest(document.operation(id), token);
  const answers = await Promise.all(wires.map((wire) => wire.ask(request)));
  // A service has not the routes of the others.
  return answers
    .map(({ status }) => status)
    .filter((status, at) => at === wires.length - 1 || ![404, 405].includes(status));
}

describe.each(GUARDED)("%s", (id, { access, path, method }) => {
  it("is closed to every token that is none", async () => {
    const bad = await badTokens(signer, SCOPES.join(" "));
    for (const [what, token] of Object.entries(bad)) {
      const seen = await statuses(id, token);
      expect([what, ...new Set(seen)]).toEqual([what, 401]);
    }
  });

  if (access === "any-token") return;

  it("is closed to a token of all other scopes", async () => {
    expect([...new Set(await statuses(id, await tokenWithout(signer, access, SCOPES)))]).toEqual([403]);
  });

  const namesSymbols = OF_SYMBOLS.some((own) => path.startsWith(own)) && path !== "/ws/stats" && access !== "ops";
  if (!namesSymbols) return;

  it("is closed to a token of other symbols", async () => {
    expect([method, ...new Set(await statuses(id, await tokenElsewhere(signer, access)))]).toEqual([method, 403]);
  });
});

test("routes that everybody may ask for answer without a token, and with one that is none", async () => {
  for (const path of ["/live", "/ready", "/health", "/openapi.json", "/docs", "/problems/forbidden", "/"]) {
    for (const token of [undefined, "garbage"])
      expect([path, (await ask("GET", path, token)).status]).toEqual([path, 200]);
  }
});

test("a path is judged as it is answered, however it is written", async () => {
  const { token } = await makeKey({ scopes: ["read", "stream"] });
  for (const { url } of [services.ingest, services.edge]) {
    for (const path of ["//keys", "/%6beys", "//%6Beys/", "/keys/", "//keys/jwt/%61", "/keys/%6awt/a"]) {
      const method = path.includes("jwt") || path.includes("awt") ? "DELETE" : "GET";
      const seen = [undefined, token, ADMIN].map(
        async (shown) => (await ask(method, path, shown, undefined, url)).status,
      );
      expect([path, ...(await Promise.all(seen))]).toEqual([path, 401, 403, method === "GET" ? 200 : 204]);
    }
  }
  for (const path of ["/keys%2F", "/%2Fkeys", "///keys", "/%256beys"])
    expect([path, (await ask("GET", path, ADMIN, undefined, services.ingest.url)).status]).toEqual([path, 404]);
  const { ws } = await listen("//ws/%74icks?symbol=EURUSD", token);
  ws.terminate();
  await expect(listen("//ws/ticks")).rejects.toThrow("401");
});

test("what services ask one another is closed to every caller, and the edge does not lead there", async () => {
  const { query, edge } = services;
  for (const path of ["/internal/clock", "/internal/database", "/internal/anchor?symbol=EURUSD"]) {
    expect((await ask("GET", path, undefined, undefined, query.url)).status).toBe(401);
    expect((await ask("GET", path, ADMIN, undefined, query.url)).status).toBe(403);
    expect((await ask("GET", path, "the secret of this test", undefined, query.url)).status).toBe(200);
    expect((await ask("GET", path, "the secret of this test", undefined, edge.url)).status).toBe(404);
  }
});

let made = 0;

async function makeKey(key: object): Promise<{ readonly id: string; readonly token: string }> {
  made += 1;
  const { status, body } = await ask("POST", "/keys", ADMIN, { name: `key ${made}`, ...key });
  expect(status).toBe(201);
  return body;
}

interface Listener {
  readonly ws: WebSocket;
  readonly messages: { readonly [field: string]: unknown }[];
  closedWith: number | undefined;
}

function listen(path: string, token?: string): Promise<Listener> {
  const headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
  const ws = new WebSocket(services.edge.url.replace("http", "ws") + path, { headers });
  const listener: Listener = { ws, messages: [], closedWith: undefined };
  ws.on("message", (data) => listener.messages.push(JSON.parse(String(data))));
  ws.on("close", (code) => {
    listener.closedWith = code;
  });
  return new Promise((resolve, reject) => {
    ws.on("open", () => resolve(listener));
    ws.on("unexpected-response", (_req, answer) => reject(new Error(String(answer.statusCode))));
    ws.on("error", reject);
  });
}

test("a stream tells a token of its symbols alone, by wildcards too, and refuses others without ending", async () => {
  const { token } = await makeKey({ scopes: ["stream", "read"], symbols: ["EUR*"] });
  const { token: writer } = await makeKey({ scopes: ["write"] });
  const [all, plain] = await Promise.all([listen("/ws", token), listen("/ws/ticks", token)]);
  all.ws.send(JSON.stringify({ op: "subscribe", id: 1, channels: ["ticks:*", "ohlc:*:minute"] }));
  all.ws.send(JSON.stringify({ op: "subscribe", id: 2, channels: ["ticks:USDJPY"] }));
  await eventually(() => all.messages.some(({ type, id }) => type === "error" && id === 2), { what: "the refusal" });
  expect(all.messages.find(({ type }) => type === "error")).toMatchObject({ code: "forbidden" });
  const time = new Date().toISOString();
  const ticks = ["USDJPY", "EURUSD"].map((symbol) => ({ symbol, price: 1.5, time }));
  expect((await ask("POST", "/ticks/bulk", writer, ticks)).status).toBe(201);
  const has = (messages: Listener["messages"]) => JSON.stringify(messages).includes("EURUSD");
  await eventually(() => has(plain.messages) && all.messages.some(({ type }) => type === "ticks" || type === "bar"), {
    what: "the ticks",
  });
  await eventually(() => all.messages.some(({ type }) => type === "bar"), { what: "the bar" });
  expect(JSON.stringify([plain.messages, all.messages.filter(({ type }) => type !== "error")])).not.toContain("USDJPY");
  await expect(listen("/ws/ticks?symbol=USDJPY", token)).rejects.toThrow("403");
  const listed = (await ask("GET", "/symbols", token)).body as { symbol: string }[];
  expect(listed.map(({ symbol }) => symbol)).toEqual(["EURUSD"]);
  expect((await ask("GET", "/udf/search?query=USD", token)).body).toHaveLength(1);
  for (const { ws } of [all, plain]) ws.terminate();
});

test("the side of a symbol on a chart is of that symbol", async () => {
  const { token } = await makeKey({ scopes: ["read"], symbols: ["EURUSD"] });
  const statusOf = async (name: string) =>
    (await ask("GET", `/udf/history?symbol=${name}&resolution=1&from=0&to=1`, token)).status;
  for (const name of ["EURUSD", "EURUSD:BID", "eur/usd:ask"]) expect([name, await statusOf(name)]).toEqual([name, 200]);
  for (const name of ["USDJPY", "USDJPY:BID", "EURUSDX:ASK"]) expect([name, await statusOf(name)]).toEqual([name, 403]);
});

test("of several symbols one that a token may not see is refused as it is by itself, in every format", async () => {
  const { token } = await makeKey({ scopes: ["read"], symbols: ["EUR*"] });
  const query = "interval=5m&start=2025-12-05T10:00:00Z&end=2025-12-05T11:00:00Z";
  for (const format of ["json", "csv", "arrow"]) {
    const statusOf = async (symbols: string) =>
      (await ask("GET", `/ohlc?${query}&symbol=${symbols}&format=${format}`, token)).status;
    expect([await statusOf("EURUSD,eurgbp"), await statusOf("EURUSD,USDJPY")]).toEqual([200, 403]);
  }
});

test("a ticket opens one socket, of its token's rights", async () => {
  const { token } = await makeKey({ scopes: ["stream"] });
  const { body } = await ask("POST", "/tickets", token);
  const { ws } = await listen(`/ws?ticket=${body.ticket}`);
  await expect(listen(`/ws?ticket=${body.ticket}`)).rejects.toThrow("401");
  await expect(listen("/ws")).rejects.toThrow("401");
  ws.terminate();
});

test("a key that is revoked closes its sockets with 4001 and is refused everywhere within 5 s", async () => {
  const { id, token } = await makeKey({ scopes: ["stream", "read"] });
  const listener = await listen("/ws", token);
  expect((await ask("GET", "/symbols", token)).status).toBe(200);
  const revokedMs = performance.now();
  expect((await ask("DELETE", `/keys/${id}`, ADMIN)).status).toBe(204);
  await eventually(() => listener.closedWith !== undefined, { what: "the socket to close" });
  await eventually(async () => (await ask("GET", "/symbols", token)).status === 401, { what: "the key to be refused" });
  expect(listener.closedWith).toBe(4001);
  expect(performance.now() - revokedMs).toBeLessThan(5000);
});

test("no token is in any log, link, error or metric", async () => {
  const { id, token } = await makeKey({ scopes: ["read"], in_url: true, symbols: ["EUR*"] });
  const secret = token.slice(`fxk_${id}_`.length);
  const ticks = ["EURCHF", "EURGBP"].map((symbol) => ({ symbol, price: 1.5 }));
  expect((await ask("POST", "/ticks/bulk", ADMIN, ticks)).status).toBe(201);
  const paged = await fetch(`${services.edge.url}/symbols?limit=1&token=${token}`);
  expect([paged.status, paged.headers.get("link")]).toEqual([200, expect.stringContaining("limit=1&after=")]);
  expect(paged.headers.get("link")).not.toContain(secret);
  // One whose services are away logs what it could not hand on.
  const away = { TICK_INGEST_URL: "http://127.0.0.1:9", OHLC_QUERY_URL: "http://127.0.0.1:9" };
  const main = new URL("../../local/dist/edge/main.js", import.meta.url);
  const lonely = await system.start("edge", { STREAM_GATEWAY_URL: "http://127.0.0.1:9", ...away }, main, false);
  await eventually(async () => (await fetch(`${lonely.url}/live`)).ok, { what: "an edge on its own" });
  const all = [...Object.values(services), lonely];
  for (const path of [
    "/ohlc?wrong=1",
    "/symbols?limit=x",
    "/nothing",
    "/ticks?symbol=USDJPY&start=2025-12-05T10:00:00Z",
    "/keys",
    "/ws",
    "/ws?ticket=",
  ]) {
    const joined = `${path}${path.includes("?") ? "&" : "?"}token=${token}`;
    for (const service of all) {
      const { body } = await ask("GET", joined, undefined, undefined, service.url);
      expect(JSON.stringify(body)).not.toContain(secret);
      // It keeps its last lines.
      expect(service.output).not.toContain(secret);
    }
  }
  expect(lonely.output).toContain("request failed");
  for (const { url } of [services.ingest, services.query, services.gateway])
    expect((await ask("GET", "/metrics", ADMIN, undefined, url)).body).not.toContain(secret);
});

test("a token over its limits is told so and when to come back, and is closed with 4009 where it is told too much", async () => {
  const { token } = await makeKey({ scopes: ["read"], limits: { requests_per_second: 5 } });
  const startedMs = performance.now();
  const asked = Array.from({ length: 30 }, () =>
    fetch(`${services.edge.url}/symbols`, { headers: { authorization: `Bearer ${token}` } }),
  );
  const answers = await Promise.all(asked);
  const seconds = (performance.now() - startedMs) / 1000;
  const refused = answers.filter(({ status }) => status === 429);
  // A busy machine takes some seconds for them, each of which has five of its own.
  expect(answers.length - refused.length).toBeLessThanOrEqual(5 * (seconds + 1));
  expect(Object.fromEntries(refused[0]?.headers ?? [])).toMatchObject({
    "retry-after": expect.stringMatching(/^\d+$/),
    ratelimit: expect.stringMatching(/^"requests";r=0;t=\d+$/),
    "ratelimit-policy": '"requests";q=5;w=1',
  });
  const limits = { connections: 1, channels: 1, delivered_per_second: 5 };
  const { token: listening } = await makeKey({ scopes: ["stream"], limits });
  const multiplex = await listen("/ws", listening);
  await expect(listen("/ws", listening)).rejects.toThrow("429");
  multiplex.ws.send(JSON.stringify({ op: "subscribe", id: 1, channels: ["ticks:A1", "ticks:A2"] }));
  const hears = (code: string) => () => multiplex.messages.some((message) => message.code === code);
  await eventually(hears("too_many_channels"), { what: "the refusal" });
  multiplex.ws.close();
  const { token: drinking } = await makeKey({ scopes: ["stream"], limits: { delivered_per_second: 5 } });
  const plain = await listen("/ws/ticks?symbol=FLOOD", drinking);
  const time = Date.now();
  const flood = Array.from({ length: 400 }, (_, i) => ({
    symbol: "FLOOD",
    price: 1,
    time: new Date(time + i).toISOString(),
  }));
  expect((await ask("POST", "/ticks/bulk", ADMIN, flood)).status).toBe(201);
  await eventually(() => plain.closedWith !== undefined, { timeoutMs: 20_000, what: "the flood to end" });
  expect(plain.closedWith).toBe(4009);
});
