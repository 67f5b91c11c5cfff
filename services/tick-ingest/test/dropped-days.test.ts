import { type Ingest, startIngest } from "./ingest.js";

let ingest: Ingest;

const DROPPED = "2024-05-01T10:00:00Z";
const MARK = "2024-05-02T00:00:00Z";
const KEPT = "2024-05-02T10:00:00Z";

const stored = async () => {
  const rows = await ingest.sql<{ text: string }[]>`
    select symbol || ' ' || to_char(time at time zone 'UTC', 'DD HH24:MI:SS') || ' ' || price as text from ticks order by 1`;
  return rows.map(({ text }) => text);
};

/** A day whose ticks are about to go to an archive, or went there a moment ago: nobody changes it any more. */
beforeAll(async () => {
  // Nobody archives: what is before the mark stays where it is.
  ingest = await startIngest({}, { archiveUrl: "file:///archive" });
  await ingest.post("/ticks/bulk", [
    { symbol: "AAA", time: DROPPED, price: 1 },
    { symbol: "AAA", time: KEPT, price: 2 },
  ]);
  await ingest.send("PUT", `/ticks?symbol=AAA&time=${DROPPED}`, { price: 1.5 });
  await ingest.sql`update retention_mark set dropped_before = ${MARK}, whole_from = ${MARK}`;
});
afterAll(() => ingest.stop());

const GONE = { status: 422, body: { type: "/problems/older_than_retention" } };
const single = { symbol: "AAA", time: DROPPED, price: 3 };
/** Good ones on both sides of one of a dropped day. */
const MIXED = [{ ...single, symbol: "BBB", time: KEPT }, single, { ...single, symbol: "CCC", time: KEPT }];
const NDJSON = MIXED.map((tick) => JSON.stringify(tick)).join("\n");
const CSV = ["time,symbol,price", ...MIXED.map(({ time, symbol, price }) => `${time},${symbol},${price}`)].join("\n");

test.each([
  ["POST", "/ticks", single],
  ["POST", "/ticks/bulk", MIXED],
  ["PUT", `/ticks?symbol=AAA&time=${DROPPED}`, { price: 3 }],
  ["DELETE", "/ticks?symbol=AAA&start=2024-05-01&end=2024-05-03", undefined],
  ["DELETE", `/ticks/AAA/${DROPPED}`, undefined],
  [
    ...(["POST", "/corrections"] as const),
    [
      { op: "update", symbol: "AAA", time: KEPT, seq: 0, price: 9 },
      { op: "delete", symbol: "AAA", time: DROPPED, seq: 0 },
    ],
  ],
])("%s %s that names a dropped day is refused, and stores and changes nothing else", async (method, path, body) => {
  const before = await stored();
  expect(await ingest.send(method, path, body)).toMatchObject(GONE);
  expect(await stored()).toEqual(before);
});

test("what replaced a tick of a dropped day is not undone", async () => {
  const [revision] = await ingest.sql`select id from revisions where kind = 'update'`;
  const before = await stored();
  expect(await ingest.send("POST", `/revisions/${revision?.id}/undo`)).toMatchObject(GONE);
  expect(await stored()).toEqual(before);
});

test.each([
  ["application/x-ndjson", NDJSON],
  ["text/csv", CSV],
])(
  "of a streamed body of %s the good lines are stored where it may go on, and the others are named",
  async (type, body) => {
    const before = await stored();
    const stopped = await ingest.post("/ticks/bulk", body, type);
    expect(stopped).toMatchObject({
      ...GONE,
      body: { ...GONE.body, errors: [{ message: expect.stringMatching(/retention|kept/) }] },
    });
    expect((await stored()).filter((text) => text.startsWith("CCC"))).toEqual([]);
    const skipped = await ingest.post("/ticks/bulk?on_error=skip", body, type);
    expect(skipped.status).toBe(201);
    expect(skipped.body).toMatchObject({
      rejected: 1,
      errors: [{ field: expect.stringMatching(/^line [23]\.time$/) }],
    });
    expect((await stored()).map((text) => text.slice(0, 3))).toEqual(["AAA", "AAA", "BBB", "CCC"]);
    await ingest.sql`delete from ticks where symbol <> 'AAA'`;
    expect(await stored()).toEqual(before);
  },
);

test("line protocol that names a dropped day is refused by its line", async () => {
  const ns = (time: string) => `${Date.parse(time)}000000`;
  const body = `fx,symbol=BBB price=3 ${ns(KEPT)}\nfx,symbol=AAA price=3 ${ns(DROPPED)}`;
  const { status, body: answer } = await ingest.post("/write", body, "text/plain");
  expect([status, JSON.stringify(answer)]).toEqual([expect.any(Number), expect.stringContaining("retention")]);
  expect(status).toBeGreaterThanOrEqual(400);
  expect((await stored()).filter((text) => text === `AAA 01 10:00:00 3`)).toEqual([]);
});
