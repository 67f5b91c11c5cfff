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
  ingest = await startIngest();
  await ingest.post("/ticks/bulk", [
    { symbol: "AAA", time: DROPPED, price: 1 },
    { symbol: "AAA", time: KEPT, price: 2 },
  ]);
  await ingest.send("PUT", `/ticks?symbol=AAA&time=${DROPPED}`, { price: 1.5 });
  const { sql } = ingest;
  await sql`insert into settings (key, value) values ('archive_url', 'file:///archive')`;
  await sql`update retention_mark set dropped_before = ${MARK}, whole_from = ${MARK}`;
});
afterAll(() => ingest.stop());

const refused = (body: Record<string, unknown>) => [body.type, body.horizon];
const GONE = ["/problems/older_than_retention", "2024-05-02T00:00:00.000000Z"];

test.each([
  ["POST", "/ticks", { symbol: "AAA", time: DROPPED, price: 3 }],
  ["PUT", `/ticks?symbol=AAA&time=${DROPPED}`, { price: 3 }],
  ["DELETE", `/ticks?symbol=AAA&start=2024-05-01&end=2024-05-03`, undefined],
  ["DELETE", `/ticks/AAA/${DROPPED}`, undefined],
  ["POST", "/corrections", { reason: "late", corrections: [] }],
])("%s %s of a dropped day is refused, and changes nothing of the others it names", async (method, path, body) => {
  const before = await stored();
  const sent =
    path === "/corrections"
      ? [
          { op: "update", symbol: "AAA", time: KEPT, seq: 0, price: 9 },
          { op: "delete", symbol: "AAA", time: DROPPED, seq: 0 },
        ]
      : body;
  const answer = await ingest.send(method, path, sent);
  expect([answer.status, ...refused(answer.body)]).toEqual([422, ...GONE]);
  expect(await stored()).toEqual(before);
});
