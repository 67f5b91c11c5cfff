import { request } from "node:http";
import { brotliDecompressSync, gunzipSync } from "node:zlib";
import fc from "fast-check";
import { allPages, type Bar, nextPath, type ReadSide, startReadSide } from "./read-side.js";

/** On a busy machine. */
let service: ReadSide;
const START = Date.UTC(2024, 2, 5);

beforeAll(async () => {
  service = await startReadSide();
  const double = fc.double({ min: 5e-324, max: 1.7976931348623157e308, noNaN: true });
  const prices = [1e-7, 0.1 + 0.2, 1e21, 123456789012345.6, ...fc.sample(double, { numRuns: 60, seed: 4 })];
  // A gap of half an hour after the first forty minutes.
  const time = (i: number) => new Date(START + (i < 40 ? i : i + 30) * 60_000).toISOString();
  await service.insert(prices.map((price, i) => ({ time: time(i), price })));
});
afterAll(() => service.stop());

const RANGE = "symbol=EURUSD&start=2024-03-05T00:00:00Z&end=2024-03-05T01:40:00Z";
const MARKET = "&day_start_hour=17&timezone=America/New_York";

/** A query's whole answer as text. */
async function textOf(path: string, format: string): Promise<string> {
  const response = await fetch(`${service.url}${path}&format=${format}`);
  expect(response.status).toBe(200);
  return response.text();
}

type Row = Readonly<Record<string, string | number | boolean | null>>;

describe("every format of one query holds the same values, to the last digit", () => {
  test.each([
    ["minutes", `/ohlc/minute?${RANGE}`],
    ["a page of minutes", `/ohlc/minute?${RANGE}&limit=7`],
    ["the last minutes", "/ohlc/minute?symbol=EURUSD&count=5"],
    ["derived bars", `/ohlc?interval=3m&${RANGE}`],
    ["days with their names", `/ohlc/day?symbol=EURUSD&start=2024-03-01T00:00:00Z${MARKET}`],
    ["nulls for empty buckets", `/ohlc/minute?${RANGE}&fill=null`],
    ["the last close for empty buckets", `/ohlc/minute?${RANGE}&fill=previous`],
    ["the newest bars", "/ohlc/latest?symbol=EURUSD&interval=1w"],
    ["nothing", "/ohlc/minute?symbol=NOBODY&start=2024-03-05T00:00:00Z"],
    ["ticks", `/ticks?${RANGE}`],
    ["symbols", "/symbols?"],
  ])("%s", async (_name, path) => {
    const json = await textOf(path, "json");
    const rows: Row[] = JSON.parse(json);
    const lines = (await textOf(path, "ndjson")).split("\n");
    expect(lines.pop()).toBe("");
    expect(`[${lines.join(",")}]`).toBe(json);
    const [header = "", ...csv] = (await textOf(path, "csv")).trimEnd().split("\n");
    const names = header.split(",");
    for (const row of rows) expect(names).toEqual(expect.arrayContaining(Object.keys(row)));
    expect(csv).toEqual(rows.map((row) => names.map((name) => String(row[name] ?? "")).join(",")));
    const columns: Record<string, unknown[]> = JSON.parse(await textOf(path, "columns"));
    expect(Object.keys(columns)).toEqual(names);
    for (const name of names) expect(columns[name]).toEqual(rows.map((row) => row[name] ?? null));
  });

  test.each([`/ohlc/minute?${RANGE}&fill=null`, `/ohlc?interval=5m&${RANGE}`, "/ohlc/day?symbol=EURUSD&count=3"])(
    "candles of ccxt: %s",
    async (path) => {
      const bars: Bar[] = JSON.parse(await textOf(path, "json"));
      expect(JSON.parse(await textOf(path, "ccxt"))).toEqual(
        bars.map(({ bucket, open, high, low, close, tick_count }) => [
          ...[Date.parse(bucket), open, high, low, close, tick_count],
        ]),
      );
    },
  );

  test.each(["json", "csv", "ndjson", "ccxt"])("a whole range streamed as %s is its pages", async (format) => {
    for (const path of [`/ohlc/minute?${RANGE}`, `/ohlc?interval=2m&${RANGE}&fill=previous`]) {
      expect(await textOf(`${path}&limit=all`, format)).toBe(await textOf(`${path}&limit=10000`, format));
    }
    if (format === "ccxt") return;
    expect(await textOf(`/ticks?${RANGE}&limit=all`, format)).toBe(await textOf(`/ticks?${RANGE}`, format));
    const nothing = `/ticks?symbol=EURUSD&start=2024-03-06T00:00:00Z&end=2024-03-05T00:00:00Z`;
    expect(await textOf(`${nothing}&limit=all`, format)).toBe(await textOf(nothing, format));
  });

  test("pages are linked in every format", async () => {
    const whole = await textOf(`/ohlc/minute?${RANGE}`, "csv");
    let text = "";
    for (let path: string | undefined = `/ohlc/minute?${RANGE}&limit=25&format=csv`; path !== undefined; ) {
      const response: Response = await fetch(service.url + path);
      const page = await response.text();
      text += text === "" ? page : page.slice(page.indexOf("\n") + 1);
      path = nextPath({ status: 200, headers: response.headers, text: page, body: undefined }, service.url);
    }
    expect(text).toBe(whole);
  });

  test("ticks written as CSV have the header that uploads need", async () => {
    expect((await textOf(`/ticks?${RANGE}&limit=1`, "csv")).split("\n")).toEqual([
      "time,symbol,price,seq",
      "2024-03-05T00:00:00.000000Z,EURUSD,1e-7,0",
      "",
    ]);
  });
});

/** An exchange as it is on the wire: fetch decodes what it gets, and asks for encodings of its own. */
function exchange(path: string, headers: Record<string, string>) {
  return new Promise<{ status: number; headers: Record<string, unknown>; body: Buffer }>((resolve, reject) => {
    const outgoing = request(service.url + path, { headers }, (res) => {
      const chunks: Buffer[] = [];
      res.on("data", (chunk: Buffer) => chunks.push(chunk));
      res.on("error", reject);
      res.on("end", () => resolve({ status: res.statusCode ?? 0, headers: res.headers, body: Buffer.concat(chunks) }));
    });
    outgoing.on("error", reject).end();
  });
}

const PATH = `/ohlc/minute?${RANGE}`;

describe("Accept chooses the format", () => {
  test.each([
    ["*/*", "application/json; charset=utf-8"],
    ["application/json", "application/json; charset=utf-8"],
    ["text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", "application/json; charset=utf-8"],
    ["text/csv", "text/csv; charset=utf-8; header=present"],
    ["application/x-ndjson, application/json;q=0.5", "application/x-ndjson"],
    ["application/json;q=0.5, text/*", "text/csv; charset=utf-8; header=present"],
    ["application/vnd.fx-ohlc.columns+json", "application/vnd.fx-ohlc.columns+json"],
  ])("%s", async (accept, contentType) => {
    for (const path of [PATH, `/ticks?${RANGE}`, "/symbols", "/ohlc/latest?symbol=EURUSD"]) {
      const { status, headers } = await exchange(path, { accept });
      expect([status, headers["content-type"], headers.vary]).toEqual([
        200,
        contentType,
        "Accept, Accept-Encoding, Origin",
      ]);
    }
  });

  test("a format in the query wins", async () => {
    const { headers } = await exchange(`${PATH}&format=ndjson`, { accept: "text/csv" });
    expect(headers["content-type"]).toBe("application/x-ndjson");
  });

  test.each([
    ["text/csv; charset=utf-8", "text/csv"],
    ["application/json;charset=UTF-8;profile=x", "application/json"],
    ["text/csv;q=0.1, application/ndjson;q=0.9", "application/x-ndjson"],
    ["application/jsonl", "application/x-ndjson"],
    ["application/csv", "text/csv"],
    ["", "application/json"],
  ])("parameters but q are ignored, other names are known, and an empty one is absent: %p", async (accept, type) => {
    const { status, headers } = await exchange(PATH, { accept });
    expect([status, String(headers["content-type"]).split(";")[0]]).toEqual([200, type]);
  });

  test.each([
    ["/ohlc.csv?interval=1m&", "/ohlc?interval=1m&format=csv&"],
    ["/ohlc/minute.ndjson?", "/ohlc/minute?format=ndjson&"],
    ["/ticks.csv/?", "/ticks?format=csv&"],
  ])("the name says the format: %s", async (named, plain) => {
    const [one, other] = await Promise.all(
      [named, plain].map((path) => exchange(path + RANGE, { accept: "image/png" })),
    );
    expect(one?.status).toBe(200);
    expect(one?.body.equals(other?.body ?? Buffer.alloc(0))).toBe(true);
    expect((await exchange(`${named}${RANGE}&format=json`, {})).status).toBe(400);
    expect((await exchange(named.replace(/\.\w+/, ".xml") + RANGE, {})).status).toBe(404);
  });

  test("what there is not is a 406 that says what there is", async () => {
    for (const path of [PATH, "/symbols", `/ohlc/minute?${RANGE}&limit=all`]) {
      const { status, body } = await exchange(path, { accept: "application/pdf" });
      expect([status, JSON.parse(body.toString()).type]).toEqual([406, "/problems/not_acceptable"]);
      expect(body.toString()).toContain("text/csv");
    }
  });
});

describe("answers are compressed for those who take it", () => {
  test.each([
    ["gzip", "gzip", gunzipSync],
    ["gzip, deflate, br", "br", brotliDecompressSync],
    ["br;q=0, gzip", "gzip", gunzipSync],
    ["*", "br", brotliDecompressSync],
  ] as const)("%s", async (accepted, encoding, decode) => {
    for (const path of [PATH, `${PATH}&format=csv&limit=all`]) {
      const plain = await exchange(path, {});
      expect(plain.headers["content-encoding"]).toBeUndefined();
      const encoded = await exchange(path, { "accept-encoding": accepted });
      expect(encoded.headers["content-encoding"]).toBe(encoding);
      expect(encoded.body.length).toBeLessThan(plain.body.length);
      expect(decode(encoded.body).equals(plain.body)).toBe(true);
    }
  });

  test.each(["identity", "deflate", "br;q=0, gzip;q=0", ""])("%p is answered as it is", async (accepted) => {
    const { headers, body } = await exchange(PATH, { "accept-encoding": accepted });
    expect(headers["content-encoding"]).toBeUndefined();
    expect(JSON.parse(body.toString())).toHaveLength(64);
  });

  test("small answers are sent as they are", async () => {
    const { headers } = await exchange(`${PATH}&limit=2`, { "accept-encoding": "gzip" });
    expect(headers["content-encoding"]).toBeUndefined();
  });
});

test("each format and encoding has a tag that brings 304 for it, and none brings it for another", async () => {
  const tags = new Set<string>();
  for (const format of ["json", "csv", "ndjson", "columns", "ccxt"]) {
    for (const encoding of ["identity", "gzip", "br"]) {
      const path = `${PATH}&format=${format}`;
      const first = await exchange(path, { "accept-encoding": encoding });
      const tag = String(first.headers.etag);
      expect(tag).toMatch(encoding === "identity" ? /^"/ : /^W\/"/);
      const again = await exchange(path, { "accept-encoding": encoding, "if-none-match": tag });
      expect([again.status, again.headers.etag, again.headers.vary]).toEqual([
        304,
        tag,
        "Accept, Accept-Encoding, Origin",
      ]);
      expect(again.body).toHaveLength(0);
      for (const other of tags) {
        if (other.replace("W/", "") === tag.replace("W/", "")) continue;
        expect((await exchange(path, { "accept-encoding": encoding, "if-none-match": other })).status).toBe(200);
      }
      tags.add(tag);
    }
  }
  expect(tags.size).toBe(10);
});

test("HEAD of a streamed range has its headers and no body", async () => {
  const response = await fetch(`${service.url}${PATH}&limit=all&format=csv`, { method: "HEAD" });
  expect([response.status, response.headers.get("content-type")]).toEqual([
    200,
    "text/csv; charset=utf-8; header=present",
  ]);
  expect(await response.text()).toBe("");
});

test("pages of filled buckets lose and repeat none", async () => {
  for (const parameters of [`interval=2m&${RANGE}&fill=null`, `interval=1m&${RANGE}&fill=previous`]) {
    const whole = (await service.get(`/ohlc?${parameters}`)).body;
    const pages = await allPages<Bar>(service, `/ohlc?${parameters}&limit=9`);
    expect(pages.flat()).toEqual(whole);
    expect(pages.slice(0, -1).every((page) => page.length === 9)).toBe(true);
  }
});
