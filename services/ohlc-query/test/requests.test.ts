import { type ReadSide, startReadSide } from "./read-side.js";

interface ProblemBody {
  readonly type: string;
  readonly status: number;
  readonly errors?: readonly { readonly field: string; readonly message: string }[];
  readonly request_id: string;
}

let service: ReadSide;

beforeAll(async () => {
  service = await startReadSide();
});
afterAll(() => service.stop());

const S = "symbol=EURUSD";
const T = "start=2024-03-05T10:00:00Z";

describe("a read that cannot be answered says why", () => {
  test.each([
    ["/ohlc/minute", 422, ["symbol", "start"]],
    [`/ohlc/minute?${S}`, 422, ["start"]],
    [`/ohlc/minute?symbol=EUR%20USD&${T}`, 422, ["symbol"]],
    [`/ohlc/minute?symbol=&${T}`, 422, ["symbol"]],
    [`/ohlc/minute?symbol=ABCDEFGHIJKABCDEFGHIJKABCDEFGHIJK&${T}`, 422, ["symbol"]],
    [`/ohlc/minute?${S}&start=2024-03-05T10:00:00`, 422, ["start"]],
    [`/ohlc/minute?${S}&start=2024-03-05T10:00:00+02:00`, 422, ["start"]],
    [`/ohlc/minute?${S}&${T}&end=2024-02-30T00:00:00Z`, 422, ["end"]],
    [`/ohlc/minute?${S}&${T}&limit=0`, 422, ["limit"]],
    [`/ohlc/minute?${S}&${T}&limit=10001`, 422, ["limit"]],
    [`/ohlc/minute?${S}&${T}&limit=ten`, 422, ["limit"]],
    [`/ohlc/minute?${S}&${T}&limit=1.5&end=x`, 422, ["end", "limit"]],
    [`/ohlc/minute?${S}&${T}&day_start_hour=22`, 400, ["day_start_hour"]],
    [`/ohlc/hour?${S}&${T}&timezone=UTC`, 400, ["timezone"]],
    [`/ohlc/minute?${S}&${T}&colour=red`, 400, ["colour"]],
    [`/ohlc/minute?${S}&${T}&__proto__=1`, 400, ["__proto__"]],
    [`/ohlc/minute?${S}&${T}&symbol=GBPUSD`, 400, ["symbol"]],
    [`/ohlc/minute?symbol[]=EURUSD&${T}`, 400, ["symbol[]", "symbol"]],
    [`/ohlc/day?${S}&${T}&day_start_hour=24`, 422, ["day_start_hour"]],
    [`/ohlc/day?${S}&${T}&day_start_hour=-1`, 422, ["day_start_hour"]],
    [`/ohlc/day?${S}&${T}&timezone=Mars/Olympus`, 422, ["timezone"]],
    [`/ohlc/day?${S}&${T}&timezone=%2B02:00`, 422, ["timezone"]],
    [`/ohlc?${S}&${T}`, 422, ["interval"]],
    [`/ohlc?${S}&${T}&interval=7m`, 422, ["interval"]],
    [`/ohlc?${S}&${T}&interval=1D`, 422, ["interval"]],
    [`/ohlc?${S}&${T}&interval=1h&day_start_hour=22`, 400, ["day_start_hour"]],
    [`/ohlc?${S}&${T}&interval=30m&day_start_hour=22&timezone=UTC`, 400, ["day_start_hour", "timezone"]],
    [`/ohlc?${S}&interval=4h`, 422, ["start"]],
    [`/ohlc?${S}&${T}&interval=4h&count=5&limit=5`, 400, ["count"]],
    [`/ohlc/minute?${S}&count=0`, 422, ["count"]],
    [`/ohlc/minute?${S}&count=10001`, 422, ["count"]],
    [`/ohlc/minute?${S}&count=5&start=yesterday`, 422, ["start"]],
    ["/ohlc/latest", 422, ["symbol"]],
    [`/ohlc/latest?${S}&day_start_hour=17`, 400, ["day_start_hour"]],
    [`/ohlc/latest?${S}&interval=1d&timezone=Nowhere`, 422, ["timezone"]],
    [`/ohlc/latest?${S}&interval=7m`, 422, ["interval"]],
    ["/ohlc/latest?symbol=EURUSD,,GBPUSD", 422, ["symbol"]],
    [`/ticks?${S}&${T}&after_seq=1024`, 422, ["after_seq"]],
    ["/symbols?symbol=EURUSD", 400, ["symbol"]],
  ])("%s is %i", async (path, status, fields) => {
    const answer = await service.get<ProblemBody>(path);
    expect(answer.status).toBe(status);
    expect(answer.headers.get("content-type")).toBe("application/problem+json");
    expect(answer.body.errors?.map(({ field }) => field)).toEqual(fields);
    expect(answer.body.request_id).toBe(answer.headers.get("x-request-id"));
  });

  test.each([
    ["/ohlc/minute?symbol=%zz", 400],
    ["/ohlc/minute?symbol=%ff", 400],
    ["/ohlc/second", 404],
    ["/ohlc/%zz", 404],
  ])("%s is %i without a field to blame", async (path, status) => {
    expect((await service.get(path)).status).toBe(status);
  });

  test("another method is 405 with those allowed", async () => {
    const answer = await fetch(`${service.url}/ohlc/minute`, { method: "POST" });
    expect(answer.status).toBe(405);
    expect(answer.headers.get("allow")).toContain("GET");
  });
});

describe("answers can be kept and asked for again", () => {
  const path = `/ohlc/minute?${S}&${T}&end=2024-03-05T11:00:00Z`;

  test("an unchanged answer is 304 without a body, a changed one is sent with another tag", async () => {
    await service.insert([{ time: "2024-03-05T10:00:00Z", price: 1 }]);
    const first = await service.get(path);
    expect(first.headers.get("cache-control")).toBe("no-cache");
    const tag = first.headers.get("etag") ?? "";
    for (const known of [tag, `W/${tag}`, `"other", ${tag}`, "*"]) {
      const again = await service.get(path, { "If-None-Match": known });
      expect([again.status, again.text, again.headers.get("etag")]).toEqual([304, "", tag]);
    }
    await service.insert([{ time: "2024-03-05T10:00:01Z", price: 2 }]);
    const changed = await service.get(path, { "If-None-Match": tag });
    expect(changed.status).toBe(200);
    expect(changed.headers.get("etag")).not.toBe(tag);
  });

  test("HEAD has the headers of GET and no body", async () => {
    const [head, whole] = [await fetch(service.url + path, { method: "HEAD" }), await service.get(path)];
    expect(head.headers.get("etag")).toBe(whole.headers.get("etag"));
    expect(head.headers.get("content-length")).toBe(String(whole.text.length));
    expect(await head.text()).toBe("");
  });

  test("pages of this machine may read them, whatever their port, and no others", async () => {
    const allowed = async (origin: string) =>
      (await service.get(path, { Origin: origin })).headers.get("access-control-allow-origin");
    expect(await allowed("http://localhost:5173")).toBe("http://localhost:5173");
    expect(await allowed("https://example.com")).toBeNull();
  });
});

test("reads are timed by interval, and requests by path", async () => {
  await service.get(`/ohlc/hour?${S}&${T}`);
  const text = await (await fetch(`${service.url}/metrics`)).text();
  expect(text).toMatch(/ohlc_query_duration_seconds_count\{interval="1h"\} [1-9]/);
  expect(text).toMatch(/ohlc_rows_returned_count [1-9]/);
  expect(text).toMatch(/http_request_duration_seconds_count\{method="GET",route="\/ohlc\/hour",status="200"\} [1-9]/);
});

test("health names the database and the version", async () => {
  const { status, body } = await service.get("/health");
  expect(status).toBe(200);
  expect(body).toMatchObject({ status: "healthy", database: "connected", version: "1.2.3" });
  expect(body).not.toHaveProperty("redis");
});
