import { eventually, type TestPostgres, type TestRedis, testPrimary, testRedis, testStandby } from "@fx-ohlc/testkit";
import { aside, migrated, type Served, serve } from "./own-server.js";

/** Posts that are under way at the moment when the primary ends. */
const SENDERS = 4;
const ACKNOWLEDGED_BEFORE = 20;

let redis: TestRedis;
let primary: TestPostgres;
let standby: TestPostgres;
let service: Served;

beforeAll(async () => {
  redis = await testRedis();
  primary = await migrated(await testPrimary());
  standby = await testStandby(primary);
  const { host, username, password, pathname } = new URL(primary.url);
  // The standby first: who is named first is not who is asked.
  const hosts = `${new URL(standby.url).host},${host}`;
  const url = `postgres://${username}:${password}@${hosts}${pathname}?target_session_attrs=primary`;
  service = await serve({ DATABASE_URL: url }, redis);
  await service.ready(true);
});
afterAll(async () => {
  await service.stop();
  await Promise.all([standby.drop(), primary.drop(), redis.drop()]);
});

test("DATABASE_URL may name several hosts: a promoted standby is written to, and holds all that was acknowledged", async () => {
  await aside(primary.url, async (sql) => {
    await sql`set synchronous_commit = local`;
    await sql`alter system set synchronous_standby_names = '*'`;
    await sql`select pg_reload_conf()`;
  });
  const acknowledged: number[] = [];
  let sent = 0;
  let isPromoted = false;
  const enough = () => isPromoted && acknowledged.length > 2 * ACKNOWLEDGED_BEFORE;
  const sender = async () => {
    while (!enough()) {
      sent += 1;
      const price = sent;
      const tick = { symbol: "EURUSD", time: new Date(Date.UTC(2026, 0, 1) + price).toISOString(), price };
      // The same one again, as a producer does, until it is told that it is stored.
      await eventually(async () => (await service.post(tick)).status < 300, { what: "a tick to be stored" });
      acknowledged.push(price);
    }
  };
  const senders = Array.from({ length: SENDERS }, sender);
  await eventually(() => acknowledged.length > ACKNOWLEDGED_BEFORE, { what: "ticks to be acknowledged" });
  await primary.stop();
  await aside(standby.url, (sql) => sql`select pg_promote()`);
  isPromoted = true;
  await Promise.all(senders);
  const stored = await aside(standby.url, (sql) => sql<{ price: number }[]>`select price from ticks order by price`);
  expect(stored.map(({ price }) => price)).toEqual([...acknowledged].sort((a, b) => a - b));
  await service.ready(true);
});
