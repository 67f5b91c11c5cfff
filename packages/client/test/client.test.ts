import { FxClient, ProblemError, UnreachableError } from "../src/index.js";
import { answer, hangUp, hangUpHalfway, ScriptedServer } from "./scripted-server.js";

const TIME = "2025-12-05T10:00:00.123456Z";
const POSTED = { symbol: "EURUSD", time: TIME, price: 1.1, seq: 0, duplicate: false };

let server: ScriptedServer;
let client: FxClient;
const waits: number[] = [];

beforeAll(async () => {
  server = await ScriptedServer.start();
  const retry = { attemptsMax: 3, baseMs: 1, capMs: 1 };
  client = new FxClient({ url: `${server.url}/`, retry, onRetry: ({ waitMs }) => waits.push(waitMs) });
});
afterAll(() => server.stop());
beforeEach(() => void waits.splice(0));

async function collect<T>(rows: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const row of rows) all.push(row);
  return all;
}

describe("repeating", () => {
  it("sends a request again after a 503 and after a cut connection, and returns the answer that follows", async () => {
    server.script(answer(503, {}), hangUp, answer(201, POSTED));
    await expect(client.postTick({ price: 1.1, time: TIME })).resolves.toEqual(POSTED);
    expect(server.received).toHaveLength(3);
    expect(waits).toHaveLength(2);
  });

  it("does not take an answer that breaks off for one", async () => {
    server.script(hangUpHalfway, answer(201, { created: 1, duplicates: 0, message: "" }));
    await expect(client.postTicks([{ price: 1.1, time: TIME }])).resolves.toMatchObject({ created: 1 });
  });

  it("waits as long as the service asks", async () => {
    server.script(answer(429, {}, { "retry-after": "1" }), answer(200, []));
    await expect(client.symbols()).resolves.toEqual([]);
    expect(waits[0]).toBeGreaterThanOrEqual(1000);
  });

  it("names the same tick in every attempt when the caller gave no time", async () => {
    server.script(hangUp, answer(503, {}), answer(201, POSTED));
    await client.postTick({ price: 1.1 });
    const times = server.received.map(({ body }) => JSON.parse(body).time);
    expect(times[0]).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/);
    expect(new Set(times).size).toBe(1);
  });

  it("gives up after the bound with what the service said last", async () => {
    server.script(answer(503, { detail: "queue full" }), answer(503, { detail: "queue full" }), answer(503, {}));
    await expect(client.symbols()).rejects.toMatchObject({ name: "ProblemError", status: 503 });
    expect(server.received).toHaveLength(3);
  });

  it("gives up on a service that is not there with an error that says where and why", async () => {
    const gone = await ScriptedServer.start();
    const { url } = gone;
    await gone.stop();
    const nobody = new FxClient({ url, retry: { attemptsMax: 2, baseMs: 1 } });
    const failure = await nobody.symbols().catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(UnreachableError);
    expect(String(failure)).toMatch(`${url}/symbols cannot be reached: connect ECONNREFUSED`);
  });

  it("counts an attempt that takes too long as failed", async () => {
    const impatient = new FxClient({ url: server.url, timeoutMs: 20, retry: { attemptsMax: 2, baseMs: 1 } });
    server.script(
      () => {},
      () => {},
    );
    await expect(impatient.symbols()).rejects.toThrow(UnreachableError);
    expect(server.received).toHaveLength(2);
  });

  it("stops with the caller's reason when the signal aborts, without another attempt", async () => {
    const aborter = new AbortController();
    server.script((request, response) => {
      aborter.abort(new Error("no longer wanted"));
      hangUp(request, response);
    });
    await expect(client.symbols({ signal: aborter.signal })).rejects.toThrow("no longer wanted");
    expect(server.received).toHaveLength(1);
  });
});

describe("refusals", () => {
  it("carries the problem document and names the refused fields", async () => {
    const problem = {
      type: "about:blank",
      title: "Unprocessable Content",
      status: 422,
      detail: "the tick is not valid",
      errors: [{ field: "price", message: "must be a number" }],
      request_id: "r1",
    };
    server.script(answer(422, problem));
    const refusal = await client.postTick({ price: 1, time: TIME }).catch((error: unknown) => error);
    expect(refusal).toBeInstanceOf(ProblemError);
    expect(refusal).toMatchObject({ status: 422, problem });
    expect(String(refusal)).toBe("ProblemError: 422 the tick is not valid; price must be a number");
  });

  it("makes up a problem for a proxy's page", async () => {
    const page = (status: number) => answer(status, "<html>", { "content-type": "text/html" });
    server.script(page(404));
    await expect(client.symbols()).rejects.toMatchObject({ status: 404, problem: { title: "Not Found" } });
  });

  it("says so when what answers is not such a service", async () => {
    server.script((_request, response) => void response.end("<html>"));
    await expect(client.symbols()).rejects.toThrow("did not answer with JSON");
  });

  it("takes an unhealthy system's 503 for an answer", async () => {
    server.script(answer(503, { status: "unhealthy", timestamp: TIME, database: "disconnected" }));
    await expect(client.health()).resolves.toMatchObject({ status: "unhealthy", database: "disconnected" });
  });
});

describe("calls", () => {
  it("corrects and deletes by the query the contract names", async () => {
    const answers = [POSTED, { deleted: 1, message: "" }, { deleted: 2, message: "" }];
    server.script(...answers.map((body) => answer(200, body)));
    await client.putTick({ symbol: "EURUSD", time: TIME, seq: 1 }, 1.2);
    await client.deleteTick({ symbol: "EURUSD", time: TIME });
    await client.deleteTicks({ symbol: "EURUSD", start: TIME, end: TIME });
    const time = encodeURIComponent(TIME);
    expect(server.received.map(({ method, path, body }) => `${method} ${path} ${body}`)).toEqual([
      `PUT /ticks?symbol=EURUSD&time=${time}&seq=1 {"price":1.2}`,
      `DELETE /ticks/EURUSD/${time} `,
      `DELETE /ticks?symbol=EURUSD&start=${time}&end=${time} `,
    ]);
  });

  it("reads all pages of bars, following the links", async () => {
    server.script(answer(200, [{ bucket: "1" }, { bucket: "2" }], { link: '</next?page=2>; rel="next"' }));
    const query = { symbol: "EURUSD", interval: "minute", start: TIME, pageSize: 2 } as const;
    const rows = client.bars(query);
    await rows.next();
    expect(server.received.map(({ path }) => path)).toEqual([
      `/ohlc/minute?symbol=EURUSD&start=${encodeURIComponent(TIME)}&limit=2`,
    ]);
    server.script(answer(200, [{ bucket: "3" }]));
    await expect(collect(rows)).resolves.toEqual([{ bucket: "2" }, { bucket: "3" }]);
    expect(server.received.map(({ path }) => path)).toEqual(["/next?page=2"]);
  });

  it("asks for no further page when the caller leaves the loop", async () => {
    server.script(answer(200, [{ time: TIME }], { link: '</next>; rel="next"' }));
    for await (const _tick of client.ticks({ symbol: "EURUSD", start: TIME })) break;
    expect(server.received).toHaveLength(1);
  });

  it("asks for derived intervals with their day boundary", async () => {
    server.script(answer(200, []));
    const boundary = { dayStartHour: 17, timezone: "America/New_York" };
    await collect(client.bars({ symbol: "EURUSD", interval: "4h", start: TIME, ...boundary }));
    expect(server.received[0]?.path).toBe(
      `/ohlc?interval=4h&symbol=EURUSD&start=${encodeURIComponent(TIME)}&limit=10000` +
        "&day_start_hour=17&timezone=America%2FNew_York",
    );
  });

  it("asks for the newest bars of several symbols at once", async () => {
    server.script(answer(200, []));
    await client.latest({ symbols: ["EURUSD", "USDJPY"] });
    expect(server.received[0]?.path).toBe("/ohlc/latest?symbol=EURUSD%2CUSDJPY");
  });

  it("asks for a side of quotes and what stands beside it, whose prices may be null", async () => {
    server.script(answer(200, [{ open: null }]), answer(200, []));
    const [bar] = await client.lastBars({ symbol: "EURUSD", interval: "1m", count: 1, price: "bid" });
    const open: number | null | undefined = bar?.open;
    expect(open).toBeNull();
    await client.latest({ symbols: ["EURUSD"], price: "ask", include: ["bid", "spread"] });
    expect(server.received.map(({ path }) => path)).toEqual([
      "/ohlc/minute?symbol=EURUSD&count=1&price=bid",
      "/ohlc/latest?symbol=EURUSD&price=ask&include=bid%2Cspread",
    ]);
  });

  it("sends and corrects quotes by both sides", async () => {
    server.script(answer(201, POSTED), answer(200, POSTED));
    await client.postTick({ symbol: "EURUSD", time: TIME, bid: 1.1, ask: 1.2 });
    await client.putTick({ symbol: "EURUSD", time: TIME }, { bid: 1.15, ask: 1.2 });
    expect(server.received.map(({ body }) => JSON.parse(body))).toEqual([
      { symbol: "EURUSD", time: TIME, bid: 1.1, ask: 1.2 },
      { bid: 1.15, ask: 1.2 },
    ]);
  });
});

describe("asking of the past, and of what is missing", () => {
  const AS_OF = "2025-12-05T17:00:00Z";
  const paths = () => server.received.map(({ path }) => decodeURIComponent(path));

  it("names the moment with every page of ticks and bars", async () => {
    const range = { symbol: "EURUSD", start: "2025-12-05", asOf: AS_OF };
    const next = { link: `<${server.url}/ticks?symbol=EURUSD&start=${TIME}&as_of=${AS_OF}>; rel="next"` };
    server.script(answer(200, [], next), answer(200, []), answer(200, []));
    await collect(client.ticks(range));
    await collect(client.bars({ ...range, interval: "1h" }));
    expect(paths()).toEqual(Array.from({ length: 3 }, () => expect.stringContaining(`&as_of=${AS_OF}`)));
  });

  it("asks how whole symbols are, and for each gap, page after page", async () => {
    const gap = { symbol: "EURUSD", from: TIME, to: TIME, seconds: 60, reason: "no_ticks" };
    const next = { link: `<${server.url}/quality/gaps?symbol=EURUSD&start=${TIME}>; rel="next"` };
    server.script(answer(200, []), answer(200, [gap], next), answer(200, [gap]));
    await client.quality({ symbols: ["EURUSD", "GBPUSD"], start: "2025-12-01", minGapS: 300, outliers: true });
    expect(await collect(client.gaps({ symbol: "EURUSD", start: "2025-12-01", closed: true }))).toEqual([gap, gap]);
    expect(paths()).toEqual([
      "/quality?symbol=EURUSD,GBPUSD&start=2025-12-01&min_gap_s=300&outliers=true",
      "/quality/gaps?symbol=EURUSD&start=2025-12-01&closed=true&limit=10000",
      `/quality/gaps?symbol=EURUSD&start=${TIME}`,
    ]);
  });
});
