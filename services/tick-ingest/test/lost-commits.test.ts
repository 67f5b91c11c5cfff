import type { StreamMessage } from "@fx-ohlc/schemas";
import { createLogger, RedisLink } from "@fx-ohlc/service-kit";
import { eventually } from "@fx-ohlc/testkit";
import { publish } from "../src/publish/publish-script.js";
import { type Ingest, startIngest } from "./ingest.js";
import { streamOf, TEST_DEPLOYMENT } from "./told.js";

let ingest: Ingest;
let redis: RedisLink;
beforeAll(async () => {
  ingest = await startIngest();
  redis = new RedisLink({
    url: ingest.redis.url,
    name: "test",
    logger: createLogger({ service: "test", level: "error" }),
  });
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

async function leaveBehind(ingestId: string, batch: number, symbol: string): Promise<void> {
  await ingest.sql`
    insert into unpublished_commits (ingest_id, batch, symbols, from_time, to_time)
    values (${ingestId}, ${batch}, ${[symbol]}, ${["2024-01-01T00:00:00Z"]}, ${["2024-01-01T00:01:00Z"]})`;
}

async function ledgerRows(): Promise<string[]> {
  const rows = await ingest.sql`select ingest_id from unpublished_commits`;
  return rows.map((row) => row.ingest_id as string);
}

test("what a dead process committed and did not publish is declared lost, once", async () => {
  await leaveBehind("dead", 7, "LOST");
  await eventually(async () => !(await ledgerRows()).includes("dead"), { timeoutMs: 20_000, what: "the sweep" });
  await eventually(async () => (await revisions("LOST")).length > 0);
  expect(await revisions("LOST")).toEqual([
    expect.objectContaining({ reason: "lost", from: "2024-01-01T00:00:00.000000Z", to: "2024-01-01T00:01:00.000000Z" }),
  ]);
}, 30_000);

test("what a dead process had published before it died is not declared lost", async () => {
  await publish(redis, { ...TEST_DEPLOYMENT, names: ingest.names }, "dead2", {
    symbol: "KNOWN",
    id: 3,
    toldUpTo: 7,
    known: undefined,
    limits: { keepS: 300, bytesMax: 1e6 },
    messages: [{ head: '{"type":"ticks","offset":"', tail: '"}' }],
  });
  await leaveBehind("dead2", 6, "KNOWN");
  await leaveBehind("dead2", 7, "KNOWN");
  await leaveBehind("dead2", 8, "KNOWN");
  await eventually(async () => !(await ledgerRows()).includes("dead2"), { timeoutMs: 20_000, what: "the sweep" });
  await eventually(async () => (await revisions("KNOWN")).length > 0);
  expect(await revisions("KNOWN")).toHaveLength(1);
}, 30_000);

test("a living process's commits are left alone", async () => {
  await ingest.sql.begin(async (sql) => {
    const reserved = sql;
    await reserved`select pg_advisory_xact_lock(5064223, hashtext('alive'))`;
    await leaveBehind("alive", 1, "ALIVE");
    await leaveBehind("dead3", 1, "LOST2");
    await eventually(async () => !(await ledgerRows()).includes("dead3"), { timeoutMs: 20_000, what: "the sweep" });
    expect(await ledgerRows()).toContain("alive");
  });
}, 30_000);

test("every acknowledged tick's commit leaves the ledger once it is published", async () => {
  for (let index = 0; index < 5; index += 1) await ingest.post("/ticks", { price: 1 + index });
  await eventually(async () => (await ledgerRows()).filter((id) => !["alive", "dead3"].includes(id)).length === 0, {
    timeoutMs: 20_000,
    what: "an empty ledger",
  });
}, 30_000);
