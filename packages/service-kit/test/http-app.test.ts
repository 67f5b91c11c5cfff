import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { PassThrough } from "node:stream";
import { IsAnyText } from "@fx-ohlc/schemas";
import express, { type Request, type Response } from "express";
import request from "supertest";
import { hidden } from "../src/api/service-routes.js";
import {
  type BoundRoute,
  createHttpApp,
  createLogger,
  Health,
  type HttpAppOptions,
  listen,
  Metrics,
  Problem,
  sendJson,
  unavailable,
} from "../src/index.js";
import { OPEN_GATE } from "./open-gate.js";

const log = new PassThrough();

function appWith(options: Partial<HttpAppOptions> = {}) {
  const metrics = new Metrics({ defaults: false });
  const handler = createHttpApp({
    logger: createLogger({ service: "test", level: "info", destination: log }),
    metrics,
    health: new Health({ version: "1.0.0", dependencies: [] }),
    gate: OPEN_GATE,
    ...options,
  });
  return { http: request(handler), handler, metrics };
}

class ThingPath {
  static readonly fields: readonly string[] = ["id"];

  @IsAnyText()
  id!: string;
}

const parseSmall = express.json({ limit: 100 });

/** Routes that only this file knows. */
const bound = (method: "GET" | "POST", path: string, answer: BoundRoute["answer"], pathDto?: typeof ThingPath) => ({
  declaration: { ...hidden(path, () => undefined).declaration, method, ...(pathDto === undefined ? {} : { pathDto }) },
  answer,
});

const list = bound("GET", "/list", (_req, res) => sendJson(res, 200, "[1,2]"));

const routes: readonly BoundRoute[] = [
  list,
  bound("GET", "/things/{id}", (_req, res, { id }) => sendJson(res, 200, { id }), ThingPath),
  bound("POST", "/things", async (req, res) => {
    // The parser reads what Node's own request has.
    await new Promise<void>((resolve, reject) => {
      parseSmall(req as Request, res as Response, (error?: unknown) =>
        error === undefined ? resolve() : reject(error),
      );
    });
    sendJson(res, 201, (req as Request).body);
  }),
  bound("GET", "/broken", () => {
    throw new Error("password=hunter2");
  }),
  bound("GET", "/busy", async () => {
    throw unavailable("The database");
  }),
  bound("GET", "/halfway", (_req, res) => {
    res.write("[1,");
    throw new Error("after the headers");
  }),
];

describe("createHttpApp", () => {
  test("answers a path with and without its trailing slash", async () => {
    const { http } = appWith({ routes });
    for (const path of ["/things/7", "/things/7/", "/list", "/list/", "/list/?a=1"]) {
      expect((await http.get(path)).status).toBe(200);
    }
  });

  test("keeps a caller's harmless request id and replaces any other", async () => {
    const { http } = appWith({ routes });
    expect((await http.get("/things/1").set("X-Request-Id", "abc-1")).headers["x-request-id"]).toBe("abc-1");
    for (const bad of ["a b", "x".repeat(129), '"><script>']) {
      expect((await http.get("/things/1").set("X-Request-Id", bad)).headers["x-request-id"]).toMatch(/^[0-9a-f-]{36}$/);
    }
  });

  test("does not tell what it is built with", async () => {
    expect((await appWith({ routes }).http.get("/things/1")).headers).not.toHaveProperty("x-powered-by");
  });

  test("answers an unknown path with a 404 problem that carries the request id", async () => {
    const answer = await appWith({ routes }).http.get("/nowhere").set("X-Request-Id", "r-404");
    expect(answer.status).toBe(404);
    expect(answer.headers["content-type"]).toBe("application/problem+json");
    expect(answer.body).toMatchObject({ type: "/problems/not_found", status: 404, request_id: "r-404" });
  });

  test("answers a known path with another method by 405 and Allow", async () => {
    const { http } = appWith({ routes });
    const answers = [await http.delete("/things/1"), await http.post("/list")];
    for (const answer of answers) {
      expect(answer.status).toBe(405);
      expect(answer.headers.allow).toBe("GET, HEAD, OPTIONS");
    }
    expect((await http.get("/things")).headers.allow).toBe("POST, OPTIONS");
    expect((await http.options("/things")).status).toBe(204);
  });

  test("answers HEAD like GET without a body", async () => {
    const { http } = appWith({ routes });
    for (const path of ["/things/1", "/list"]) {
      const answer = await http.head(path);
      expect(answer.status).toBe(200);
      expect(Number(answer.headers["content-length"])).toBeGreaterThan(0);
      expect(answer.text).toBeUndefined();
    }
  });

  test.each([
    ["a malformed escape in the path", () => appWith({ routes }).http.get("/things/%zz"), 400],
    ["bad JSON", () => appWith({ routes }).http.post("/things").type("json").send("{"), 400],
    [
      "a body beyond the limit",
      () =>
        appWith({ routes })
          .http.post("/things")
          .send({ a: "x".repeat(200) }),
      413,
    ],
    [
      "an unknown content encoding",
      () => appWith({ routes }).http.post("/things").set("Content-Encoding", "zip").send({ a: 1 }),
      415,
    ],
  ])("answers %s with a problem", async (_what, send, status) => {
    const answer = await send();
    expect(answer.status).toBe(status);
    expect(answer.headers["content-type"]).toBe("application/problem+json");
  });

  test("shows nothing of an unexpected error but logs it under the request id", async () => {
    log.read();
    const answer = await appWith({ routes }).http.get("/broken").set("X-Request-Id", "r-500");
    expect(answer.status).toBe(500);
    expect(JSON.stringify(answer.body)).not.toMatch(/hunter2|at .*\.ts/);
    expect(JSON.parse(String(log.read()))).toMatchObject({
      request_id: "r-500",
      error: { message: "password=hunter2" },
    });
  });

  test("says when to retry on 503", async () => {
    const answer = await appWith({ routes }).http.get("/busy");
    expect(answer.status).toBe(503);
    expect(answer.headers["retry-after"]).toBe("1");
  });

  test("maps what a handler throws, at once or later", async () => {
    const { http } = appWith({
      mapError: (error) => (error === "own" ? new Problem("older_than_retention", "too old") : undefined),
      routes: [
        bound("GET", "/now", () => {
          throw new Problem("conflict", "taken");
        }),
        bound("GET", "/later", () => Promise.reject("own")),
      ],
    });
    expect((await http.get("/now")).status).toBe(409);
    expect((await http.get("/later")).body).toMatchObject({ status: 422, type: "/problems/older_than_retention" });
  });

  test("cuts an answer that fails halfway instead of ending it as if it were whole", async () => {
    await expect(appWith({ routes }).http.get("/halfway")).rejects.toThrow(/aborted|hang up|ECONNRESET/);
  });

  test("explains each problem type at its own URI", async () => {
    const { http } = appWith();
    expect((await http.get("/problems/older_than_retention")).body).toMatchObject({ status: 422 });
    expect((await http.get("/problems/constructor")).status).toBe(404);
  });

  test("serves health, liveness and readiness, uncached", async () => {
    const { http } = appWith();
    for (const path of ["/health", "/live", "/ready"]) {
      const answer = await http.get(path);
      expect(answer.status).toBe(200);
      expect(answer.headers["cache-control"]).toBe("no-store");
    }
  });

  test("answers 503 on health and readiness while a dependency it needs is away, and stays alive", async () => {
    const check = () => Promise.reject(new Error("away"));
    const health = new Health({ version: "1", dependencies: [{ name: "database", requiredForReady: true, check }] });
    const { http } = appWith({ health });
    expect((await http.get("/health")).body).toMatchObject({ status: "unhealthy", database: "disconnected" });
    expect((await http.get("/ready")).status).toBe(503);
    expect((await http.get("/live")).status).toBe(200);
  });

  test("times requests by route pattern, so that labels stay bounded", async () => {
    const { http } = appWith({ routes });
    for (const path of ["/things/1", "/things/2", "/list/", "/x1", "/x2"]) await http.get(path);
    const { text } = await http.get("/metrics");
    expect(text).toContain('http_request_duration_seconds_count{method="GET",route="/things/:id",status="200"} 2');
    expect(text).toContain('http_request_duration_seconds_count{method="GET",route="/list",status="200"} 1');
    expect(text).toContain('http_request_duration_seconds_count{method="GET",route="unmatched",status="404"} 2');
  });

  test("counts a client that went away before its answer as 499", async () => {
    let socket: Socket | undefined;
    let gone: Promise<unknown> = Promise.resolve();
    const { handler, metrics } = appWith({
      routes: [
        bound("GET", "/slow", (_req, res) => {
          gone = once(res, "close");
          socket?.destroy();
        }),
      ],
    });
    const { port, stop } = await listen(handler, { port: 0 });
    socket = connect(port, "127.0.0.1");
    socket.write("GET /slow HTTP/1.1\r\nHost: x\r\n\r\n");
    await once(socket, "close");
    await gone;
    await stop(1000);
    expect(await metrics.registry.metrics()).toContain('route="/slow",status="499"} 1');
  });

  test.each([
    ["its own host's, on any port", undefined, "http://127.0.0.1:5173", "http://127.0.0.1:5173"],
    ["those on the list", ["https://example.com"], "https://example.com", "https://example.com"],
    ["all, with *", ["*"], "https://anything.example", "*"],
  ])("lets pages read, and only read: %s", async (_name, allowedOrigins, origin, told) => {
    const { http } = appWith({ routes, allowedOrigins });
    const read = await http.get("/things/1").set("Origin", origin);
    expect(read.headers["access-control-allow-origin"]).toBe(told);
    expect(read.headers["access-control-expose-headers"]).toContain("Link");
    const preflight = http.options("/things/1").set("Origin", origin).set("Access-Control-Request-Method", "DELETE");
    const { status, headers } = await preflight;
    expect([status, headers["access-control-allow-methods"]]).toEqual([204, "GET, HEAD"]);
    expect(headers["access-control-allow-headers"]).toContain("Authorization");
  });

  test.each([
    ["another host", undefined],
    ["none on the list", ["https://example.com"]],
  ])("does not show what it answers to a page of %s", async (_name, allowedOrigins) => {
    const { http } = appWith({ routes, allowedOrigins });
    const origin = "https://evil.example";
    const read = await http.get("/things/1").set("Origin", origin);
    const preflight = await http.options("/things/1").set("Origin", origin).set("Access-Control-Request-Method", "GET");
    for (const { headers } of [read, preflight]) expect(headers).not.toHaveProperty("access-control-allow-origin");
  });
});

test("a request that was never HTTP does not reach the app and is refused", async () => {
  const { port, stop } = await listen(appWith().handler, { port: 0 });
  const socket = connect(port, "127.0.0.1");
  socket.write("hello\r\n\r\n");
  const [answer] = await once(socket, "data");
  expect(String(answer)).toMatch(/^HTTP\/1\.1 400/);
  await stop(1000);
});
