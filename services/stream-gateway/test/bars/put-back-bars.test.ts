import { nowUs } from "@fx-ohlc/schemas";
import { eventually } from "@fx-ohlc/testkit";
import postgres from "postgres";
import { barOf, Stack, timeFromNow } from "../support/stack.js";
import { TestClient } from "../support/test-client.js";

/** The running check alone would mend one of them every eight seconds. */
const SYMBOLS = Array.from({ length: 30 }, (_, index) => `PB${index}`);
const INTERVALS = ["minute", "hour", "day"] as const;
/** A change is known within a second, and read in a request; with room for two busy cores. */
const ANEW_WITHIN_MS = 5000;

let stack: Stack;
beforeAll(async () => {
  stack = await Stack.start();
});
afterAll(() => stack.stop(), 60_000);

/** What a restore does to a database that other services go on with: newer ticks are gone, and somebody finds that out. */
async function putBack(toId: string): Promise<void> {
  const sql = postgres(stack.database.url, { max: 1, onnotice: () => undefined });
  await sql`delete from ticks where price = 2`;
  await sql`update settings set value = ${toId} where key = 'incarnation'`;
  await sql.end();
}

test("when the database was put back to an earlier moment, every live bar is what it holds, at once", async () => {
  const client = await TestClient.open(`${stack.gateway.wsUrl}/ws`);
  const channels = SYMBOLS.flatMap((symbol) => INTERVALS.map((interval) => `ohlc:${symbol}:${interval}`));
  await client.ask({ id: 1, op: "subscribe", channels });
  const ofPrice = (price: number) => SYMBOLS.map((symbol) => ({ symbol, price, time: timeFromNow(0) }));
  await stack.post(ofPrice(1));
  await stack.post(ofPrice(2));
  const last = new Map<string, object>();
  const note = () => {
    for (const { channel, bar } of client.messages.splice(0)) if (bar !== undefined) last.set(channel, barOf(bar));
    return last;
  };
  const areAll = async (): Promise<boolean> => {
    note();
    for (const symbol of SYMBOLS) {
      const answers = await Promise.all(INTERVALS.map((interval) => stack.bars(symbol, interval, nowUs() - 172_800e6)));
      const stored = answers.map((bars) => JSON.stringify(barOf(bars.at(-1))));
      const told = INTERVALS.map((interval) => JSON.stringify(last.get(`ohlc:${symbol}:${interval}`)));
      if (stored.join() !== told.join()) return false;
    }
    return true;
  };
  await eventually(areAll, { what: "live bars to be the stored ones" });
  await putBack("putback1");
  await eventually(areAll, { timeoutMs: ANEW_WITHIN_MS, what: "live bars to be the stored ones again" });
  // tick-ingest refuses what it was given before it had found out.
  await eventually(() => stack.post(ofPrice(3)).then(() => true));
  await eventually(areAll, { what: "live bars to go on" });
  client.end();
});
