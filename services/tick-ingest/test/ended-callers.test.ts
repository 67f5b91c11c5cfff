import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { ACCESS_ROUTES, INGEST_ROUTES } from "@fx-ohlc/contract";
import type { RouteDeclaration } from "@fx-ohlc/service-kit";
import { eventually } from "@fx-ohlc/testkit";
import { type Ingest, startIngest } from "./ingest.js";

const ADMIN = `fxk_admin_${"a".repeat(43)}`;
const ENV = { AUTH: "on", INTERNAL_SECRET: "a secret of this deployment", ADMIN_KEY: ADMIN, BIND_ADDRESS: "127.0.0.1" };
const PARAMETERS = new Map([
  ["/ticks/bulk", ""],
  ["/ticks", "?symbol=EURUSD&time=2025-12-05T10:00:00Z"],
]);

let ingest: Ingest;

beforeAll(async () => {
  ingest = await startIngest(ENV);
  await eventually(async () => (await asAdmin("GET", "/keys")).ok, { what: "the first key to be known" });
});

afterAll(() => ingest.stop());

function asAdmin(method: string, path: string, body?: object): Promise<Response> {
  const headers = { authorization: `Bearer ${ADMIN}`, "content-type": "application/json" };
  return fetch(ingest.url + path, { method, headers, ...(body === undefined ? {} : { body: JSON.stringify(body) }) });
}

async function makeKey(): Promise<{ readonly id: string; readonly token: string }> {
  const name = `key ${performance.now()}`;
  const answer = await asAdmin("POST", "/keys", { name, scopes: ["write", "correct", "admin"], feeds: ["EURUSD"] });
  return (await answer.json()) as never;
}

/** Every route that takes JSON, as it is called. */
const routes = Object.values({ ...INGEST_ROUTES, ...ACCESS_ROUTES } as Record<string, RouteDeclaration>)
  .filter(({ body = {} }) => "application/json" in body)
  .map(({ method, path }) => {
    const query = method === "POST" ? "" : (PARAMETERS.get(path) ?? "");
    return { method, path: path.replaceAll(/\{\w+\}/g, "EURUSD") + query };
  });

/** A request that was let in, and whose body lacks its end. */
async function begun({ method, path }: (typeof routes)[number], token: string): Promise<Socket> {
  const socket = connect(Number(new URL(ingest.url).port), "127.0.0.1").setEncoding("utf8");
  const head = ["Host: localhost", `Authorization: Bearer ${token}`, "Content-Type: application/json"];
  socket.write(
    [`${method} ${path} HTTP/1.1`, ...head, "Content-Length: 2", "Expect: 100-continue", "", "{"].join("\r\n"),
  );
  const [answer] = await once(socket, "data");
  expect(answer).toContain("100 Continue");
  return socket;
}

async function statusOnceEnded(socket: Socket): Promise<string> {
  const answering = once(socket, "data");
  socket.write("}");
  const [answer] = await answering;
  socket.destroy();
  return String(answer).slice("HTTP/1.1 ".length, "HTTP/1.1 200".length);
}

test("whose key ends before his body does changes nothing, on any route", async () => {
  expect(routes.length).toBeGreaterThanOrEqual(6);
  const { id, token } = await makeKey();
  const sockets = await Promise.all(routes.map((route) => begun(route, token)));
  expect((await asAdmin("DELETE", `/keys/${id}`)).status).toBe(204);
  const statuses = await Promise.all(sockets.map(statusOnceEnded));
  expect(statuses).toEqual(routes.map(() => "401"));
});

test("whose rights have changed before his body ends is told so, on any route", async () => {
  const { id, token } = await makeKey();
  const sockets = await Promise.all(routes.map((route) => begun(route, token)));
  expect((await asAdmin("PATCH", `/keys/${id}`, { scopes: ["write"] })).status).toBe(200);
  const statuses = await Promise.all(sockets.map(statusOnceEnded));
  expect(statuses).toEqual(routes.map(() => "401"));
});
