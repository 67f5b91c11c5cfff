import { canonicalTarget } from "@fx-ohlc/service-kit";
import { routeOf } from "../../local/src/edge/routes.js";
import { textOf } from "./repository.js";

/** A `location ~ …` block that a request can reach, in the order nginx tries them. */
interface Location {
  readonly pattern: RegExp;
  readonly body: string;
}

const edge = textOf("infra/nginx/edge.conf");

/** PCRE and JavaScript agree on what these patterns use. */
function locations(): Location[] {
  const blocks = edge.matchAll(/^ {2}location ~ (\S+) \{\n(.*?)^ {2}\}/gms);
  return [...blocks]
    .map(([, pattern = "", body = ""]) => ({ pattern: new RegExp(pattern.replace("?<probe>", "")), body }))
    .filter(({ body }) => !body.includes("internal;"));
}

/** The `map` that names an upstream or a flag: its patterns in order, and its default. */
function mapped(name: string, value: string): string {
  const [, body = ""] = new RegExp(`^map [^{]* \\$${name} \\{\n(.*?)^\\}`, "ms").exec(edge) ?? [];
  for (const [, flags, pattern = "", result] of body.matchAll(/"~(\*?)(.*)" (\S+);/g)) {
    if (new RegExp(pattern, flags === "*" ? "i" : "").test(value)) return result ?? "";
  }
  return /default (\S+);/.exec(body)?.[1] ?? "";
}

/** What a location is found by; what it does about dots is refused before. */
function nginxPath(target: string): string {
  return decodeURIComponent(target.split("?", 1)[0] ?? "").replace(/\/{2,}/g, "/");
}

/** What nginx does with a request: the service it goes to, `own` for its own answers, `none` for a 404. */
function nginxRoute(method: string, target: string): string {
  if (mapped("is_twisted", target) === "1") return "none";
  const path = nginxPath(target);
  const location = locations().find(({ pattern }) => pattern.test(path));
  if (location === undefined) return "none";
  const upstream = /proxy_pass http:\/\/(\S+);/.exec(location.body)?.[1];
  if (upstream === undefined) return "own";
  return (upstream === "$ticks_upstream" ? mapped("ticks_upstream", `${method} ${path}`) : upstream).replace("_", "-");
}

function localRoute(method: string, target: string): string {
  const route = routeOf(method, canonicalTarget(target));
  if (route.kind === "proxy") return route.service;
  return route.kind === "none" ? "none" : "own";
}

describe("nginx sends a request where the local edge does", () => {
  test.each([
    ["GET", "/ticks?symbol=EURUSD"],
    ["HEAD", "/ticks"],
    ["GET", "/ticks/?symbol=EURUSD"],
    ["POST", "/ticks"],
    ["PUT", "/ticks/?symbol=EURUSD"],
    ["DELETE", "/ticks?symbol=EURUSD"],
    ["POST", "/ticks/bulk?on_error=skip"],
    ["POST", "/ticks/bulk/"],
    ["POST", "/write?precision=n"],
    ["POST", "/write/"],
    ["POST", "/api/v2/write?org=o&bucket=b"],
    ["GET", "/api/v2/query"],
    ["GET", "/writex"],
    ["DELETE", "/ticks/EURUSD/2025-12-05T10:00:00.123456Z?seq=0"],
    ["GET", "/ohlc/minute?symbol=EURUSD"],
    ["GET", "/ohlc?interval=5m"],
    ["GET", "/ohlc/custom-day"],
    ["GET", "/symbols/"],
    ["GET", "/ohlc.csv?symbol=EURUSD"],
    ["GET", "/ohlc/minute.csv"],
    ["HEAD", "/ticks.ndjson"],
    ["GET", "/symbols.csv/"],
    ["GET", "/ticks.ndjsonx1"],
    ["GET", "/symbols?prefix=S%26P"],
    ["PUT", "/symbols/S%26P500%23"],
    ["DELETE", "/symbols/EURUSD/"],
    ["GET", "/udf/history?symbol=EURUSD&resolution=1"],
    ["GET", "/udf"],
    ["GET", "/problems/invalid"],
    ["GET", "/"],
    ["GET", "/demo"],
    ["GET", "/ws-test/"],
    ["GET", "/assets/index.js"],
    ["POST", "/keys"],
    ["PATCH", "/keys/3f9a"],
    ["DELETE", "/keys/jwt/somebody"],
    ["POST", "/tickets"],
    ["POST", "/tickets/"],
    ["POST", "/tickets/x"],
    ["GET", "/audit?limit=10"],
    ["GET", "/keysx"],
    ["GET", "/docs"],
    ["GET", "/docs/files/swagger-ui.css"],
    ["GET", "/redoc/"],
    ["GET", "/openapi.json"],
    ["GET", "/asyncapi.json"],
    ["GET", "/openapi.jsonx"],
    ["GET", "/ws"],
    ["GET", "/ws/stats"],
    ["GET", "/sse?channels=ticks:EURUSD"],
    ["GET", "/stream-docs"],
    ["GET", "/ws/ohlc/minute?symbol=EURUSD"],
    ["GET", "/metrics/tick-ingest"],
    ["GET", "/metrics/ohlc-query/"],
    ["GET", "/metrics/stream-gateway"],
    ["GET", "/health"],
    ["GET", "/health/"],
    ["GET", "/ready"],
    ["GET", "/live?x=1"],
    ["GET", "/internal/anchor"],
    ["GET", "//ticks"],
    ["POST", "//ticks/"],
    ["GET", "/%74icks?symbol=EURUSD"],
    ["GET", "//ws/ticks"],
    ["GET", "//%6beys"],
    ["GET", "//internal/anchor"],
    ["GET", "/%69nternal/anchor"],
    ["GET", "/ohlc/../internal/anchor"],
    ["GET", "/ohlc/%2e%2e/internal/anchor"],
    ["GET", "/ohlc/./../internal/anchor"],
    ["GET", "/ohlc\\..\\internal"],
    ["GET", "/metrics"],
    ["GET", "/metrics/postgres"],
    ["GET", "/ohlcx"],
    ["GET", "/wsx"],
    ["GET", "/ticksx"],
    ["GET", "/-/ohlc-query/health"],
  ])("%s %s", (method, target) => {
    expect(nginxRoute(method, target)).toBe(localRoute(method, target));
  });
});

test("no location is there twice, which nginx would refuse", () => {
  const patterns = [...edge.matchAll(/^ {2}location (.+) \{$/gm)].map(([, pattern]) => pattern);
  expect(patterns.filter((pattern, at) => patterns.indexOf(pattern) !== at)).toEqual([]);
});

test("every service has an upstream on the port its image listens on", () => {
  const upstreams = textOf("infra/nginx/nginx.conf").matchAll(/server ([\w-]+):(\d+) resolve/g);
  expect([...upstreams].map(([, name, port]) => `${name} ${port}`)).toEqual([
    "tick-ingest 8001",
    "ohlc-query 8002",
    "stream-gateway 8003",
  ]);
});
