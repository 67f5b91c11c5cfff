import type { StreamMessage } from "@fx-ohlc/schemas";
import { createLogger, RedisLink } from "@fx-ohlc/service-kit";
import { eventually } from "@fx-ohlc/testkit";
import { type Ingest, startIngest } from "./ingest.js";
import { streamOf } from "./told.js";

let ingest: Ingest;
let redis: RedisLink;
beforeAll(async () => {
  ingest = await startIngest();
  const logger = createLogger({ service: "test", level: "error" });
  redis = new RedisLink({ url: ingest.redis.url, name: "test", logger });
  redis.open();
  await eventually(() => redis.isReady);
});
afterAll(async () => {
  redis.close();
  await ingest.stop();
});

async function revisions(symbol: string): Promise<StreamMessage[]> {
  return (await streamOf(redis, ingest.names, symbol)).filter(({ type }) => type === "revision");
}

async function untilLedgerIsEmpty(): Promise<void> {
  const isEmpty = async () => (await ingest.sql`select 1 from untold_commits`).length === 0;
  await eventually(isEmpty, { what: "an empty ledger" });
}

test("what another process committed and did not tell of in time is declared lost, once", async () => {
  await ingest.sql`
    insert into untold_commits (ingest_id, number, written_at, symbols, from_time, to_time)
    values ('dead', 7, now() - interval '1 minute', '{LOST}', '{2024-01-01T00:00:00Z}', '{2024-01-01T00:01:00Z}')`;
  await untilLedgerIsEmpty();
  expect(await revisions("LOST")).toEqual([
    expect.objectContaining({ reason: "lost", from: "2024-01-01T00:00:00.000000Z", to: "2024-01-01T00:01:00.000000Z" }),
  ]);
});

test("every acknowledged tick's commit leaves the ledger once it is published, and nothing of it is declared", async () => {
  for (let index = 0; index < 5; index += 1) await ingest.post("/ticks", { symbol: "TOLD", price: 1 + index });
  await untilLedgerIsEmpty();
  expect(await revisions("TOLD")).toEqual([]);
});
