import { connect } from "node:net";
import { gzipSync } from "node:zlib";
import { type Ingest, startIngest } from "./ingest.js";

let ingest: Ingest;
beforeAll(async () => {
  ingest = await startIngest();
});
afterAll(() => ingest.stop());

interface Sent {
  readonly path?: string;
  readonly type: string;
  readonly body: string | Buffer;
  readonly encoding?: string;
}

/** Sends exactly these bytes. @returns the status and the document */
async function send({ path = "/ticks/bulk", type, body, encoding }: Sent) {
  const headers = { "Content-Type": type, ...(encoding === undefined ? {} : { "Content-Encoding": encoding }) };
  const answer = await fetch(ingest.url + path, { method: "POST", headers, body: Buffer.from(body) });
  return { status: answer.status, body: (await answer.json()) as Record<string, unknown> };
}

async function timesOf(symbol: string): Promise<unknown[]> {
  const rows = await ingest.sql`
    select to_char(time at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US') as time from ticks
    where symbol = ${symbol} order by ticks.time, seq`;
  return rows.map(({ time }) => time);
}

const CSV = "text/csv";
const NDJSON = "application/x-ndjson";
const JSON_TYPE = "application/json";
const HEADER = "time,symbol,price";
const T = "2026-02-15T00:00:18Z";

describe("what clients send is taken", () => {
  const rows: [what: string, sent: Omit<Sent, "body"> & { body(symbol: string): string | Buffer }][] = [
    ["pandas: a space for T", { type: CSV, body: (s) => `${HEADER}\n2026-02-15 00:00:18.190646+00:00,${s},1.1\n` }],
    [
      "Go: nanoseconds",
      { type: NDJSON, body: (s) => `{"symbol":"${s}","time":"2026-02-15T00:00:18.190646000Z","price":1}` },
    ],
    [
      "Java: no seconds",
      { path: "/ticks", type: JSON_TYPE, body: (s) => `{"symbol":"${s}","time":"2026-01-05T10:00Z","price":1}` },
    ],
    [
      "PHP: +0000",
      { type: CSV, body: (s) => `${HEADER}\n2024-02-01T10:00:00+0000,${s},1\n2024-02-01 10:00:00 UTC,${s},1.2` },
    ],
    ["application/ndjson", { type: "application/ndjson", body: (s) => `{"symbol":"${s}","time":"${T}","price":1}\n` }],
    [
      "application/jsonlines",
      { type: "application/jsonlines; charset=utf-8", body: (s) => `{"symbol":"${s}","time":"${T}","price":1}\n` },
    ],
    ["application/csv", { type: "application/csv", body: (s) => `${HEADER}\n${T},${s},1` }],
    [
      "MetaTrader: NUL after JSON",
      { path: "/ticks", type: JSON_TYPE, body: (s) => `{"symbol":"${s}","price":1.1,"time":"${T}"}\0` },
    ],
    ["NUL after an array", { type: JSON_TYPE, body: (s) => `[{"symbol":"${s}","price":1.1,"time":"${T}"}]\0\0\0` }],
    ["NUL after CSV", { type: CSV, body: (s) => `${HEADER}\n${T},${s},1.1\0` }],
    [
      "NUL after NDJSON",
      { type: NDJSON, body: (s) => `{"symbol":"${s}","price":1.1,"time":"${T}"}\n${"\0".repeat(1024)}` },
    ],
    [
      ".NET: a mark before JSON",
      { path: "/ticks", type: JSON_TYPE, body: (s) => `\uFEFF{"symbol":"${s}","price":1.1,"time":"${T}"}` },
    ],
    ["a mark before an array", { type: JSON_TYPE, body: (s) => `\uFEFF[{"symbol":"${s}","price":1.1,"time":"${T}"}]` }],
    [
      "Jackson: null of what may be absent",
      { type: JSON_TYPE, body: (s) => `[{"symbol":"${s}","price":1,"bid":null,"ask":null,"seq":null,"time":"${T}"}]` },
    ],
    [
      "Excel: quotes, .89 and +1.1",
      { type: CSV, body: (s) => `"time","symbol","bid","ask"\r\n"${T}","${s}",.89123,"+1.1"\r\n` },
    ],
    [
      "pure ASCII that says it is Latin 1",
      { type: "text/csv; charset=iso-8859-1", body: (s) => `${HEADER}\n${T},${s},1` },
    ],
    [
      "numbers as times",
      {
        path: "/ticks/bulk?time_unit=ns",
        type: NDJSON,
        body: (s) =>
          `{"symbol":"${s}","time":1733392800123456001,"price":1e0}\n{"symbol":"${s}","time":1733392800123457001,"price":1}`,
      },
    ],
    [
      "numbers as times of CSV",
      { path: "/ticks/bulk?time_unit=ms", type: CSV, body: (s) => `${HEADER}\n1733392800123,${s},1` },
    ],
    [
      "gzip of JSON",
      { type: JSON_TYPE, encoding: "gzip", body: (s) => gzipSync(`[{"symbol":"${s}","price":1,"time":"${T}"}]`) },
    ],
    ["gzip of CSV", { type: CSV, encoding: "gzip", body: (s) => gzipSync(`${HEADER}\n${T},${s},1\n`) }],
    [
      "gzip in two members",
      {
        type: CSV,
        encoding: "x-gzip",
        body: (s) => Buffer.concat([gzipSync(`${HEADER}\n`), gzipSync(`${T},${s},1\n`)]),
      },
    ],
  ];
  test.each(rows.map(([what, sent], at) => [what, sent, `TAKEN${at}`] as const))("%s", async (_what, sent, symbol) => {
    const answer = await send({ ...sent, body: sent.body(symbol) });
    expect({ ...answer, stored: (await timesOf(symbol)).length > 0 }).toMatchObject({ status: 201, stored: true });
  });

  test("to the last microsecond", async () => {
    await send({
      type: CSV,
      body: `${HEADER}\n2026-02-15 00:00:18.190646+00:00,LAST,1\n2026-02-15T00:00:18.190647999Z,LAST,1`,
    });
    await send({
      path: "/ticks/bulk?time_unit=ns",
      type: JSON_TYPE,
      body: '[{"symbol":"LAST","time":1771113618190648001,"price":1,"seq":null}]',
    });
    expect(await timesOf("LAST")).toEqual([
      "2026-02-15T00:00:18.190646",
      "2026-02-15T00:00:18.190647",
      "2026-02-15T00:00:18.190648",
    ]);
  });
});

describe("what would be taken for something else is refused, and told what is meant", () => {
  const utf16 = (text: string) => Buffer.from(`\uFEFF${text}`, "utf16le");
  const rows: [what: string, sent: Sent, status: number, says: string][] = [
    ["pandas: a column without a name", { type: CSV, body: `,${HEADER}\n0,${T},NO,1` }, 422, "index=False"],
    ["a column twice", { type: CSV, body: `${HEADER},price\n${T},NO,1,2` }, 422, "price is named twice"],
    ["an empty symbol", { type: CSV, body: `${HEADER}\n${T},,1` }, 422, "line 2.symbol must not be empty"],
    ["an empty time", { type: CSV, body: `${HEADER}\n,NO,1` }, 422, "line 2.time must not be empty"],
    ["an empty price", { type: CSV, body: `${HEADER}\n${T},NO,` }, 422, "line 2.price is required, or bid and ask"],
    ["an empty seq", { type: CSV, body: `${HEADER},seq\n${T},NO,1,` }, 422, "line 2.seq must not be empty"],
    [
      "a decimal comma",
      { type: CSV, body: `${HEADER}\n${T},NO,"1,1"` },
      422,
      "line 2.price must be written with a point: 1.1",
    ],
    [
      "a quote that is not closed",
      { type: CSV, body: `${HEADER}\n${T},"NO,1\n${T},NO,1` },
      422,
      "line 3 has quotes that do not enclose a value, in line 2",
    ],
    ["a line end in quotes", { type: CSV, body: `${HEADER}\n${T},"N\nO",1` }, 422, "line 3.symbol"],
    [
      "null as time of many",
      { type: JSON_TYPE, body: '[{"symbol":"NO","price":1,"time":null}]' },
      422,
      "[0].time must not be null",
    ],
    [
      "null as symbol",
      { path: "/ticks", type: JSON_TYPE, body: '{"symbol":null,"price":1}' },
      422,
      "symbol must not be null",
    ],
    [
      "MQL: TimeToString",
      { path: "/ticks", type: JSON_TYPE, body: '{"symbol":"NO","price":1,"time":"2025.12.05 10:00"}' },
      422,
      "RFC 3339 time with Z or an offset, such as 2025-",
    ],
    ["a number as time", { type: CSV, body: `${HEADER}\n1733392800,NO,1` }, 422, "?time_unit="],
    ["a leap second", { type: CSV, body: `${HEADER}\n2016-12-31T23:59:60Z,NO,1` }, 422, "leap second"],
    ["PowerShell: UTF-16 CSV", { type: CSV, body: utf16(`${HEADER}\n${T},NO,1\n`) }, 415, "send UTF-8"],
    ["UTF-16 JSON", { path: "/ticks", type: JSON_TYPE, body: utf16('{"symbol":"NO","price":1}') }, 415, "send UTF-8"],
    ["charset=utf-16", { type: "application/json; charset=utf-16", body: "[]" }, 415, "send UTF-8"],
    [
      "Latin 1",
      { type: "text/csv;charset=latin1", body: Buffer.from(`${HEADER}\n${T},N\xd6,1`, "latin1") },
      415,
      "send UTF-8",
    ],
    [
      "Fluent Bit: lines as JSON",
      { type: JSON_TYPE, body: `{"symbol":"NO","price":1}\n{"symbol":"NO","price":1}\n` },
      400,
      "application/x-ndjson",
    ],
    ["an array to /ticks", { path: "/ticks", type: JSON_TYPE, body: "[]" }, 422, "POST /ticks/bulk"],
    ["one tick to /ticks/bulk", { type: JSON_TYPE, body: '{"symbol":"NO","price":1}' }, 422, "POST /ticks"],
    ["what is no gzip", { type: CSV, encoding: "gzip", body: `${HEADER}\n${T},NO,1` }, 400, "no gzip"],
    ["half of a gzip", { type: JSON_TYPE, encoding: "gzip", body: gzipSync("[]").subarray(0, 12) }, 400, "no gzip"],
    [
      "an array that unpacks to 11 MB",
      { type: JSON_TYPE, encoding: "gzip", body: gzipSync(`[${" ".repeat(11_000_000)}]`) },
      413,
      "larger than",
    ],
    [
      "lines that unpack to a thousand times as much",
      { type: CSV, encoding: "gzip", body: gzipSync(`${HEADER}\n${"\n".repeat(80_000_000)}`) },
      413,
      "unpacks to more than 64 MiB",
    ],
  ];
  test.each(rows)("%s", async (_what, sent, status, says) => {
    const answer = await send(sent);
    expect({ ...answer, says: String(answer.body.detail) }).toMatchObject({
      status,
      says: expect.stringContaining(says),
    });
    expect(await timesOf("NO")).toEqual([]);
  });

  test("a gzip that was refused early leaves a connection on which the next request is answered", async () => {
    const { hostname, port } = new URL(ingest.url);
    const socket = connect(Number(port), hostname);
    const body = gzipSync(
      `nonsense\n${Array.from({ length: 50_000 }, (_, at) => `${at * at},${Math.sin(at)}`).join("\n")}`,
    );
    const head = `POST /ticks/bulk HTTP/1.1\r\nHost: localhost\r\nContent-Type: text/csv\r\nContent-Encoding: gzip\r\nContent-Length: ${body.length}\r\n\r\n`;
    socket.write(head);
    socket.write(body);
    socket.write("GET /live HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
    const answers = (await socket.toArray()).join("");
    expect(answers.match(/HTTP\/1\.1 \d+/g)).toEqual(["HTTP/1.1 422", "HTTP/1.1 200"]);
  });
});
