import { gzipSync } from "node:zlib";
import { type ClientCase, chunked, type Expected, type Place, request } from "./client-case.js";
import {
  AIOHTTP,
  CSV_TYPE,
  CURL,
  DOTNET,
  FLUENT_BIT,
  GO,
  JAVA,
  JSON_TYPE,
  METATRADER,
  NDJSON_TYPE,
  PHP,
  POWERSHELL,
  REQUESTS,
} from "./heads.js";

const POST = "POST /ticks HTTP/1.1";
const BULK = "POST /ticks/bulk HTTP/1.1";
const T = "2026-02-15T00:00:18Z";

/** What is posted in one request, and answered with this. */
function posted(
  client: string,
  head: readonly string[],
  body: (symbol: string) => string | Buffer,
  answer: Expected,
): ClientCase {
  const sends = (place: Place) => request(place, head, body(place.symbol));
  return { client, to: ["ingest"], sends, answers: [answer] };
}

const CREATED = { status: 201, says: /"symbol":|"created":1/ } as const;
const refused = (status: number, says: string | RegExp): Expected => ({ status, says });

const TIMES: readonly (readonly [client: string, head: readonly string[], time: string, stored: string])[] = [
  ["Go's time.Now", GO, "2026-02-15T00:00:18.190646999Z", "2026-02-15T00:00:18.190646Z"],
  ["Java's Instant.now", JAVA, "2026-02-15T00:00:18.190646123Z", "2026-02-15T00:00:18.190646Z"],
  ["Java's OffsetDateTime.toString", JAVA, "2026-01-05T10:00Z", "2026-01-05T10:00:00.000000Z"],
  ["PHP's DATE_ISO8601", PHP, "2024-02-01T10:00:00+0000", "2024-02-01T10:00:00.000000Z"],
  ["PostgreSQL's text", CURL, "2024-02-01 10:00:00+00", "2024-02-01T10:00:00.000000Z"],
  ["Ruby's Time.to_s", CURL, "2024-02-01 10:00:00 +0000", "2024-02-01T10:00:00.000000Z"],
  ["chrono's DateTime<Utc>", CURL, "2024-02-01 10:00:00 UTC", "2024-02-01T10:00:00.000000Z"],
];

const times = TIMES.map(([client, head, time, stored]) =>
  posted(`${client} as time`, [POST, ...head, JSON_TYPE], (s) => JSON.stringify({ symbol: s, price: 1.1, time }), {
    status: 201,
    says: `"time":"${stored}"`,
  }),
);

const TYPES = [
  ["application/ndjson", (s: string) => `{"symbol":"${s}","time":"${T}","price":1}\n`],
  ["application/jsonl", (s: string) => `{"symbol":"${s}","time":"${T}","price":1}\n`],
  ["application/jsonlines; charset=utf-8", (s: string) => `{"symbol":"${s}","time":"${T}","price":1}\n`],
  ["application/csv", (s: string) => `time,symbol,price\n${T},${s},1\n`],
  ["text/csv; charset=utf-8", (s: string) => `time,symbol,price\n${T},${s},1\n`],
] as const;

const types = TYPES.map(([type, body]) =>
  posted(`lines as ${type}`, [BULK, ...REQUESTS, `Content-Type: ${type}`], body, CREATED),
);

const tick = (s: string, more = "") => `{"symbol":"${s}","price":1.1${more}}`;

const frames = [
  posted(
    "pandas' to_csv(index=False)",
    [BULK, ...REQUESTS, CSV_TYPE],
    (s) => `time,symbol,price\n2026-02-15 00:00:18.190646+00:00,${s},1.1\n`,
    CREATED,
  ),
  posted(
    "pandas' to_csv()",
    [BULK, ...REQUESTS, CSV_TYPE],
    (s) => `,time,symbol,price\n0,2026-02-15 00:00:18.190646+00:00,${s},1.1\n`,
    refused(422, "index=False"),
  ),
  posted(
    'pandas\' to_json(lines=True, date_format="iso", date_unit="ns")',
    [BULK, ...REQUESTS, NDJSON_TYPE],
    (s) => `{"time":"2026-02-15T00:00:18.190646000Z","symbol":"${s}","price":1.1}\n`,
    CREATED,
  ),
  posted(
    "Excel where a comma is a decimal point",
    [BULK, ...POWERSHELL, CSV_TYPE],
    (s) => `time,symbol,price\r\n${T},${s},"1,1"\r\n`,
    refused(422, "1.1"),
  ),
  posted(
    "VBA's Str()",
    [BULK, ...POWERSHELL, CSV_TYPE],
    (s) => `time,symbol,bid,ask\r\n${T},${s},.89123,+1.1\r\n`,
    CREATED,
  ),
];

const encodings = [
  posted(
    "curl --data-binary @x.gz",
    [BULK, ...CURL, CSV_TYPE, "Content-Encoding: gzip"],
    (s) => gzipSync(`time,symbol,price\n${T},${s},1\n`),
    CREATED,
  ),
  posted(
    'aiohttp with compress="gzip"',
    [BULK, ...AIOHTTP, JSON_TYPE, "Content-Encoding: gzip", "Transfer-Encoding: chunked"],
    (s) => chunked(gzipSync(`[${tick(s, `,"time":"${T}"`)}]`), 2048),
    CREATED,
  ),
  posted(".NET's StreamWriter: a mark before JSON", [POST, ...DOTNET, JSON_TYPE], (s) => `\uFEFF${tick(s)}`, CREATED),
  posted(
    "PowerShell 5's >: UTF-16",
    [BULK, ...POWERSHELL, CSV_TYPE],
    (s) => Buffer.from(`\uFEFFtime,symbol,price\r\n${T},${s},1\r\n`, "utf16le"),
    refused(415, "send UTF-8"),
  ),
  posted(
    "charset=utf-16",
    [POST, ...DOTNET, "Content-Type: application/json; charset=utf-16"],
    (s) => Buffer.from(tick(s), "utf16le"),
    refused(415, "send UTF-8"),
  ),
];

const NUL_TYPES = [
  ["JSON", POST, JSON_TYPE, (s: string) => tick(s)],
  ["an array", BULK, JSON_TYPE, (s: string) => `[${tick(s)}]`],
  ["CSV", BULK, CSV_TYPE, (s: string) => `time,symbol,price\n${T},${s},1\n`],
  ["NDJSON", BULK, NDJSON_TYPE, (s: string) => `${tick(s, `,"time":"${T}"`)}\n`],
] as const;

const nuls = NUL_TYPES.map(([what, line, type, body]) =>
  posted(`MetaTrader's WebRequest: a NUL after ${what}`, [line, ...METATRADER, type], (s) => `${body(s)}\0`, CREATED),
);

const shapes = [
  posted(
    'Jackson: "seq":null and "time":null of a tick',
    [POST, ...JAVA, JSON_TYPE],
    (s) => tick(s, ',"seq":null,"time":null'),
    CREATED,
  ),
  posted(
    'Jackson: "symbol":null',
    [POST, ...JAVA, JSON_TYPE],
    () => '{"symbol":null,"price":1.1}',
    refused(422, "symbol must not be null"),
  ),
  posted(
    'Jackson: "time":null in a bulk',
    [BULK, ...JAVA, JSON_TYPE],
    (s) => `[${tick(s, ',"time":null')}]`,
    refused(422, "time must not be null"),
  ),
  posted(
    "Fluent Bit: lines that call themselves JSON",
    [BULK, ...FLUENT_BIT, JSON_TYPE],
    (s) => `${tick(s)}\n${tick(s)}\n`,
    refused(400, "application/x-ndjson"),
  ),
  posted(
    "Fluent Bit: an array to /ticks",
    [POST, ...FLUENT_BIT, JSON_TYPE],
    (s) => `[${tick(s)}]`,
    refused(422, "/ticks/bulk"),
  ),
  posted(
    "one object to /ticks/bulk",
    [BULK, ...FLUENT_BIT, JSON_TYPE],
    (s) => tick(s),
    refused(422, /POST \/ticks(?!\/)/),
  ),
  posted(
    "MQL's TimeToString",
    [POST, ...METATRADER, JSON_TYPE],
    (s) => tick(s, ',"time":"2025.12.05 10:00"'),
    refused(422, /RFC 3339.*\d{4}-\d\d-\d\dT/),
  ),
];

/** Rows of `cases/clients.md` on what is sent to be stored. */
export const WRITING_CASES: readonly ClientCase[] = [...times, ...types, ...frames, ...encodings, ...nuls, ...shapes];
