import { once } from "node:events";
import { connect } from "node:net";
import { eventually } from "@fx-ohlc/testkit";
import { type Ingest, startIngest } from "./ingest.js";

let ingest: Ingest;
beforeAll(async () => {
  ingest = await startIngest();
});
afterAll(() => ingest.stop());

async function storedTicks(): Promise<number> {
  const [row] = await ingest.sql`select count(*)::int as count from ticks`;
  return row?.count as number;
}

const GOOD = { symbol: "EURUSD", price: 1.1, time: "2024-01-02T03:04:05Z" };
const NINES = "9".repeat(400);

describe("a single tick that cannot be stored is refused and names why", () => {
  const rows: [what: string, body: string, status: number, field: string | undefined][] = [
    ["bad JSON", '{"price":', 400, undefined],
    ["NaN", '{"price":NaN}', 400, undefined],
    ["an array", "[]", 422, ""],
    ["null", "null", 422, ""],
    ["no price", "{}", 422, "price"],
    ["a numeric string as price", '{"price":"1.1"}', 422, "price"],
    ["a negative price", '{"price":-1.1}', 422, "price"],
    ["a price of zero", '{"price":0}', 422, "price"],
    ["a 400-digit price", `{"price":${NINES}}`, 422, "price"],
    ["a price too small for a double", `{"price":0.${"0".repeat(399)}1}`, 422, "price"],
    ["null as price", '{"price":null}', 422, "price"],
    ["a boolean price", '{"price":true}', 422, "price"],
    ["a symbol of 33 characters", '{"price":1,"symbol":"ABCDEFGHIJKABCDEFGHIJKABCDEFGHIJK"}', 422, "symbol"],
    ["a symbol with a space", '{"price":1,"symbol":"EUR USD"}', 422, "symbol"],
    ["a symbol that only looks Latin when upper-cased", '{"price":1,"symbol":"straße"}', 422, "symbol"],
    ["an empty symbol", '{"price":1,"symbol":""}', 422, "symbol"],
    ["a number as symbol", '{"price":1,"symbol":5}', 422, "symbol"],
    ["a time without a zone", '{"price":1,"time":"2024-01-02T03:04:05"}', 422, "time"],
    ["ten fraction digits", '{"price":1,"time":"2024-01-02T03:04:05.1234567890Z"}', 422, "time"],
    ["second 60", '{"price":1,"time":"2024-01-02T03:04:60Z"}', 422, "time"],
    ["30 February", '{"price":1,"time":"2024-02-30T03:04:05Z"}', 422, "time"],
    ["a time before 1970", '{"price":1,"time":"1969-12-31T23:59:59Z"}', 422, "time"],
    ["a time an hour ahead", `{"price":1,"time":"${new Date(Date.now() + 3_600_000).toISOString()}"}`, 422, "time"],
    ["epoch seconds as time", '{"price":1,"time":1700000000}', 422, "time"],
    ["a negative seq", '{"price":1,"seq":-1}', 422, "seq"],
    ["a seq of 1024", '{"price":1,"seq":1024}', 422, "seq"],
    ["a fractional seq", '{"price":1,"seq":0.5}', 422, "seq"],
    ["an unknown field", '{"price":1,"volume":2}', 422, "volume"],
    ["__proto__", '{"price":1,"__proto__":{"price":2}}', 422, "__proto__"],
    ["constructor", '{"price":1,"constructor":1}', 422, "constructor"],
  ];
  test.each(rows)("%s", async (_what, body, status, field) => {
    const answer = await ingest.post("/ticks", body);
    expect(answer.status).toBe(status);
    expect(answer.headers.get("content-type")).toBe("application/problem+json");
    expect(answer.headers.get("x-request-id")).toBe(answer.body.request_id);
    expect(answer.body).toMatchObject({
      status,
      title: expect.any(String),
      type: expect.any(String),
      detail: expect.any(String),
    });
    if (field !== undefined) {
      const errors = answer.body.errors as { field: string }[];
      expect(errors.map((error) => error.field)).toContain(field);
    }
    expect(await storedTicks()).toBe(0);
  });
});

describe("a request that is not one is refused", () => {
  test("another media type is 415", async () => {
    expect((await ingest.post("/ticks", "price=1", "application/x-www-form-urlencoded")).status).toBe(415);
    expect((await ingest.post("/ticks/bulk", "<ticks/>", "application/xml")).status).toBe(415);
  });

  test.each([
    ["/ticks", "gzip"],
    ["/ticks/bulk", "br"],
    ["/write", "deflate"],
  ])("a body to %s that is encoded as %s is 415", async (path, encoding) => {
    const headers = { "Content-Type": "application/json", "Content-Encoding": encoding };
    const answer = await fetch(ingest.url + path, { method: "POST", headers, body: "x" });
    expect(answer.status).toBe(415);
  });

  test("refusals are counted by their code", async () => {
    await ingest.post("/ticks", {});
    const metrics = await (await fetch(`${ingest.url}/metrics`)).text();
    expect(metrics).toMatch(/^ticks_rejected_total\{reason="invalid"\} [1-9]/m);
  });

  test("an unknown parameter is 400", async () => {
    expect((await ingest.post("/ticks/bulk?on_eror=skip", "[]")).status).toBe(400);
    expect((await ingest.post("/ticks?dry_run=1", GOOD)).status).toBe(400);
    expect(
      (await ingest.send("DELETE", "/ticks?symbol=EURUSD&start=2024-01-01T00:00:00Z&stop=2024-01-01T00:00:00Z")).status,
    ).toBe(400);
  });

  test("an unknown value of a parameter is 422", async () => {
    expect((await ingest.post("/ticks/bulk?on_error=ignore", "[]")).status).toBe(422);
  });

  test("an unknown path is 404 and another method 405", async () => {
    expect((await ingest.post("/tick", GOOD)).status).toBe(404);
    expect((await ingest.send("PATCH", "/ticks")).status).toBe(405);
  });

  test("a 20 MB body is 413", async () => {
    const answer = await ingest.post("/ticks/bulk", `[${" ".repeat(20 * 1024 * 1024)}]`);
    expect(answer.status).toBe(413);
    expect((await ingest.post("/ticks", `{"price":1${" ".repeat(1024 * 1024)}}`)).status).toBe(413);
  });

  test("50,001 rows are 413 before any of them is looked at", async () => {
    const answer = await ingest.post("/ticks/bulk", `[${Array(50_001).fill("{}").join(",")}]`);
    expect(answer.status).toBe(413);
    expect(answer.body.detail).toContain("50001");
  });

  test("half a body and a hang-up stores nothing and hurts nobody", async () => {
    const { hostname, port } = new URL(ingest.url);
    for (const path of ["/ticks", "/ticks/bulk"]) {
      const socket = connect(Number(port), hostname);
      socket.end(
        `POST ${path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 500\r\n\r\n[{"price":1.1`,
      );
      await once(socket.resume(), "close");
    }
    expect(await storedTicks()).toBe(0);
    expect((await ingest.post("/ticks/bulk", [])).status).toBe(201);
  });
});

describe("bulk", () => {
  test("an empty array is 201 with nothing created", async () => {
    const answer = await ingest.post("/ticks/bulk", []);
    expect(answer.status).toBe(201);
    expect(answer.body).toMatchObject({ created: 0, duplicates: 0 });
  });

  test("one bad row in the middle refuses the array and stores none of it", async () => {
    const answer = await ingest.post("/ticks/bulk", [
      GOOD,
      { ...GOOD, price: -1 },
      { ...GOOD, time: "yesterday" },
      GOOD,
    ]);
    expect(answer.status).toBe(422);
    expect(answer.body.errors).toEqual([
      { field: "[1].price", message: expect.any(String) },
      { field: "[2].time", message: expect.any(String) },
    ]);
    expect(await storedTicks()).toBe(0);
  });

  test("150 bad rows are counted and the first 100 listed", async () => {
    const answer = await ingest.post("/ticks/bulk", Array(150).fill({ price: 0 }));
    expect(answer.body.errors).toHaveLength(100);
    expect(answer.body.error_count).toBe(150);
  });

  test("a conflict of an explicit seq is 409, names its row and stores nothing else of the request", async () => {
    await ingest.post("/ticks", { ...GOOD, seq: 3 });
    const answer = await ingest.post("/ticks/bulk", [
      { ...GOOD, time: "2024-01-02T03:04:06Z" },
      { ...GOOD, seq: 3, price: 2 },
    ]);
    expect(answer.status).toBe(409);
    expect(answer.body.errors).toEqual([{ field: "[1].seq", message: expect.any(String) }]);
    expect(await storedTicks()).toBe(1);
    expect((await ingest.post("/ticks", { ...GOOD, seq: 3, price: 2 })).status).toBe(409);
    await ingest.send("DELETE", "/ticks/EURUSD/2024-01-02T03:04:05Z");
  });

  const lines = {
    "text/csv": [
      "time,symbol,price",
      "2024-03-01T00:00:00Z,EURUSD,1.1",
      "2024-03-01T00:00:01Z,EURUSD,x",
      "2024-03-01T00:00:02Z,EURUSD,1.2",
    ],
    "application/x-ndjson": [
      "",
      '{"time":"2024-03-01T00:00:00Z","price":1.1}',
      '{"price":',
      '{"time":"2024-03-01T00:00:02Z","price":1.2}',
    ],
  };
  test.each(Object.entries(lines))(
    "%s ends at a bad line with its number, and what lies before it is stored",
    async (type, body) => {
      const answer = await ingest.post("/ticks/bulk", body.join("\r\n"), type);
      expect(answer.status).toBe(422);
      expect(answer.body).toMatchObject({ line: 3, lines: 2, created: 1, duplicates: 0 });
      expect(await storedTicks()).toBe(1);
      const skipped = await ingest.post("/ticks/bulk?on_error=skip", body.join("\n"), type);
      expect(skipped.status).toBe(201);
      expect(skipped.body).toMatchObject({ created: 1, duplicates: 1, lines: 4, rejected: 1 });
      expect(await storedTicks()).toBe(2);
      await ingest.send("DELETE", "/ticks?symbol=EURUSD&start=2024-03-01T00:00:00Z&end=2024-03-02T00:00:00Z");
    },
  );

  test("a conflict in a stream is 409 with its line, and what lies before it is stored", async () => {
    const rows = [
      "2024-03-01T00:00:00Z,EURUSD,1.1,0",
      "2024-03-01T00:00:00Z,EURUSD,1.2,0",
      "2024-03-01T00:00:02Z,EURUSD,1.2,0",
    ];
    const answer = await ingest.post("/ticks/bulk", ["time,symbol,price,seq", ...rows].join("\n"), "text/csv");
    expect(answer.status).toBe(409);
    expect(answer.body).toMatchObject({ line: 3, created: 1, lines: 2 });
    const skipped = await ingest.post(
      "/ticks/bulk?on_error=skip",
      ["time,symbol,price,seq", ...rows].join("\n"),
      "text/csv",
    );
    expect(skipped.body).toMatchObject({ created: 1, duplicates: 1, rejected: 1 });
    await ingest.send("DELETE", "/ticks?symbol=EURUSD&start=2024-03-01T00:00:00Z&end=2024-03-02T00:00:00Z");
  });

  test("a CSV body without a fitting header is refused at line 1", async () => {
    for (const header of ["2024-03-01T00:00:00Z,EURUSD,1.1", "time,symbol", "time,price,price", "time,price,volume"]) {
      const answer = await ingest.post(
        "/ticks/bulk?on_error=skip",
        `${header}\n2024-03-01T00:00:00Z,EURUSD,1.1`,
        "text/csv",
      );
      expect(answer.status).toBe(422);
      expect(answer.body).toMatchObject({ line: 1, created: 0 });
    }
  });

  test("a line without end is refused before it fills the memory", async () => {
    const answer = await ingest.post("/ticks/bulk", `{"price":${"1".repeat(100_000)}`, "application/x-ndjson");
    expect(answer.status).toBe(422);
    expect(answer.body).toMatchObject({ line: 1, created: 0 });
  });

  test("a body that was refused early leaves a connection on which the next request is answered", async () => {
    const { hostname, port } = new URL(ingest.url);
    for (const type of ["text/csv", "application/x-ndjson"]) {
      const socket = connect(Number(port), hostname);
      const body = `time,symbol,price\nnonsense\n${"2024-03-01T00:00:00Z,EURUSD,1.1\n".repeat(20_000)}`;
      socket.write(
        `POST /ticks/bulk HTTP/1.1\r\nHost: localhost\r\nContent-Type: ${type}\r\nContent-Length: ${body.length}\r\n\r\n`,
      );
      socket.write(body);
      expect(String(await once(socket, "data"))).toMatch(/^HTTP\/1.1 422 /);
      socket.write("GET /live HTTP/1.1\r\nHost: localhost\r\n\r\n");
      expect(String(await once(socket, "data"))).toMatch(/^HTTP\/1.1 200 /);
      socket.destroy();
    }
  });

  test("a sender that hangs up in the middle of a line leaves the whole lines before it", async () => {
    const { hostname, port } = new URL(ingest.url);
    const socket = connect(Number(port), hostname);
    const head =
      "POST /ticks/bulk HTTP/1.1\r\nHost: localhost\r\nContent-Type: text/csv\r\nTransfer-Encoding: chunked\r\n\r\n";
    const text = "time,symbol,price\n2024-03-01T00:00:00Z,EURUSD,1.1\n2024-03-01T00:00:01Z,EUR";
    socket.end(`${head}${text.length.toString(16)}\r\n${text}\r\n`);
    await once(socket.resume(), "close");
    await eventually(async () => (await storedTicks()) === 1);
    await ingest.send("DELETE", "/ticks?symbol=EURUSD&start=2024-03-01T00:00:00Z&end=2024-03-02T00:00:00Z");
  });
});

describe("PUT and DELETE", () => {
  const stamp = "symbol=EURUSD&time=2024-05-01T00:00:00Z";

  test("answer 404 for a tick that is not there", async () => {
    expect((await ingest.send("PUT", `/ticks?${stamp}`, { price: 1 })).status).toBe(404);
    expect((await ingest.send("DELETE", "/ticks/EURUSD/2024-05-01T00:00:00Z")).status).toBe(404);
    expect((await ingest.send("DELETE", "/ticks/EURUSD/2024-05-01T00:00:00Z?seq=1")).status).toBe(404);
  });

  test("PUT answers 409 when several ticks share the time and none is named", async () => {
    await ingest.post(
      "/ticks/bulk",
      [1.1, 1.2].map((price) => ({ price, time: "2024-05-01T00:00:00Z" })),
    );
    expect((await ingest.send("PUT", `/ticks?${stamp}`, { price: 1 })).status).toBe(409);
    const answer = await ingest.send("PUT", `/ticks?${stamp}&seq=1`, { price: 1.5 });
    expect(answer).toMatchObject({
      status: 200,
      body: { symbol: "EURUSD", time: "2024-05-01T00:00:00.000000Z", price: 1.5, seq: 1 },
    });
    expect((await ingest.send("DELETE", "/ticks/eurusd/2024-05-01T02:00:00+02:00")).body).toMatchObject({ deleted: 2 });
  });

  test("a DELETE whose start is after its end deletes nothing", async () => {
    await ingest.post("/ticks", GOOD);
    const answer = await ingest.send(
      "DELETE",
      "/ticks?symbol=EURUSD&start=2025-01-01T00:00:00Z&end=2020-01-01T00:00:00Z",
    );
    expect(answer).toMatchObject({ status: 200, body: { deleted: 0 } });
    expect(await storedTicks()).toBe(1);
  });

  test.each([
    ["PUT", "/ticks?time=2024-05-01T00:00:00Z", "symbol"],
    ["PUT", "/ticks?symbol=EURUSD", "time"],
    ["PUT", `/ticks?${stamp}&seq=x`, "seq"],
    ["DELETE", "/ticks?symbol=EURUSD&start=2024-05-01T00:00:00Z", "end"],
    ["DELETE", "/ticks/EUR$/2024-05-01T00:00:00Z", "symbol"],
    ["DELETE", "/ticks/EURUSD/yesterday", "time"],
  ])("%s %s is 422 and names %s", async (method, path, field) => {
    const answer = await ingest.send(method, path, method === "PUT" ? { price: 1 } : undefined);
    expect(answer.status).toBe(422);
    expect(answer.body.errors).toEqual([{ field, message: expect.any(String) }]);
  });

  test("a PUT with a bad body is 422 and changes nothing", async () => {
    expect((await ingest.send("PUT", `/ticks?${stamp}`, { price: "1" })).status).toBe(422);
    expect((await ingest.send("PUT", `/ticks?${stamp}`, { price: 1, time: "x" })).status).toBe(422);
  });
});
