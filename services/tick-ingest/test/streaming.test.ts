import { request } from "node:http";
import { text } from "node:stream/consumers";
import { eventually } from "@fx-ohlc/testkit";
import { type Ingest, startIngest } from "./ingest.js";

let ingest: Ingest;
beforeAll(async () => {
  ingest = await startIngest();
});
afterAll(() => ingest.stop());

async function count(symbol: string): Promise<number> {
  const [row] = await ingest.sql`select count(*)::int as count from ticks where symbol = ${symbol}`;
  return row?.count as number;
}

/** Every hundredth tick shares its stamp with the two before it. */
function rows(symbol: string, length: number): string[] {
  return Array.from({ length }, (_, index) => {
    const second = index - (index % 100 > 97 ? (index % 100) - 97 : 0);
    return `${new Date(Date.UTC(2024, 0, 1) + second * 1000).toISOString()},${symbol},${1 + (index % 1000) / 1000}`;
  });
}

test("a stream of many chunks is stored whole, and stored once when it is sent twice", async () => {
  const body = ["time,symbol,price", ...rows("LONG", 23_456)].join("\n");
  const first = await ingest.post("/ticks/bulk", body, "text/csv");
  expect(first).toMatchObject({ status: 201, body: { created: 23_456, duplicates: 0, lines: 23_457 } });
  const second = await ingest.post("/ticks/bulk", body, "text/csv");
  expect(second).toMatchObject({ status: 201, body: { created: 0, duplicates: 23_456, lines: 23_457 } });
  expect(await count("LONG")).toBe(23_456);
});

test("ticks of one stamp stay together however many they are", async () => {
  const same = Array.from({ length: 1000 }, () => "2024-01-01T00:00:00Z,STAMP,1.5");
  const body = [
    "time,symbol,price",
    ...rows("STAMP", 4500).map((row) => row.replace("2024-01", "2023-01")),
    ...same,
  ].join("\n");
  expect(await ingest.post("/ticks/bulk", body, "text/csv")).toMatchObject({ status: 201, body: { created: 5500 } });
  expect(await ingest.post("/ticks/bulk", body, "text/csv")).toMatchObject({
    status: 201,
    body: { created: 0, duplicates: 5500 },
  });
});

test("requests that follow each other's answers at once are all committed", async () => {
  const chain = async (symbol: string) => {
    for (let index = 0; index < 100; index += 1) {
      expect((await ingest.post("/ticks", { symbol, price: 1 + index })).status).toBe(201);
    }
  };
  await Promise.all(["C1", "C2", "C3", "C4"].map(chain));
  expect(await count("C1")).toBe(100);
});

test("a stamp that comes again later in a body is numbered anew, wherever the body is cut into chunks", async () => {
  const at = (price: number) => `2024-01-01T00:00:00Z,AGAIN,${price}`;
  const other = "2024-01-01T00:00:01Z,AGAIN,9";
  // The second run of the stamp repeats the first tick of the first one; the third is another tick of that stamp.
  const short = [at(1), at(1), other, at(1), "", at(2)];
  const expected = { status: 201, body: { created: 4, duplicates: 1 } };
  expect(await ingest.post("/ticks/bulk", ["time,symbol,price", ...short].join("\n"), "text/csv")).toMatchObject(
    expected,
  );
  const far = rows("AGAIN", 6000).map((row) => row.replace("2024-01", "2023-01"));
  const long = ["time,symbol,price", ...short.slice(0, 3), ...far, ...short.slice(3)].map((row) =>
    row.replace("AGAIN", "FARAWAY"),
  );
  expect(await ingest.post("/ticks/bulk", long.join("\n"), "text/csv")).toMatchObject({
    status: 201,
    body: { created: 6004, duplicates: 1 },
  });
  const numbered = async (symbol: string) => {
    const stored = await ingest.sql`
      select seq, price from ticks where symbol = ${symbol} and time = '2024-01-01T00:00:00Z' order by seq`;
    return stored.map(({ seq, price }) => [seq, price]);
  };
  expect(await numbered("AGAIN")).toEqual([
    [0, 1],
    [1, 1],
    [2, 2],
  ]);
  expect(await numbered("FARAWAY")).toEqual(await numbered("AGAIN"));
});

/** A body that stays open. */
function openUpload(type: string) {
  const upload = request(`${ingest.url}/ticks/bulk`, { method: "POST", headers: { "content-type": type } });
  const answer = new Promise<Record<string, unknown>>((resolve, reject) => {
    upload.on("error", reject);
    upload.on("response", async (response) => {
      resolve({ status: response.statusCode, ...(JSON.parse(await text(response)) as object) });
    });
  });
  return { upload, answer };
}

test("rows are stored within a second while their body stays open, and a run goes on being numbered", async () => {
  const { upload, answer } = openUpload("text/csv");
  const row = (price: number) => upload.write(`2025-01-01T00:00:00Z,OPEN,${price}\n`);
  upload.write("time,symbol,price\n");
  await ingest.post("/ticks", { symbol: "OPEN", time: "2025-01-01T00:00:00Z", price: 7 });
  // Each after the one before was stored: the first walks up over the 7, and the others are no replays of it.
  for (const stored of [2, 3, 4]) {
    row(1);
    await eventually(async () => (await count("OPEN")) === stored, { timeoutMs: 5000, what: `row ${stored}` });
  }
  row(2);
  upload.end();
  expect(await answer).toMatchObject({ status: 201, created: 4, duplicates: 0, lines: 5 });
  const again = ["time,symbol,price", ...[1, 1, 1, 2].map((price) => `2025-01-01T00:00:00Z,OPEN,${price}`)].join("\n");
  expect((await ingest.post("/ticks/bulk", again, "text/csv")).body).toMatchObject({ created: 0, duplicates: 4 });
});

test("what was read of a body that is silent for 60 s is stored, and the sender is told with 408", async () => {
  const { upload, answer } = openUpload("application/x-ndjson");
  upload.write('{"symbol":"SILENT","time":"2025-01-01T00:00:00Z","price":1}\n{"symbol":');
  await eventually(async () => (await count("SILENT")) === 1);
  const nowMs = performance.now.bind(performance);
  jest.spyOn(performance, "now").mockImplementation(() => nowMs() + 60_000);
  expect(await answer).toMatchObject({ status: 408, created: 1, lines: 1 });
  jest.restoreAllMocks();
});

test("a body of 15,000 pieces of a byte each is stored", async () => {
  const { upload, answer } = openUpload("application/x-ndjson");
  upload.setNoDelay(false);
  const body = rows("BYTES", 200).map((line) => {
    const [time, symbol, price] = line.split(",");
    return JSON.stringify({ time, symbol, price: Number(price) });
  });
  for (const byte of `${body.join("\n")}\n`) upload.write(byte);
  upload.end();
  expect(await answer).toMatchObject({ status: 201, created: 200 });
});
