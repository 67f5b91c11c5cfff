import { type ClientCase, chunked, type Expected, type Place, request, type Side } from "./client-case.js";
import { AB, CSV_TYPE, CURL, CURL_HTTP2, JAVA, JSON_TYPE, METATRADER, PHP, REQWEST } from "./heads.js";
import { SEEDED } from "./reading-cases.js";

const T = "2026-02-15T00:00:18Z";
const ALL: readonly Side[] = ["ingest", "query", "gateway"];
const BARS = `/ohlc/minute?symbol=${SEEDED}&start=2026-03-01&end=2026-03-02`;
const PROBLEM: Expected["headers"] = { "content-type": "application/problem+json", "x-request-id": /^.{8,}$/ };

const tick = ({ symbol }: Place, price = 1.1) => JSON.stringify({ symbol, price, time: T });
const post = (place: Place, head: readonly string[], body = tick(place)) =>
  request(place, ["POST /ticks HTTP/1.1", ...head, JSON_TYPE], body);

function one(
  client: string,
  to: readonly Side[],
  sends: ClientCase["sends"],
  answer: Expected,
  more: Partial<ClientCase> = {},
): ClientCase {
  return { client, to, sends, answers: [answer], ...more };
}

const get =
  (target: string, head: readonly string[], version = "1.1") =>
  (place: Place) =>
    request(place, [`GET ${target} HTTP/${version}`, ...head]);

const OFFERS = [
  ["Java's HttpClient", JAVA],
  ["curl --http2", CURL_HTTP2],
] as const;

const offers = OFFERS.flatMap(([client, head]): ClientCase[] => [
  one(`${client} offers h2c with a probe`, ALL, get("/live", head), { status: 200 }),
  one(`${client} offers h2c with a tick`, ["ingest"], (place) => post(place, head), { status: 201 }),
  one(`${client} offers h2c with a read`, ["query"], get(BARS, head), { status: 200, says: SEEDED }),
  {
    ...{ client: `${client} offers h2c again and again`, to: ["gateway"] },
    sends: (place) => [1, 2, 3].map(() => get("/ws/stats", head)(place)),
    answers: [{ status: 200 }, { status: 200 }, { status: 200 }],
  },
]);

const stray: ClientCase[] = [
  {
    ...{ client: "MQL sockets: a request, then a NUL", to: ["ingest"], isClosed: true },
    sends: (place) => Buffer.concat([post(place, METATRADER), Buffer.from("\0")]),
    answers: [{ status: 201 }, { status: 400 }],
  },
  {
    ...{ client: "MQL sockets: two requests, then a NUL", to: ["ingest"], isClosed: true },
    sends: (place) =>
      Buffer.concat([post(place, METATRADER), post(place, METATRADER, tick(place, 2)), Buffer.from("\0")]),
    answers: [{ status: 201 }, { status: 201 }, { status: 400 }],
  },
];

const proxied = [
  one("curl -x: a target in absolute form", ALL, get("http://HOST/live", CURL), { status: 200 }),
  one("curl -x: a read", ["query"], get(`http://HOST${BARS}`, [...CURL, "Proxy-Connection: Keep-Alive"]), {
    status: 200,
    says: SEEDED,
  }),
];

const old = [
  one(
    "ab -k: HTTP/1.0 that would be kept alive",
    ["query"],
    get(BARS, AB, "1.0"),
    { status: 200, says: SEEDED },
    {
      // Whoever keeps it alive has to know its length.
      holds: ([answer]) => {
        const { connection = "close", "content-length": length } = answer?.headers ?? {};
        expect([connection.toLowerCase(), length !== undefined]).not.toEqual(["keep-alive", false]);
      },
    },
  ),
  one(
    "PHP's fopen and curl -0: a bounded answer has its length",
    ["query"],
    get(BARS, PHP, "1.0"),
    { status: 200, headers: { "content-length": /^[1-9]/ } },
    { isClosed: true },
  ),
];

const halves = [
  one("nc -N: a tick", ["ingest"], (place) => post(place, ["Host: HOST"]), { status: 201 }, { halfCloses: true }),
  one("nc -N: a read", ["query"], get(BARS, ["Host: HOST"]), { status: 200, says: SEEDED }, { halfCloses: true }),
];

const WEBSOCKET = [
  "Host: HOST",
  "Connection: Upgrade",
  "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
  "Sec-WebSocket-Version: 13",
];

const upgrades = [
  one(
    "an upgrade with POST",
    ["gateway"],
    (place) => request(place, ["POST /ws HTTP/1.1", ...WEBSOCKET, "Upgrade: websocket"], ""),
    { status: 405, headers: PROBLEM },
  ),
  one("an upgrade to websocket/13", ["gateway"], get("/ws", [...WEBSOCKET, "Upgrade: websocket/13"]), {
    status: 400,
    headers: PROBLEM,
  }),
];

const malformed = [
  one(
    "no HTTP at all",
    ALL,
    () => Buffer.from("nonsense\r\n\r\n"),
    { status: 400, headers: PROBLEM },
    { isClosed: true },
  ),
  one("two Host headers", ALL, get("/live", ["Host: HOST", "Host: other"]), { status: 400, headers: PROBLEM }),
  one("a length that is none", ALL, get("/live", ["Host: HOST", "Content-Length: two"]), {
    status: 400,
    headers: PROBLEM,
  }),
  one("headers of 40 kB", ALL, get("/live", ["Host: HOST", `Cookie: ${"a".repeat(40_000)}`]), {
    status: 431,
    headers: PROBLEM,
  }),
  one("a method that no path takes", ALL, (place) => request(place, ["TRACE /live HTTP/1.1", "Host: HOST"]), {
    status: 405,
    headers: PROBLEM,
  }),
  one("Expect: banana", ["ingest"], (place) => post(place, ["Host: HOST", "Expect: banana"]), {
    status: 201,
    headers: { "x-request-id": /^.{8,}$/ },
  }),
];

const pools: ClientCase[] = [
  {
    ...{ client: "any pool: a good upload in chunks, then another request", to: ["ingest"] },
    sends: (place) => {
      const head = ["POST /ticks/bulk HTTP/1.1", ...REQWEST, CSV_TYPE, "Transfer-Encoding: chunked"];
      return [request(place, head, chunked(`time,symbol,price\n${T},${place.symbol},1\n`, 64)), post(place, REQWEST)];
    },
    answers: [{ status: 201, says: '"created":1' }, { status: 201 }],
  },
];

/** Rows of `cases/clients.md` on connections. */
export const CONNECTION_CASES: readonly ClientCase[] = [
  ...offers,
  ...stray,
  ...proxied,
  ...old,
  ...halves,
  ...upgrades,
  ...malformed,
  ...pools,
];
