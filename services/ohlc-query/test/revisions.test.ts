import { openPool, type Queries, type Sql } from "@fx-ohlc/database";
import type { RevisionJson } from "@fx-ohlc/schemas";
import { type ReadSide, startReadSide } from "./read-side.js";

let service: ReadSide;

beforeAll(async () => {
  service = await startReadSide();
});
afterAll(() => service.stop());

/** Somebody who stores ticks. */
async function withWriter(work: (sql: Sql) => Promise<void>): Promise<void> {
  const { databaseUrl: url } = service;
  const sql = openPool({ url, applicationName: "writer", connectionsMax: 1, statementTimeoutMs: 30_000 });
  try {
    await work(sql);
  } finally {
    await sql.end({ timeout: 2 });
  }
}

const PATH = "/revisions?symbol=EURUSD&start=2025-12-10";

const note = (sql: Queries, reason: string) => sql`
  insert into revisions (change, kind, symbol, from_time, to_time, ticks, reason)
  values (tick_change(), 'late', 'EURUSD', '2025-12-10 10:00:00+00', '2025-12-10 11:00:00+00', 1, ${reason})`;

async function told(more: string): Promise<{ reasons: unknown[]; last: RevisionJson | undefined }> {
  const { body } = await service.get<RevisionJson[]>(PATH + more);
  return { reasons: body.map(({ reason }) => reason), last: body.at(-1) };
}

test("who reads on by `after` or `since` misses nothing of a transaction that ends late", async () => {
  await note(service.sql, "first");
  const { last: first } = await told("");
  // One has its number, the other waits for something before it writes: what begins later is seen before either of them.
  await withWriter((numbered) =>
    withWriter(async (waiting) => {
      await numbered`begin`;
      await note(numbered, "numbered");
      await waiting`begin`;
      await waiting`select 1`;
      await note(service.sql, "soon over");
      expect(await told("")).toEqual({ reasons: ["first"], last: first });
      await numbered`commit`;
      await note(waiting, "waited");
      await waiting`commit`;
    }),
  );
  const all = ["numbered", "waited", "soon over"];
  expect((await told(`&after=${first?.id}`)).reasons).toEqual(all);
  expect((await told(`&since=${first?.at}`)).reasons).toEqual(["first", ...all]);
  const page = await told(`&after=${first?.id}&limit=2`);
  expect((await told(`&after=${page.last?.id}`)).reasons).toEqual(["soon over"]);
});

test("what is noted while somebody writes for a moment is told as soon as he is through", async () => {
  await withWriter(async (writing) => {
    await writing`begin`;
    await note(writing, "writing");
    await note(service.sql, "meanwhile");
    const asked = told("");
    await writing`commit`;
    expect((await asked).reasons.slice(-2)).toEqual(["writing", "meanwhile"]);
  });
});
