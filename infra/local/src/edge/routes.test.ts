import { routeOf } from "./routes.js";

describe("routeOf", () => {
  it.each([
    ["GET", "/ticks?symbol=EURUSD", "ohlc-query"],
    ["HEAD", "/ticks", "ohlc-query"],
    ["GET", "/ticks/?symbol=EURUSD", "ohlc-query"],
    ["POST", "/ticks", "tick-ingest"],
    ["PUT", "/ticks/?symbol=EURUSD", "tick-ingest"],
    ["DELETE", "/ticks?symbol=EURUSD", "tick-ingest"],
    ["POST", "/ticks/bulk?on_error=skip", "tick-ingest"],
    ["POST", "/write?precision=n", "tick-ingest"],
    ["POST", "/api/v2/write?org=o&bucket=b", "tick-ingest"],
    ["DELETE", "/ticks/EURUSD/2025-12-05T10:00:00.123456Z?seq=0", "tick-ingest"],
    ["GET", "/ohlc/minute?symbol=EURUSD", "ohlc-query"],
    ["GET", "/ohlc?interval=5m", "ohlc-query"],
    ["GET", "/ohlc/custom-day", "ohlc-query"],
    ["GET", "/symbols/", "ohlc-query"],
    ["GET", "/ohlc.csv?symbol=EURUSD", "ohlc-query"],
    ["HEAD", "/ohlc/minute.csv", "ohlc-query"],
    ["GET", "/ticks.ndjson", "ohlc-query"],
    ["GET", "/symbols?prefix=S%26P", "ohlc-query"],
    ["PUT", "/symbols/S%26P500%23", "tick-ingest"],
    ["DELETE", "/symbols/EURUSD/", "tick-ingest"],
    ["GET", "/revisions?symbol=EURUSD", "ohlc-query"],
    ["POST", "/revisions/17/undo", "tick-ingest"],
    ["GET", "/quality?symbol=EURUSD", "ohlc-query"],
    ["GET", "/quality/gaps.csv?symbol=EURUSD", "ohlc-query"],
    ["POST", "/corrections", "tick-ingest"],
    ["GET", "/udf/history?symbol=EURUSD&resolution=1", "ohlc-query"],
    ["GET", "/problems/invalid", "ohlc-query"],
    ["GET", "/ws", "stream-gateway"],
    ["GET", "/sse?channels=ticks:EURUSD", "stream-gateway"],
    ["GET", "/ws/stats", "stream-gateway"],
    ["GET", "/ws/ohlc/minute?symbol=EURUSD", "stream-gateway"],
    ["GET", "/", "stream-gateway"],
    ["GET", "/?symbol=EURUSD&interval=5m", "stream-gateway"],
    ["HEAD", "/ws-test", "stream-gateway"],
    ["GET", "/demo/", "stream-gateway"],
    ["GET", "/assets/index-Bx1.js", "stream-gateway"],
  ])("%s %s goes to its service as it is", (method, target, service) => {
    expect(routeOf(method, target)).toEqual({ kind: "proxy", service, target });
  });

  it.each(["tick-ingest", "ohlc-query", "stream-gateway"])("/metrics/%s is that service's /metrics", (service) => {
    expect(routeOf("GET", `/metrics/${service}`)).toEqual({ kind: "proxy", service, target: "/metrics" });
  });

  it.each([
    "/openapi.json",
    "/asyncapi.json",
    "/docs",
    "/docs/",
    "/docs/files/page.css",
    "/redoc?x=1",
    "/stream-docs/",
  ])("%s is the whole API's, which a service has below /system", (target) => {
    expect(routeOf("GET", target)).toEqual({ kind: "proxy", service: "ohlc-query", target: `/system${target}` });
  });

  it.each([
    ["/health", "health"],
    ["/health/", "health"],
    ["/ready", "ready"],
    ["/live?x=1", "live"],
  ])("%s is the edge's own", (target, kind) => {
    expect(routeOf("GET", target)).toEqual({ kind });
  });

  it.each([
    "/internal/anchor",
    "/internal",
    "//internal/anchor",
    "/ohlc/../internal/anchor",
    "/ohlc/%2e%2e/internal/anchor",
    "/ohlc/./../internal/anchor",
    "/ohlc\\..\\internal",
    "http://127.0.0.1/internal/anchor",
    "/metrics",
    "/system/openapi.json",
    "/docsx",
    "/metrics/postgres",
    "/ohlcx",
    "/udf",
    "/udfx",
    "/wsx",
    "/ws-testx",
    "/assets",
    "/demo/x",
    "/ticksx",
    "/writex",
    "/api/v2/query",
    "*",
    "",
  ])("nothing answers %p", (target) => {
    expect(routeOf("GET", target)).toEqual({ kind: "none" });
  });
});
