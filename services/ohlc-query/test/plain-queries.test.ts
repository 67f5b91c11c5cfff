import { request } from "node:http";
import { testRedis } from "@fx-ohlc/testkit";
import fc from "fast-check";
import { quoteOf, type ReadSide, startReadSide } from "./read-side.js";

const SECRET = "the secret of this test";
const START = Date.UTC(2024, 2, 5);
/** Questions asked of each service. */
const QUESTIONS = 400;

interface Question {
  readonly method: string;
  readonly path: string;
  readonly query: readonly string[];
  readonly headers: Readonly<Record<string, string>>;
}

const optional = (name: string, values: readonly string[], freq = 2) =>
  fc
    .option(fc.constantFrom(...values), { nil: undefined, freq })
    .map((value) => (value === undefined ? [] : [`${name}=${value}`]));

/** What is asked, right and wrong; no answer depends on what time it is. */
const query = fc
  .tuple(
    optional(
      "symbol",
      ["EURUSD", "eur/usd", "EUR%2FUSD", "NOBODY", "EURUSD,GBPUSD", "EUR USD".replace(" ", "+"), "%zz"],
      12,
    ),
    optional(
      "start",
      ["2024-03-05T00:00:00Z", "2024-03-05T00%3A10%3A00Z", "2024-03-04T22:00:00-01:30", "yesterday"],
      12,
    ),
    optional("end", ["2024-03-05T01:40:00Z", "2024-03-05T02:00:00%2B01:00", "2024-03-04T00:00:00Z", "later"], 12),
    optional("limit", ["7", "1", "10000", "all", "0", "ten"]),
    optional("count", ["5", "10001"], 1),
    optional("fill", ["none", "null", "previous", "zero"], 1),
    optional("format", ["json", "csv", "ndjson", "columns", "ccxt", "xml"]),
    optional("interval", ["1m", "hour", "5m", "4h", "1w", "7m"]),
    optional("timezone", ["America/New_York", "Mars/Olympus"], 1),
    optional("day_start_hour", ["17", "24"], 1),
    fc.oneof(
      { weight: 3, arbitrary: fc.constant([]) },
      { weight: 1, arbitrary: fc.constantFrom(["price=bid"], ["price=ask", "include=spread"], ["include=bid%2Cask"]) },
      {
        weight: 1,
        arbitrary: fc.constantFrom(["price=mid", "include=bid,ask,spread"], ["price=last"], ["include=volume"]),
      },
    ),
    fc.constantFrom(...new Array<string[]>(12).fill([]), ["colour=red"], ["symbol=EURUSD"], ["__proto__=1"], [""]),
  )
  .map((parts) => parts.flat())
  // Empty buckets are filled up to now.
  .filter((parts) => !parts.some((part) => /^fill=[np]/.test(part)) || parts.some((part) => part.startsWith("end=")))
  .chain((parts) => fc.shuffledSubarray(parts, { minLength: parts.length }));

const question: fc.Arbitrary<Question> = fc.record({
  method: fc.constantFrom("GET", "GET", "GET", "HEAD", "POST"),
  path: fc.constantFrom(
    ...["/ohlc/minute", "/ohlc/hour", "/ohlc/day", "/ohlc", "/ohlc/minute/", "/internal/ohlc/minute"],
    ...["/ohlc/custom-day", "/ohlc/latest", "/ticks"],
  ),
  query,
  headers: fc.record(
    {
      accept: fc.constantFrom(
        "*/*",
        "text/csv",
        "application/x-ndjson;q=0.5, text/*;q=0.1",
        "application/pdf",
        "image/png",
      ),
      "accept-encoding": fc.constantFrom("gzip", "gzip, deflate, br", "identity", "br;q=0, *"),
      "if-none-match": fc.constantFrom("*", '"other"', "known"),
      authorization: fc.constantFrom(`Bearer ${SECRET}`, "Bearer nobody"),
      origin: fc.constantFrom("http://localhost:5173", "https://example.com"),
    },
    { requiredKeys: [] },
  ),
});

interface Exchange {
  readonly status: number | undefined;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly body: string;
}

function exchange(url: string, method: string, target: string, headers: Record<string, string>): Promise<Exchange> {
  return new Promise((resolve, reject) => {
    const sent = { ...headers, "x-request-id": "the-same" };
    const outgoing = request(url, { method, path: target, headers: sent }, (res) => {
      const chunks: Buffer[] = [];
      res.on("data", (chunk: Buffer) => chunks.push(chunk));
      res.on("error", reject);
      res.on("end", () => {
        const { date: _date, ...others } = res.headers;
        resolve({ status: res.statusCode, headers: others, body: Buffer.concat(chunks).toString("latin1") });
      });
    });
    outgoing.on("error", reject).end();
  });
}

/** The same question with a name escaped, which only the DTO's check can read. */
function inEscapes(parts: readonly string[]): string[] {
  return parts.map((part) => part.replace(/^[a-z]/, (letter) => `%${letter.charCodeAt(0).toString(16)}`));
}

/** The end of a range that has none is now. */
function withoutNow({ headers: { link, ...headers }, ...rest }: Exchange): Exchange {
  const settled = typeof link === "string" ? link.replace(/([?&]end)=[^&>]*/, "$1=") : link;
  return { ...rest, headers: { ...headers, link: settled } };
}

async function answersOf(url: string, asked: Question): Promise<[Exchange, Exchange]> {
  const { method, path, query: parts } = asked;
  const [plain, escaped] = [`${path}?${parts.join("&")}`, `${path}?${inEscapes(parts).join("&")}`];
  const headers: Record<string, string> = { ...asked.headers };
  if (headers["if-none-match"] === "known") {
    const { headers: known } = await exchange(url, "GET", plain, { ...headers, "if-none-match": "" });
    headers["if-none-match"] = String(known.etag);
  }
  return [
    withoutNow(await exchange(url, method, plain, headers)),
    withoutNow(await exchange(url, method, escaped, headers)),
  ];
}

describe.each(["off", "on"])("with AUTH=%s", (auth) => {
  const closers: (() => Promise<unknown>)[] = [];
  let service: ReadSide;

  beforeAll(async () => {
    const guarded: Record<string, string> = { AUTH: auth, BIND_ADDRESS: "127.0.0.1" };
    if (auth === "on") {
      const redis = await testRedis();
      closers.push(() => redis.drop());
      // Hundreds of tokens that are none must be answered as one is.
      const unbounded = { REFUSED_TOKENS_PER_SECOND: "1000000" };
      Object.assign(guarded, unbounded, { REDIS_URL: redis.url, INTERNAL_SECRET: SECRET, ANONYMOUS_SCOPES: "read" });
    }
    service = await startReadSide(undefined, guarded);
    closers.unshift(() => service.stop());
    await service.insert(
      Array.from({ length: 90 }, (_, i) => {
        const time = new Date(START + i * 61_000).toISOString();
        return i % 3 === 0 ? { time, price: 1 + i / 1000 } : quoteOf(time, 1 + i / 1000, 1.00005 + i / 1000);
      }),
    );
  });
  afterAll(async () => {
    for (const close of closers) await close();
  });

  test("a plain query is answered as the same one in escapes, which is checked the long way", async () => {
    const statuses = new Map<number | undefined, number>();
    for (const asked of fc.sample(question, { numRuns: QUESTIONS, seed: 8 })) {
      const [plain, escaped] = await answersOf(service.url, asked);
      expect({ asked, ...plain }).toEqual({ asked, ...escaped });
      statuses.set(plain.status, (statuses.get(plain.status) ?? 0) + 1);
    }
    for (const status of [200, 304, 400, 405, 406, 422])
      expect([status, statuses.get(status) ?? 0]).not.toEqual([status, 0]);
  });
});
