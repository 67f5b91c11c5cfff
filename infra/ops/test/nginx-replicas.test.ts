import type { RequestListener } from "node:http";
import { type HttpServer, listen, Problem, sendJson, sendProblem } from "@fx-ohlc/service-kit";
import { freePort, type TestNginx, testNginx, whyNoNginx } from "@fx-ohlc/testkit";

const whyNot = whyNoNginx();
if (whyNot !== undefined) console.warn(`nginx is not tried: ${whyNot}`);
const describeNginx = whyNot === undefined ? describe : describe.skip;

/** How many requests each case sends, one after the other: more than there are replicas. */
const REQUESTS = 30;
const JSON_BODY = { method: "POST", headers: { "Content-Type": "application/json" }, body: "{}" };

/** Half of the replicas of a rolling restart: two that run, and beside them two that listen and are not ready, and two that do not. */
describeNginx("nginx in front of replicas of which most are not ready", () => {
  const asked = new Map<number, number>();
  const running: HttpServer[] = [];
  let answer: RequestListener;
  let edge: TestNginx;

  const start = async (handler: RequestListener) => {
    const server = await listen(handler, { port: 0, host: "127.0.0.1" });
    running.push(server);
    return server.port;
  };
  const ready = () =>
    start((req, res) => {
      const port = req.socket.localPort ?? 0;
      asked.set(port, (asked.get(port) ?? 0) + 1);
      answer(req, res);
    });
  const notReady = () =>
    start((req, res) => {
      req.resume();
      sendProblem(res, new Problem("unavailable", "not ready"));
    });

  beforeAll(async () => {
    const ports = [
      await notReady(),
      await freePort(),
      await ready(),
      await notReady(),
      await freePort(),
      await ready(),
    ];
    const services = { tick_ingest: ports, ohlc_query: ports, stream_gateway: ports };
    edge = await testNginx({ services, trusted: "127.0.0.2" });
  });
  beforeEach(() => {
    asked.clear();
    answer = (req, res) => {
      req.resume();
      sendJson(res, 200, {});
    };
  });
  afterAll(async () => {
    await edge.stop();
    await Promise.all(running.map((server) => server.stop(100)));
  });

  const statusesOf = async (path: string, init?: RequestInit) => {
    const statuses = new Set<number>();
    for (let sent = 0; sent < REQUESTS; sent += 1) statuses.add((await fetch(edge.url + path, init)).status);
    return [...statuses];
  };
  const timesAsked = () => [...asked.values()].reduce((sum, times) => sum + times, 0);

  test.each(["/ohlc/minute", "/ticks", "/symbols", "/assets/x", "/sse"])("no read of %s fails", async (path) => {
    expect(await statusesOf(path)).toEqual([200]);
  });

  test.each(["/ticks", "/ticks/bulk"])("no POST to %s fails, and each is done once", async (path) => {
    expect(await statusesOf(path, JSON_BODY)).toEqual([200]);
    expect(timesAsked()).toBe(REQUESTS);
  });

  test("a POST whose answer is lost is not sent again, and a read is", async () => {
    let lost = 0;
    answer = (req, res) => {
      if (lost > 0) return sendJson(res, 200, {});
      lost += 1;
      req.socket.destroy();
    };
    expect((await fetch(`${edge.url}/ticks`, JSON_BODY)).status).toBe(503);
    expect([lost, timesAsked()]).toEqual([1, 1]);
    lost = 0;
    expect((await fetch(`${edge.url}/ticks`)).status).toBe(200);
  });

  test("what one caller is refused, or takes too long, takes no replica away from others", async () => {
    answer = (req, res) => {
      req.resume();
      if (req.url?.startsWith("/ohlc/latest")) sendProblem(res, new Problem("timeout", "slow"));
      else if (req.url?.startsWith("/ohlc/hour")) sendProblem(res, new Problem("unavailable", "full"));
      else sendJson(res, 200, {});
    };
    for (let round = 0; round < 5; round += 1) {
      expect((await fetch(`${edge.url}/ohlc/latest`)).status).toBe(504);
      expect((await fetch(`${edge.url}/ohlc/hour`)).status).toBe(503);
      expect((await fetch(`${edge.url}/ohlc/minute`)).status).toBe(200);
    }
  });

  test("what a service says of a body is handed on as it is", async () => {
    answer = (req, res) => {
      req.resume();
      sendProblem(res, new Problem("too_large", "more than 20 levels"));
    };
    const refused = await fetch(`${edge.url}/ticks`, JSON_BODY);
    expect([refused.status, await refused.json()]).toEqual([
      413,
      expect.objectContaining({ detail: "more than 20 levels" }),
    ]);
  });
});
