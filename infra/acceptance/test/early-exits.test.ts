import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { SYSTEM_ROUTES } from "@fx-ohlc/contract";
import type { RouteDeclaration } from "@fx-ohlc/service-kit";
import { eventually } from "@fx-ohlc/testkit";
import { type EarlyExit, type Reuse, reuseAfter } from "../src/strangers/early-exits.js";
import { type Everything, System } from "../src/system.js";

const ADMIN = `fxk_admin_${"a".repeat(43)}`;
const JSON_TYPE = { "Content-Type": "application/json" };
const STAMP = "symbol=EURUSD&time=2025-12-05T10:00:00Z";
/** Where a route has to be told more than its path. */
const TARGETS: Readonly<Record<string, string>> = {
  putTick: `/ticks?${STAMP}`,
  putSymbol: "/symbols/EURUSD",
  changeKey: "/keys/nobody",
  postHeartbeat: "/feeds/admin/heartbeat",
};
/** More than lies on the way to somebody who reads nothing. */
const LONG = " ".repeat(400_000);
const MB = 1024 * 1024;
/** Where more is taken than that. */
const TOO_LARGE: Readonly<Record<string, number>> = { postTicks: 11 * MB, postHeartbeat: MB };
/** Cases under way at once. */
const AT_ONCE = 6;

let system: System;
let services: Everything;
let pids: (number | undefined)[];
/** Opens everything; opens nothing that has a body; has asked for more than it may. */
let admin: Record<string, string>;
let reader: Record<string, string>;
let greedy: Record<string, string>;

beforeAll(async () => {
  system = await System.create();
  services = await system.startAll({
    ...{ AUTH: "on", BIND_ADDRESS: "127.0.0.1", INTERNAL_SECRET: "the secret of this test", ADMIN_KEY: ADMIN },
    NODE_OPTIONS: "--max-old-space-size=256",
  });
  pids = Object.values(services).map(({ pid }) => pid);
  admin = bearer(ADMIN);
  await eventually(async () => (await ask("/keys", admin)) === 200, { what: "the first key" });
  reader = await makeKey({ scopes: ["read"] });
  greedy = await makeKey({
    scopes: ["read", "write", "correct", "admin"],
    feeds: ["admin"],
    limits: { requests_per_second: 1 },
  });
  await eventually(async () => (await ask("/symbols", greedy)) === 429, { what: "a limit to be reached" });
});

afterAll(async () => {
  await system.stop();
});

const bearer = (token: string) => ({ Authorization: `Bearer ${token}` });

async function ask(path: string, headers: Record<string, string>): Promise<number> {
  const answer = await fetch(services.edge.url + path, { headers });
  await answer.arrayBuffer();
  return answer.status;
}

let keys = 0;

async function makeKey(key: object): Promise<Record<string, string>> {
  keys += 1;
  const body = JSON.stringify({ name: `key ${keys}`, ...key });
  const answer = await fetch(`${services.edge.url}/keys`, {
    method: "POST",
    headers: { ...admin, ...JSON_TYPE },
    body,
  });
  return bearer(((await answer.json()) as { token: string }).token); // Ours.
}

const ROUTES: readonly (readonly [string, RouteDeclaration])[] = Object.entries(SYSTEM_ROUTES);
const WITH_BODY = ROUTES.filter(([, { body }]) => body !== undefined);

/** Every way in which a route with a body can answer before it has ended. */
function exitsOf(id: string, { method, path, requestHeaders = [] }: RouteDeclaration): EarlyExit[] {
  const target = TARGETS[id] ?? path;
  if (target.includes("{")) throw new Error(`this test has to be told what ${id} may be asked`);
  const parameter = `${target}${target.includes("?") ? "&" : "?"}no_such_parameter=1`;
  // Lines of any type and number are taken, but none as long as this.
  const isOfLines = id.startsWith("writeLines");
  const noEncoding = requestHeaders.includes("Content-Encoding") ? 400 : 415;
  const tooLarge = " ".repeat(TOO_LARGE[id] ?? LONG.length);
  const exit = (what: string, statuses: readonly number[], more: Partial<EarlyExit> = {}): EarlyExit => ({
    ...{ what: `${id}: ${what}`, method, target, headers: { ...admin, ...JSON_TYPE }, body: LONG, statuses },
    ...more,
  });
  return [
    exit("no token", [401], { headers: JSON_TYPE }),
    exit("a token without the scope", [403], { headers: { ...reader, ...JSON_TYPE } }),
    // One of the second that has begun it may still have.
    exit("a token over its limit", [429, 400, 413], { headers: { ...greedy, ...JSON_TYPE } }),
    exit("another content type", [isOfLines ? 400 : 415], { headers: { ...admin, "Content-Type": "text/plain" } }),
    exit("an encoding", [noEncoding], { headers: { ...admin, ...JSON_TYPE, "Content-Encoding": "gzip" } }),
    exit("too large by its length", [isOfLines ? 400 : 413], { body: tooLarge }),
    exit("too large in chunks", [isOfLines ? 400 : 413], { body: tooLarge, isChunked: true }),
    exit("malformed", [400], { body: "{".repeat(10) }),
    exit("malformed in chunks", [400], { body: "{".repeat(10), isChunked: true }),
    exit("an unknown parameter", [400], { target: parameter }),
    exit("an unknown path", [404], { target: "/no/such/path" }),
    exit("another method", [405], { method: "TRACE" }),
  ];
}

/** Those that only some routes have. */
function ownExits(): EarlyExit[] {
  const headers = { ...admin, ...JSON_TYPE };
  const lines = (type: string) => ({
    method: "POST",
    target: "/ticks/bulk",
    headers: { ...admin, "Content-Type": type },
  });
  const line = '{"symbol":"EURUSD","time":"2025-12-05T10:00:00Z","price":1}\n';
  const many = line.repeat(20_000);
  return [
    { what: "a bad line, then many", ...lines("application/x-ndjson"), body: `oops\n${many}`, statuses: [422] },
    {
      ...{ what: "a bad line in chunks, then many", ...lines("application/x-ndjson"), body: `oops\n${many}` },
      ...{ isChunked: true, statuses: [422] },
    },
    { what: "a conflict, then many", ...lines("application/x-ndjson"), body: conflict(many), statuses: [409] },
    { what: "a bad header", ...lines("text/csv"), body: `when,what\n${many}`, statuses: [422] },
    {
      ...{ what: "a bad parameter", ...lines("text/csv"), target: "/ticks/bulk?on_error=cry" },
      ...{ body: many, statuses: [422] },
    },
    { what: "a bad row", method: "POST", target: "/ticks/bulk", headers, body: `[1${LONG}]`, statuses: [422] },
    { what: "a symbol that is none", method: "PUT", target: "/symbols/A%20B", headers, body: LONG, statuses: [422] },
    { what: "a key of nobody", method: "PATCH", target: "/keys/nobody", headers, body: "{}", statuses: [404] },
    {
      ...{ what: "a stamp that is none", method: "PUT", target: "/ticks?symbol=EURUSD&time=noon", headers },
      ...{ body: LONG, statuses: [422] },
    },
    {
      ...{ what: "a body that stalls", method: "POST", target: "/ticks/bulk", headers, body: LONG },
      ...{ stallsAt: 1000, statuses: [408] },
    },
  ];
}

/** The same stamp and seq with another price: a conflict. */
function conflict(rest: string): string {
  const tick = (price: number) => `{"symbol":"TWICE","time":"2025-12-05T10:00:00Z","seq":0,"price":${price}}\n`;
  return `${tick(1)}${tick(2)}${rest}`;
}

describe.each(["ingest", "edge"] as const)("by way of the %s", (way) => {
  test("after every early exit the next request on the connection is answered, or it was told to go and closed", async () => {
    const exits = [...WITH_BODY.flatMap(([id, route]) => exitsOf(id, route)), ...ownExits()];
    const wrong: string[] = [];
    // Those that wait come first.
    const queue = [...exits].sort((a, b) => (b.stallsAt ?? 0) - (a.stallsAt ?? 0)).reverse();
    const work = async () => {
      for (let exit = queue.pop(); exit !== undefined; exit = queue.pop()) {
        const { status, next } = await reuseAfter(services[way].port, exit);
        const isFine = exit.statuses.includes(status) && /^(answered|closed as it was told)$/.test(next);
        if (!isFine) wrong.push(`${exit.what}: ${status}, then ${next}`);
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, work));
    expect(wrong).toEqual([]);
    expect(Object.values(services).map(({ pid }) => pid)).toEqual(pids);
  });

  test("so it is where there is no room for another body", async () => {
    const held: Socket[] = [];
    const headers = { ...admin, ...JSON_TYPE };
    const head = Object.entries(headers).map(([name, value]) => `${name}: ${value}`);
    for (let at = 0; at < 5; at += 1) {
      const socket = connect(services[way].port, "127.0.0.1");
      socket.on("error", () => undefined);
      await once(socket, "connect");
      const request = ["POST /ticks/bulk HTTP/1.1", "Host: 127.0.0.1", ...head, `Content-Length: ${9.5 * MB}`, "", ""];
      socket.write(request.join("\r\n"));
      await new Promise((resolve) => socket.write(Buffer.alloc(9 * MB, " "), resolve));
      held.push(socket);
    }
    const exit = { what: "", method: "POST", target: "/ticks/bulk", headers, body: " ".repeat(9 * MB), statuses: [] };
    let reuse: Reuse | undefined;
    // What this process has handed on may still be on its way to the service that counts it.
    await eventually(
      async () => {
        reuse = await reuseAfter(services[way].port, exit);
        return reuse.status === 503;
      },
      { what: "bodies that take all the room" },
    );
    for (const socket of held) socket.destroy();
    expect(reuse?.next).toMatch(/^(answered|closed as it was told)$/);
  });
});
