import { randomBytes } from "node:crypto";
import { formatTime, nowUs } from "@fx-ohlc/schemas";
import { eventually } from "@fx-ohlc/testkit";
import { Collector } from "../src/collector.js";
import { type Everything, impatientClient, System } from "../src/system.js";
import { TickFollower } from "../src/tick-follower.js";

const SYMBOL = "EURUSD";
const OPEN_METRICS = "application/openmetrics-text;version=1.0.0;q=0.6,text/plain;q=0.3";

let collector: Collector;
let system: System;
let all: Everything;
let follower: TickFollower;

beforeAll(async () => {
  collector = await Collector.start();
  system = await System.create();
  all = await system.startAll({
    LOG_LEVEL: "debug",
    OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
    OTEL_EXPORTER_OTLP_PROTOCOL: "http/json",
    OTEL_EXPORTER_OTLP_HEADERS: "x-tenant=fx",
    OTEL_BSP_SCHEDULE_DELAY: "50",
    OTEL_EXPORTER_OTLP_TIMEOUT: "500",
  });
  follower = await TickFollower.open(all.gateway.url, SYMBOL);
});

afterAll(async () => {
  follower.close();
  await system.stop();
  collector.stop();
});

/** What a producer says of its own step. */
function callerTrace(flags = "01") {
  const [traceId, spanId] = [randomBytes(16).toString("hex"), randomBytes(8).toString("hex")];
  return { traceId, spanId, headers: { traceparent: `00-${traceId}-${spanId}-${flags}` } };
}

function post(headers: Record<string, string>, symbol = SYMBOL): Promise<Response> {
  const body = JSON.stringify({ symbol, time: formatTime(nowUs()), price: 1.1 });
  return fetch(`${all.edge.url}/ticks`, {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body,
  });
}

function get(headers: Record<string, string>): Promise<Response> {
  return fetch(`${all.edge.url}/ohlc/minute?symbol=${SYMBOL}&count=60`, { headers });
}

test("a tick is followed from its producer's trace through commit and publishing to the flush", async () => {
  const { traceId, spanId, headers } = callerTrace();
  expect((await post(headers)).status).toBe(201);
  const steps = await collector.trace(traceId, "POST /ticks", "commit ticks", "publish ticks", "flush ticks");
  const [answered, committed, published, flushed] = [...steps.values()].sort((a, b) => depth(a.name) - depth(b.name));
  expect(answered).toMatchObject({ service: "tick-ingest", parentSpanId: spanId });
  expect(answered?.fields).toMatchObject({ "http.response.status_code": 201, "http.route": "/ticks" });
  expect(committed).toMatchObject({ service: "tick-ingest", parentSpanId: answered?.spanId });
  expect(published).toMatchObject({ service: "tick-ingest", parentSpanId: committed?.spanId });
  expect(flushed).toMatchObject({ service: "stream-gateway", parentSpanId: published?.spanId });
  expect(flushed?.fields).toMatchObject({ "fx.symbol": SYMBOL, "fx.audiences": 1 });
  expect(collector.headers["x-tenant"]).toBe("fx");
});

function depth(name: string): number {
  return ["POST /ticks", "commit ticks", "publish ticks", "flush ticks"].indexOf(name);
}

test("a read is followed to its SQL, and found again by the exemplar of its time and by its lines in the log", async () => {
  const { traceId, headers } = callerTrace();
  expect((await get({ ...headers, "x-request-id": "read-1" })).status).toBe(200);
  const steps = await collector.trace(traceId, "GET /ohlc/minute", "SELECT");
  const [answered, asked] = [steps.get("GET /ohlc/minute"), steps.get("SELECT")];
  expect(asked).toMatchObject({ service: "ohlc-query", parentSpanId: answered?.spanId });
  expect(asked?.fields["db.query.text"]).toContain("ohlc_minute");
  expect(answered?.fields["fx.request_id"]).toBe("read-1");
  const scrape = await fetch(`${all.query.url}/metrics`, { headers: { accept: OPEN_METRICS } });
  expect(scrape.headers.get("content-type")).toContain("application/openmetrics-text");
  expect(await scrape.text()).toMatch(
    new RegExp(`http_request_duration_seconds_bucket\\{.*route="/ohlc/minute".*# \\{trace_id="${traceId}"\\}`),
  );
  const line = all.query.output.split("\n").find((text) => text.includes('"read-1"'));
  expect(JSON.parse(line ?? "{}")).toMatchObject({ message: "request", request_id: "read-1", trace_id: traceId });
});

test("a caller's word that nobody records its trace is obeyed", async () => {
  const unwanted = callerTrace("00");
  await post(unwanted.headers);
  await get(unwanted.headers);
  const wanted = callerTrace();
  await post(wanted.headers);
  await get(wanted.headers);
  await collector.trace(wanted.traceId, "POST /ticks", "flush ticks", "GET /ohlc/minute");
  expect(collector.steps.filter(({ traceId }) => traceId === unwanted.traceId)).toEqual([]);
});

test("ticks committed together are one step, in the trace of one and linked with the others'", async () => {
  const traces = Array.from({ length: 20 }, () => callerTrace());
  await Promise.all(traces.map(({ headers }, index) => post(headers, `GROUP${index}`)));
  const isTold = async () => collector.steps.filter(isOneOf).length === traces.length;
  const isOneOf = ({ name, traceId }: { name: string; traceId: string }) =>
    name === "POST /ticks" && traces.some((trace) => trace.traceId === traceId);
  await eventually(isTold, { timeoutMs: 10_000, what: "every request to be told of" });
  for (const trace of traces) {
    const own = collector.steps.filter(({ traceId }) => traceId === trace.traceId);
    const linked = own.flatMap(({ links = [] }) => links.map(({ traceId }) => traceId));
    const commits = collector.steps.filter(
      ({ name, traceId }) => name === "commit ticks" && [trace.traceId, ...linked].includes(traceId),
    );
    expect(commits.length).toBeGreaterThan(0);
  }
});

test("without its collector the system loses nothing but spans", async () => {
  collector.stop();
  const { headers } = callerTrace();
  expect((await post(headers, "ALONE")).status).toBe(201);
  const complains = async () => all.ingest.output.includes("traces cannot be exported");
  await eventually(complains, { timeoutMs: 20_000, what: "a line about the collector" });
  expect((await post(headers, "ALONE")).status).toBe(201);
  expect((await impatientClient(all.query).symbols()).map(({ symbol }) => symbol)).toContain("ALONE");
});
