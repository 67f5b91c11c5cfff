import { gzipSync } from "node:zlib";

/** One request of the scenario and the status it is answered with. */
export interface Step {
  readonly operation: string;
  readonly path?: Readonly<Record<string, string>>;
  readonly query?: Readonly<Record<string, string>>;
  readonly headers?: Readonly<Record<string, string>>;
  readonly mediaType?: string;
  /** Sent as JSON unless it is text already. */
  readonly body?: unknown;
  /** More of the body is announced than ever comes. */
  readonly stalls?: true;
  readonly status: number;
}

const JSON_TYPE = "application/json";
const FRIDAY = { start: "2025-12-05T10:00:00Z", end: "2025-12-05T11:00:00Z" };
const MONTH = { start: "2025-12-01T00:00:00Z", end: "2025-12-31T00:00:00Z" };
const TICK = { symbol: "DEMO", price: 777.12345, time: "2025-12-05T10:00:00.123456Z" };
const STAMP = { symbol: "DEMO", time: TICK.time };
const SHARED = "2025-12-05T10:07:30.000000Z";
/** Of a tick that is deleted. */
const WRONG = "2025-12-05T10:00:02.000000Z";
const UPGRADE = {
  connection: "Upgrade",
  upgrade: "websocket",
  "sec-websocket-version": "13",
  "sec-websocket-key": "dGhlIHNhbXBsZSBub25jZQ==",
};
const MINUTES = { interval: "minute" };
const GZIP = { "accept-encoding": "gzip" };
const OPEN_METRICS = { accept: "application/openmetrics-text;version=1.0.0" };
const ELSEWHERE = { origin: "https://elsewhere.example" };
/** More than any single tick may be long. */
const LONG = " ".repeat(20_000);
const ROWS_MAX = 50_000;
/** Symbols enough for a long answer. */
const CROWD = Array.from({ length: 40 }, (_, number) => `CROWD${number + 10}`);

/** As many as a heartbeat may name: two feeds of them are as many as there may be. */
const MANY = Array.from({ length: 10_000 }, (_, number) => `MANY${number}`);

/** Line protocol, by each of its routes. */
const LINE = "fx,symbol=DEMO4,venue=lp1 bid=8510,ask=8530";
const writeLines = (body: unknown, status: number, more: Partial<Step> = {}): Step[] =>
  ["writeLines", "writeLinesV2"].map((operation) => ({ operation, mediaType: "text/plain", body, status, ...more }));
/** Lines that unpack to a thousand times what they have packed. */
const BOMB = gzipSync("\n".repeat(80_000_000));

const write = (operation: string, body: unknown, status: number, more: Partial<Step> = {}): Step => ({
  operation,
  mediaType: JSON_TYPE,
  body,
  status,
  ...more,
});

/** The revision that the good day's PUT is: after what came late by then, an hour of a symbol each. */
const UPDATED = "9";

/** The id of the key that the system is started with. */
export const FIRST_KEY = "first";

/** A day in the life of the system, told so that every operation has something to show. */
export const GOOD_DAY: readonly Step[] = [
  write("postTick", TICK, 201),
  write(
    "postTicks",
    [
      { symbol: "DEMO", time: SHARED, price: 777.1235 },
      { symbol: "DEMO", time: SHARED, price: 777.12352 },
      { symbol: "DEMO2", time: "2025-12-05T10:00:01.000000Z", price: 88.335 },
      { symbol: "DEMO2", time: WRONG, price: 883.35 },
      { symbol: "DEMO3", time: TICK.time, price: 15535.5 },
      { symbol: "DEMO3", time: SHARED, price: 15535.6 },
    ],
    201,
  ),
  write("postTicks", '{"symbol":"DEMO","time":"2025-12-05T12:00:00Z","price":777.1241}\n', 201, {
    mediaType: "application/x-ndjson",
  }),
  write("postTicks", "time,symbol,price\n2025-12-08T09:00:00Z,DEMO,777.1262\n2025-12-08T09:00:01Z,DEMO,abc\n", 201, {
    mediaType: "text/csv",
    query: { on_error: "skip" },
  }),
  write("postTick", { symbol: "DEMO", price: 777.1264, time: "2025-12-08T09:30:00Z" }, 201, {
    headers: { "x-feed": "lp1" },
  }),
  write("postHeartbeat", { symbols: ["DEMO", "XAUUSD"], every_s: 10 }, 204, { path: { feed: "lp1" } }),
  { operation: "getFeeds", query: { limit: "1" }, status: 200 },
  { operation: "getArchive", query: { limit: "1" }, status: 200 },
  { operation: "deleteFeed", path: { feed: "lp1" }, status: 204 },
  ...writeLines(`${LINE} 1764928800500\n`, 204, { query: { precision: "ms" } }),
  write("putTick", { price: 777.12347 }, 200, { query: { ...STAMP, seq: "0" } }),
  { operation: "getRevisions", query: { symbol: "DEMO", ...MONTH, limit: "2" }, status: 200 },
  { operation: "getQuality", query: { symbol: "DEMO,DEMO2", ...FRIDAY }, status: 200 },
  { operation: "getGaps", query: { symbol: "DEMO", ...MONTH, limit: "1" }, status: 200 },
  write("putSymbol", { digits: 5, description: "For trying things out", quiet_after_s: 60 }, 200, {
    path: { symbol: "DEMO" },
  }),
  write("putSymbol", {}, 200, { path: { symbol: "XAUUSD#" } }),
  { operation: "deleteSymbol", path: { symbol: "XAUUSD#" }, status: 204 },
  ...["getMinuteBars", "getHourBars"].map((operation) => ({
    operation,
    query: { symbol: "DEMO", ...MONTH, limit: "2" },
    status: 200,
  })),
  { operation: "getBars", query: { symbol: "DEMO", interval: "5m", ...FRIDAY, limit: "1" }, status: 200 },
  { operation: "getBars", query: { symbol: "DEMO", interval: "10t", ...FRIDAY, complete: "true" }, status: 200 },
  { operation: "getDayBars", query: { symbol: "DEMO", ...MONTH, limit: "1" }, status: 200 },
  {
    operation: "getCustomDayBars",
    query: { symbol: "DEMO", ...MONTH, limit: "1", day_start_hour: "17", timezone: "America/New_York" },
    status: 200,
  },
  { operation: "getLatestBars", query: { symbol: "DEMO,DEMO2", interval: "minute" }, status: 200 },
  { operation: "getTicks", query: { symbol: "DEMO", ...FRIDAY, limit: "2" }, status: 200 },
  { operation: "getSymbols", query: { limit: "2" }, status: 200 },
  { operation: "getUdfConfig", status: 200 },
  { operation: "getUdfTime", status: 200 },
  { operation: "getUdfSymbol", query: { symbol: "DEMO" }, status: 200 },
  { operation: "searchUdfSymbols", query: { query: "usd", limit: "2" }, status: 200 },
  {
    operation: "getUdfHistory",
    query: { symbol: "DEMO", resolution: "5", from: "1764928800", to: "1764932400" },
    status: 200,
  },
  { operation: "getStreamStats", status: 200 },
  { operation: "streamChannels", headers: UPGRADE, status: 101 },
  ...["streamTicks", "streamMinuteBars", "streamHourBars", "streamDayBars"].map((operation) => ({
    operation,
    headers: UPGRADE,
    query: { symbol: "DEMO,DEMO2" },
    status: 101,
  })),
  { operation: "streamBars", headers: UPGRADE, query: { ...MINUTES, symbol: "DEMO,DEMO2" }, status: 101 },
  { operation: "streamEvents", query: { channels: "ohlc:DEMO:minute" }, status: 200 },
  write("createKey", { name: "a dashboard", scopes: ["read", "stream"], symbols: ["DEMO*"] }, 201),
  { operation: "listKeys", query: { limit: "1" }, status: 200 },
  write("changeKey", { name: "the first key" }, 200, { path: { id: FIRST_KEY } }),
  write("changeKey", { name: "a dashboard" }, 409, { path: { id: FIRST_KEY } }),
  write("createKey", { name: "a dashboard", scopes: ["read"] }, 409),
  { operation: "revokeKey", path: { id: FIRST_KEY }, status: 204 },
  { operation: "revokeSubject", path: { sub: "somebody" }, status: 204 },
  { operation: "createTicket", status: 201 },
  { operation: "getAudit", query: { limit: "1" }, status: 200 },
  ...["getSystemHealth", "getSystemLive", "getSystemReady"].map((operation) => ({ operation, status: 200 })),
  { operation: "getServiceMetrics", path: { service: "tick-ingest" }, status: 200 },
  { operation: "getServiceMetrics", path: { service: "tick-ingest" }, headers: OPEN_METRICS, status: 200 },
  { operation: "getProblemType", path: { code: "older_than_retention" }, status: 200 },
  ...["getOpenApi", "getAsyncApi", "getSwaggerUi", "getRedoc", "getStreamDocs"].flatMap((operation) => [
    { operation, status: 200 },
    { operation, headers: GZIP, status: 200 },
  ]),
  write(
    "postCorrections",
    [
      { op: "update", symbol: "DEMO", time: SHARED, seq: 1, price: 777.12353 },
      { op: "delete", symbol: "DEMO2", time: WRONG },
    ],
    200,
    { query: { reason: "a bad feed" } },
  ),
  { operation: "undoRevision", path: { id: UPDATED }, status: 200 },
  { operation: "deleteTick", path: { symbol: "DEMO3", time: TICK.time }, query: { seq: "0" }, status: 200 },
  { operation: "deleteTicks", query: { symbol: "DEMO3", ...FRIDAY }, status: 200 },
];

const invalidReads = ["getMinuteBars", "getHourBars", "getDayBars", "getCustomDayBars", "getTicks"].map(
  (operation) => ({
    operation,
    query: { symbol: "DEMO", start: "yesterday" },
    status: 422,
  }),
);

/** What every service answers in its own words. */
export const COMMON_DAY: readonly Step[] = [
  ...["getHealth", "getLive", "getReady", "getMetrics"].map((operation) => ({ operation, status: 200 })),
  { operation: "getMetrics", headers: OPEN_METRICS, status: 200 },
  { operation: "getProblemType", path: { code: "conflict" }, status: 200 },
  { operation: "getProblemType", path: { code: "bad_luck" }, status: 404 },
  ...["getOpenApi", "getSwaggerUi", "getRedoc"].flatMap((operation) => [
    { operation, status: 200 },
    { operation, headers: GZIP, status: 200 },
  ]),
];

const PAGED = { symbol: "DEMO", ...MONTH };
/** A query of each table, long enough to be worth compressing. */
const TABLES: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  getBars: { ...PAGED, interval: "15m", fill: "null", limit: "100" },
  getMinuteBars: { ...PAGED, fill: "previous", limit: "100" },
  getHourBars: { ...PAGED, fill: "null", limit: "100" },
  getDayBars: { ...PAGED, fill: "null" },
  getCustomDayBars: { ...PAGED, fill: "null" },
  getLatestBars: { symbol: CROWD.join(",") },
  getTicks: { symbol: "AUDUSD", ...FRIDAY },
  getSymbols: {},
  getRevisions: PAGED,
  getQuality: { symbol: CROWD.join(","), ...FRIDAY, outliers: "true" },
  getGaps: { ...PAGED, closed: "true" },
};

/** The same in every format, by the part that a program asks for first, and by one that there is not. */
const PARTS: readonly Step[] = GOOD_DAY.filter(({ operation }) => operation in TABLES).flatMap((step) => [
  ...["json", "csv", "ndjson", "columns", "parquet", "arrow"].map((format) => ({
    ...step,
    query: { ...step.query, format },
    headers: { range: "bytes=0-7" },
    status: 206,
  })),
  { ...step, headers: { range: "bytes=100000000-" }, status: 416 },
]);

/** Answers to charts are no tables, and have parts, too. */
const UDF_PARTS: readonly Step[] = GOOD_DAY.filter(({ operation }) => /Udf/.test(operation)).flatMap((step) => [
  { ...step, headers: { range: "bytes=0-7" }, status: 206 },
  { ...step, headers: { range: "bytes=100000000-" }, status: 416 },
]);

const QUOTED = { symbol: "QUOTED", include: "bid,ask,spread" };

/** The same tables once more, in every other format. */
const FORMATS: readonly Step[] = GOOD_DAY.filter(({ operation }) => operation in TABLES).flatMap((step) =>
  ["csv", "ndjson", "columns", "parquet", "arrow"].map((format) => ({ ...step, query: { ...step.query, format } })),
);

/** Everything that answers can look like; for some of it a lot has to be stored. */
export const MANY_SHAPES: readonly Step[] = [
  ...FORMATS,
  ...PARTS,
  ...UDF_PARTS,
  write(
    "postTicks",
    [
      ...CROWD.map((symbol) => ({ symbol, time: TICK.time, price: 1 })),
      ...CROWD.map((_, at) => ({ symbol: "AUDUSD", time: `2025-12-05T10:${at + 10}:00Z`, price: 1 + at / 64 })),
    ],
    201,
  ),
  write(
    "postTicks",
    [
      { symbol: "QUOTED", time: FRIDAY.start, bid: 1.37615, ask: 1.37618 },
      { symbol: "QUOTED", time: TICK.time, bid: 1.3762, ask: 1.37622 },
      { symbol: "QUOTED", time: SHARED, price: 1.3765 },
    ],
    201,
  ),
  ...["json", "csv", "ndjson", "columns"].flatMap((format) => [
    { operation: "getBars", query: { ...QUOTED, ...FRIDAY, interval: "5m", format, price: "bid" }, status: 200 },
    { operation: "getMinuteBars", query: { ...QUOTED, ...FRIDAY, fill: "null", format }, status: 200 },
    { operation: "getLatestBars", query: { ...QUOTED, format }, status: 200 },
    { operation: "getTicks", query: { symbol: "QUOTED", ...FRIDAY, format }, status: 200 },
  ]),
  { operation: "getUdfSymbol", query: { symbol: "QUOTED:BID" }, status: 200 },
  ...Object.entries(TABLES).flatMap(([operation, query]) => [
    { operation, query, headers: GZIP, status: 200 },
    { operation, query, headers: { accept: "image/png" }, status: 406 },
  ]),
  { operation: "getMinuteBars", query: { ...PAGED, limit: "all", format: "ccxt" }, status: 200 },
  { operation: "searchUdfSymbols", headers: GZIP, status: 200 },
  {
    operation: "getUdfHistory",
    query: { symbol: "AUDUSD", resolution: "1", from: "0", to: "4000000000" },
    headers: GZIP,
    status: 200,
  },
];

/** What is refused for a reason of its own. Refusals that every operation shares are made up from the document. */
export const REFUSALS: readonly Step[] = [
  write("postTick", { ...TICK, seq: 0, price: 2 }, 409),
  write("postTick", LONG, 413),
  write("postTick", { ...TICK, price: "1.12345" }, 422),
  write("postTicks", [{ ...TICK, seq: 0, price: 2 }], 409),
  write("postTicks", Array(ROWS_MAX + 1).fill(0), 413),
  write("postTicks", [TICK, { ...TICK, time: "2025-12-05T10:00:60Z" }], 422),
  ...writeLines(`${LINE}\nfx,symbol=DEMO4 price=abc\n`, 400),
  ...writeLines(LINE, 403, { headers: { origin: "https://elsewhere.example" } }),
  ...writeLines("fx,symbol=DEMO4 price=8600,seq=0 1764928800500", 409, { query: { precision: "ms" } }),
  ...writeLines(BOMB, 413, { headers: { "content-encoding": "gzip" } }),
  ...writeLines(LINE, 422, { query: { precision: "h" } }),
  write("putTick", { price: 777.2 }, 404, { query: { symbol: "DEMO", time: "2025-12-05T10:00:00.5Z" } }),
  write("putTick", { price: 777.2 }, 409, { query: { symbol: "DEMO", time: SHARED } }),
  write("putTick", LONG, 413, { query: STAMP }),
  write("putTick", { price: 0 }, 422, { query: STAMP }),
  { operation: "deleteTicks", query: { symbol: "DEMO", start: "5 December", end: FRIDAY.end }, status: 422 },
  { operation: "deleteTick", path: { symbol: "DEMO", time: "2025-12-05T10:00:00.5Z" }, status: 404 },
  { operation: "deleteTick", path: { symbol: "EUR USD", time: TICK.time }, status: 422 },
  write("postCorrections", [{ op: "delete", symbol: "DEMO", time: "2025-12-05T10:00:00.5Z" }], 404),
  write("postCorrections", [{ op: "update", symbol: "DEMO", time: SHARED, price: 777.2 }], 409),
  write("postCorrections", Array(1001).fill(0), 413),
  write("postCorrections", [{ op: "replace" }], 422),
  { operation: "undoRevision", path: { id: UPDATED }, status: 409 },
  { operation: "undoRevision", path: { id: "1" }, status: 404 },
  { operation: "undoRevision", path: { id: "0" }, status: 422 },
  { operation: "undoRevision", path: { id: UPDATED }, headers: ELSEWHERE, status: 403 },
  { operation: "getRevisions", query: { symbol: "DEMO", start: "yesterday" }, status: 422 },
  { operation: "getQuality", query: { symbol: "DEMO", start: "2000-01-01" }, status: 422 },
  { operation: "getGaps", query: { symbol: "DEMO", ...FRIDAY, min_gap_s: "1" }, status: 422 },
  write("putSymbol", LONG, 413, { path: { symbol: "DEMO" } }),
  write("putSymbol", { digits: 99 }, 422, { path: { symbol: "DEMO" } }),
  { operation: "deleteSymbol", path: { symbol: "NOSUCH" }, status: 404 },
  { operation: "deleteSymbol", path: { symbol: "DEMO" }, status: 409 },
  { operation: "deleteSymbol", path: { symbol: "DEMO:BID" }, status: 422 },
  write("postHeartbeat", LONG.repeat(30), 413, { path: { feed: "lp1" } }),
  write("postHeartbeat", { symbols: [] }, 422, { path: { feed: "lp1" } }),
  { operation: "getFeeds", query: { limit: "0" }, status: 422 },
  { operation: "getArchive", query: { limit: "0" }, status: 422 },
  { operation: "deleteFeed", path: { feed: "nobody" }, status: 404 },
  { operation: "deleteFeed", path: { feed: "a/b" }, status: 422 },
  ...invalidReads,
  { operation: "getBars", query: { symbol: "DEMO", interval: "7m", ...FRIDAY }, status: 422 },
  { operation: "getLatestBars", query: { symbol: "DEMO,," }, status: 422 },
  { operation: "getSymbols", query: { format: "xml" }, status: 422 },
  { operation: "getUdfSymbol", query: { symbol: "NOSUCH" }, status: 404 },
  { operation: "getUdfSymbol", query: { symbol: "EUR USD" }, status: 422 },
  { operation: "searchUdfSymbols", query: { limit: "0" }, status: 422 },
  { operation: "getUdfHistory", query: { symbol: "DEMO", resolution: "7", from: "0", to: "1" }, status: 422 },
  { operation: "getProblemType", path: { code: "bad_luck" }, status: 404 },
  write("createKey", { name: "", scopes: ["everything"] }, 422),
  write("createKey", "{", 400),
  write("createKey", { name: "n".repeat(70_000), scopes: ["read"] }, 413),
  write("changeKey", { symbols: [] }, 422, { path: { id: FIRST_KEY } }),
  write("changeKey", "{", 400, { path: { id: FIRST_KEY } }),
  write("changeKey", { name: "n".repeat(70_000) }, 413, { path: { id: FIRST_KEY } }),
  write("changeKey", {}, 404, { path: { id: "nobody" } }),
  { operation: "revokeKey", path: { id: "nobody" }, status: 404 },
  { operation: "revokeKey", path: { id: "\u0000" }, status: 422 },
  { operation: "revokeSubject", path: { sub: "s".repeat(501) }, status: 422 },
  { operation: "listKeys", query: { limit: "many" }, status: 422 },
  { operation: "getAudit", query: { limit: "many" }, status: 422 },
  { operation: "getServiceMetrics", path: { service: "postgres" }, status: 404 },
  ...["streamChannels", "streamTicks", "streamMinuteBars", "streamHourBars", "streamDayBars"].map((operation) => ({
    operation,
    headers: { ...UPGRADE, ...ELSEWHERE },
    status: 403,
  })),
  ...["streamTicks", "streamMinuteBars", "streamHourBars", "streamDayBars"].map((operation) => ({
    operation,
    headers: UPGRADE,
    query: { symbol: "EUR USD" },
    status: 422,
  })),
  { operation: "streamBars", headers: { ...UPGRADE, ...ELSEWHERE }, query: MINUTES, status: 403 },
  { operation: "streamBars", headers: UPGRADE, query: { interval: "7m" }, status: 422 },
  { operation: "streamEvents", headers: ELSEWHERE, query: { channels: "ticks:DEMO" }, status: 403 },
  { operation: "streamEvents", query: { channels: "news:DEMO" }, status: 422 },
];

/** What is refused because it comes too slowly, after some 10 s, or of lines because nothing comes for a minute. */
export const STALLED: readonly Step[] = [
  write("postTick", "{", 408, { stalls: true }),
  write("postTicks", "[", 408, { stalls: true }),
  ...writeLines(LINE, 408, { stalls: true }),
  write("putTick", "{", 408, { stalls: true, query: STAMP }),
  write("postHeartbeat", "{", 408, { stalls: true, path: { feed: "lp1" } }),
  write("postCorrections", "[", 408, { stalls: true }),
  write("putSymbol", "{", 408, { stalls: true, path: { symbol: "DEMO" } }),
  write("createKey", "{", 408, { stalls: true }),
  write("changeKey", "{", 408, { stalls: true, path: { id: FIRST_KEY } }),
];

/** What is refused where there is no room for another symbol. */
export const NO_ROOM: readonly Step[] = [
  write("postTick", { ...TICK, symbol: "MORE" }, 429),
  write("postTicks", [{ ...TICK, symbol: "MORE" }], 429),
  ...writeLines("fx,symbol=MORE price=1", 429),
  write("putSymbol", {}, 429, { path: { symbol: "MORE" } }),
  ...["lp1", "lp2"].map((feed) => write("postHeartbeat", { symbols: MANY }, 204, { path: { feed } })),
  write("postHeartbeat", { symbols: ["DEMO"] }, 429, { path: { feed: "lp3" } }),
];

const AS_OF = { symbol: "DEMO", as_of: "2025-12-31" };

/** What is refused where ticks of December are not kept any more, and their bars have changed. */
export const GONE: readonly Step[] = [
  { operation: "getBars", query: { ...AS_OF, ...MONTH, interval: "5m" }, status: 410 },
  ...["getMinuteBars", "getHourBars", "getDayBars", "getCustomDayBars", "getTicks"].map((operation) => ({
    operation,
    query: { ...AS_OF, ...MONTH },
    status: 410,
  })),
  { operation: "getLatestBars", query: { ...AS_OF, ...MINUTES }, status: 410 },
  { operation: "getRevisions", query: { symbol: "DEMO", ...MONTH }, status: 410 },
];
