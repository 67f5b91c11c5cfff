import { type ClientCase, type Expected, type Place, request } from "./client-case.js";
import { BROWSER, CURL, GO, METATRADER, POLARS, REQUESTS, URLLIB } from "./heads.js";

/** Ten minutes of two ticks each, on the first of March 2026. */
export const SEEDED = "SEEDED";
/** One tick, of now. */
export const RUNNING = "RUNNING";
const RANGE = `symbol=${SEEDED}&start=2026-03-01&end=2026-03-02`;

/** What is asked for in one request, and answered with this. */
function asked(
  client: string,
  target: string,
  head: readonly string[],
  answer: Expected,
  more: Partial<ClientCase> = {},
): ClientCase {
  const sends = (place: Place) => request(place, [`${more.isHead ? "HEAD" : "GET"} ${target} HTTP/1.1`, ...head]);
  return { client, to: ["query"], sends, answers: [answer], ...more };
}

const ROWS: Expected = { status: 200, says: SEEDED };

const START = "2026-03-01+00%3A00%3A00%2B00%3A00";
const parameters = [
  asked("requests with a pandas.Timestamp", `/ohlc/minute?symbol=${SEEDED}&start=${START}`, REQUESTS, ROWS),
  asked("requests with a date", `/ticks?symbol=${SEEDED}&start=2026-03-01`, REQUESTS, ROWS),
  asked("a base URL with a slash at its end", `//ohlc/latest?symbol=${SEEDED}`, REQUESTS, ROWS),
  asked("a path in escapes", `/%6fhlc/lat%65st?symbol=${SEEDED}`, CURL, ROWS),
  asked("a path with a slash at its end", `/ohlc/latest/?symbol=${SEEDED}`, CURL, ROWS),
  asked("people: a space after a comma", `/ohlc/latest?symbol=${SEEDED},%20${RUNNING}`, CURL, {
    status: 200,
    says: /SEEDED.*RUNNING/s,
  }),
  asked("spreadsheets: a plus after a comma", `/ohlc/latest?symbol=${SEEDED},+${RUNNING}`, CURL, {
    status: 200,
    says: /SEEDED.*RUNNING/s,
  }),
  asked("TradingView: an exchange before the symbol", "/udf/symbols?symbol=FX:EURUSD", BROWSER, {
    status: 200,
    says: '"name":"EURUSD"',
  }),
  ...["4m", "6m", "12m", "20m"].map((interval) =>
    asked(`MetaTrader: ${interval}`, `/ohlc?interval=${interval}&${RANGE}`, METATRADER, ROWS),
  ),
  asked("Grafana: 7d", `/ohlc?interval=7d&${RANGE}`, GO, { status: 422, says: "1w" }),
  asked("Grafana: 30d", `/ohlc?interval=30d&${RANGE}`, GO, { status: 422, says: "1M" }),
];

const ACCEPTS = [
  ["application/json; charset=utf-8", "application/json"],
  ["text/csv; charset=utf-8", "text/csv"],
  ["", "application/json"],
  ["application/ndjson", "ndjson"],
  ["application/jsonl", "ndjson"],
  ["application/jsonlines", "ndjson"],
  ["application/csv", "text/csv"],
] as const;

const accepts = ACCEPTS.map(([accept, type]) =>
  asked(`Accept: ${accept}`, `/ohlc/minute?${RANGE}`, ["Host: HOST", `Accept: ${accept}`], {
    ...ROWS,
    headers: { "content-type": new RegExp(type) },
  }),
);

const FORMATS = ["json", "csv", "ndjson", "columns"] as const;
const running = FORMATS.flatMap((format) => {
  const target = `/ohlc?symbol=${RUNNING}&interval=1M&count=5&format=${format}`;
  return [
    asked(`the running bar as ${format}`, target, REQUESTS, { status: 200, says: RUNNING }),
    asked(`complete=true as ${format}`, `${target}&complete=true`, REQUESTS, { status: 200, says: /^(?!.*RUNNING)/s }),
  ];
});

/** As TradingView's UDF client asks for the running day. */
const now = () => Math.floor(Date.now() / 1000);
const charts = ["1D", "1W", "1M"].map((resolution): ClientCase => {
  const target = () => `/udf/history?symbol=${RUNNING}&resolution=${resolution}&from=0&to=${now()}&countback=2`;
  return {
    client: `TradingView's UDF client: ${resolution} until now`,
    to: ["query"],
    sends: (place) => request(place, [`GET ${target()} HTTP/1.1`, ...BROWSER]),
    answers: [{ status: 200, says: /"s":"ok".*"c":\[1\.5\]/s }],
  };
});

const TABLES = [
  `/ohlc.parquet?${RANGE}&interval=1m`,
  `/ohlc/minute.csv?${RANGE}`,
  `/ticks.ndjson?${RANGE}`,
  "/symbols.csv",
] as const;

/** A Parquet reader's way: all of it, its first bytes, its last ones, what lies in between, more than there is, and past its end. */
const ranges = TABLES.map((target): ClientCase => {
  const get = (place: Place, range: string) =>
    request(place, [`GET ${target} HTTP/1.1`, ...POLARS, `range: bytes=${range}`]);
  return {
    client: `polars, duckdb, pyarrow: ranges of ${target.split("?")[0]}`,
    to: ["query"],
    sends: (place) => [
      request(place, [`GET ${target} HTTP/1.1`, ...POLARS]),
      ...["0-3", "-8", "4-11", "-262144", "9999999-"].map((range) => get(place, range)),
    ],
    answers: [
      { status: 200, headers: { "accept-ranges": "bytes", etag: /^"/ } },
      { status: 206, headers: { "content-range": /^bytes 0-3\/\d+$/ } },
      { status: 206, headers: { "content-length": "8" } },
      { status: 206, headers: { "content-range": /^bytes 4-11\// } },
      { status: 206, headers: { "content-range": /^bytes 0-/ } },
      { status: 416, headers: { "content-range": /^bytes \*\/\d+$/ } },
    ],
    holds([whole, first, last, middle, all]) {
      const body = whole?.body ?? Buffer.alloc(0);
      expect([first?.body, last?.body, middle?.body, all?.body]).toEqual([
        body.subarray(0, 4),
        body.subarray(-8),
        body.subarray(4, 12),
        body,
      ]);
      const tag = whole?.headers.etag;
      expect([first, last, middle].map((part) => part?.headers.etag)).toEqual([tag, tag, tag]);
    },
  };
});

const heads = TABLES.map((target) =>
  asked(
    `duckdb: HEAD of ${target.split("?")[0]}`,
    target,
    CURL,
    { status: 200, headers: { "content-length": /^[1-9]/, etag: /^"/, "accept-ranges": "bytes" } },
    { isHead: true },
  ),
);

const REVERSE = ["X-Forwarded-For: 192.0.2.7", "X-Forwarded-Proto: https", "X-Forwarded-Prefix: /fx"];
const links = [
  asked("a reverse proxy that hands Host on without its port", `/ticks?${RANGE}&limit=3`, ["Host: localhost"], {
    ...ROWS,
    headers: { link: /^<http:\/\/localhost\/ticks\?/ },
  }),
  asked(
    "a reverse proxy below /fx/ that is trusted",
    `/ticks?${RANGE}&limit=3`,
    [...CURL, ...REVERSE, "X-Forwarded-Host: fx.example"],
    { ...ROWS, headers: { link: /^<https:\/\/fx\.example\/fx\/ticks\?/ } },
    { from: "127.0.0.2" },
  ),
  asked(
    "the dashboard below any prefix",
    "/",
    BROWSER,
    { status: 200, says: /^(?!.*(src|href)="\/)/s },
    {
      to: ["gateway"],
    },
  ),
];

/** Rows of `cases/clients.md` on what is asked for. */
export const READING_CASES: readonly ClientCase[] = [
  ...parameters,
  ...accepts,
  ...running,
  ...charts,
  ...ranges,
  ...heads,
  ...links,
  asked("pandas' read_csv", `/ohlc/minute?${RANGE}&format=csv`, [...URLLIB, "Connection: close"], ROWS, {
    isClosed: true,
  }),
];
