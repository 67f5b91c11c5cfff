import { Metrics } from "./metrics.js";

describe("Metrics", () => {
  test("observes requests by method, route pattern and status", async () => {
    const metrics = new Metrics({ defaults: false });
    metrics.observeHttp("GET", "/ohlc/:interval", 200, 0.002);
    const text = await metrics.registry.metrics();
    expect(text).toContain('http_request_duration_seconds_count{method="GET",route="/ohlc/:interval",status="200"} 1');
  });

  test("has one label for all the methods a stranger may invent", async () => {
    const metrics = new Metrics({ defaults: false });
    metrics.observeHttp("BREW", "unmatched", 404, 0.001);
    metrics.observeHttp("STIR", "unmatched", 404, 0.001);
    expect(await metrics.registry.metrics()).toContain('_count{method="OTHER",route="unmatched",status="404"} 2');
  });

  test("reads hot counters when it is scraped, and only then", async () => {
    const metrics = new Metrics({ defaults: false });
    const ticks = new Map([["EURUSD", 0]]);
    let reads = 0;
    metrics.addCounter({
      name: "ticks_total",
      help: "Ticks.",
      labelNames: ["symbol"],
      read: () => {
        reads += 1;
        return [...ticks].map(([symbol, count]) => [{ symbol }, count] as const);
      },
    });
    ticks.set("EURUSD", 41).set("EURUSD", 42);
    expect(reads).toBe(0);
    expect(await metrics.registry.metrics()).toContain('ticks_total{symbol="EURUSD"} 42');
    expect(await metrics.registry.metrics()).toContain('ticks_total{symbol="EURUSD"} 42');
  });

  test("measures the process itself by default", async () => {
    expect(await new Metrics().registry.metrics()).toContain("process_resident_memory_bytes");
  });

  test("shows the trace of the last request of each bucket to whoever accepts OpenMetrics, and text as ever to others", async () => {
    const metrics = new Metrics({ defaults: false });
    const [older, traceId] = ["1".repeat(32), "2".repeat(32)];
    metrics.observeHttp("GET", "/ohlc", 200, 0.002, older);
    metrics.observeHttp("GET", "/ohlc", 200, 0.0021, traceId);
    metrics.observeHttp("GET", "/ohlc", 200, 0.3);
    metrics.addCounter({ name: "ticks_total", help: "Ticks.", read: () => 3 });
    const before = await metrics.scrape("text/plain");
    const open = await metrics.scrape("application/openmetrics-text;version=1.0.0;q=0.6,text/plain;q=0.3");
    expect(open.contentType).toContain("application/openmetrics-text");
    expect(open.text).toMatch(new RegExp(`le="0.0025",.*} 2 # {trace_id="${traceId}"} 0.0021 [0-9.]+\n`));
    expect(open.text.match(/trace_id/g)).toHaveLength(1);
    expect(open.text).toContain("# TYPE ticks counter\nticks_total 3\n");
    expect(open.text.endsWith("# EOF\n")).toBe(true);
    expect(await metrics.scrape("application/openmetrics-text;q=0,text/plain")).toEqual(before);
    expect(before.text).toContain("# TYPE ticks_total counter\nticks_total 3\n");
    expect(before.text).not.toContain("trace_id");
  });
});
