import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { eventually, watchEventLoop } from "@fx-ohlc/testkit";
import { createClient } from "redis";
import { WebSocket } from "ws";
import { attackedSystem } from "../src/strangers/attacked-system.js";
import { expectServed, SERVED_AT_LAST_MS } from "../src/strangers/bystander.js";
import { healthOf } from "../src/system.js";

const SLOW_READERS = 40;
/** Some 30 MB as CSV: more than lies on the way to somebody who reads nothing. */
const TICKS = 600_000;

const attacked = attackedSystem();

/** All that is on its way to readers who take nothing lies there, and nothing more is read for them. */
async function nothingIsRead(): Promise<void> {
  let still = 0;
  await eventually(
    async () => {
      const active = await attacked.system.sql`
        select from pg_stat_activity where application_name = 'ohlc-query' and state = 'active'`;
      still = active.length === 0 ? still + 1 : 0;
      return still >= 50;
    },
    { timeoutMs: 60_000, what: "the readers to stand still" },
  );
}

const LONG = "/ticks?symbol=LONG&start=2025-01-01T00:00:00Z&limit=all&format=csv";
/** Two ticks of it. */
const SHORT = "/ticks?symbol=LONG&start=2025-01-01T00:00:01Z&end=2025-01-01T00:00:01.002Z&limit=all";
const SHORT_READS = 10;

/** Somebody at an address of his own who has asked for a long answer, and takes its beginning. */
async function longReader(): Promise<Socket> {
  const socket = connect(attacked.everything.query.port, "127.0.0.1");
  socket.on("error", () => undefined);
  socket.write(`GET ${LONG} HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Forwarded-For: 192.0.2.1\r\n\r\n`);
  await Promise.race([once(socket, "data"), once(socket, "close")]);
  socket.pause();
  return socket;
}

/** How long short answers of any length take the same caller, one after the other, ms. */
async function tookShort(): Promise<number[]> {
  const took: number[] = [];
  for (let at = 0; at < SHORT_READS; at += 1) {
    const startedMs = performance.now();
    const answer = await fetch(`${attacked.everything.query.url}${SHORT}`, {
      headers: { "x-forwarded-for": "192.0.2.1" },
    });
    expect({ status: answer.status, rows: await answer.json() }).toMatchObject({ status: 200, rows: { length: 2 } });
    took.push(performance.now() - startedMs);
  }
  return took.sort((a, b) => a - b);
}

/** How many rows somebody else gets. */
async function rowsOfLong(): Promise<number> {
  return eventually(async () => {
    const answer = await fetch(`${attacked.everything.query.url}${LONG}`);
    return answer.ok ? (await answer.text()).split("\n").length : undefined;
  });
}

test("40 long answers are asked for at once by one address and taken slowly all the time: its own short ones and somebody else's come", async () => {
  await attacked.system.sql`
    insert into ticks (symbol, time, seq, price)
    select 'LONG', timestamptz '2025-01-01 00:00:00Z' + i * interval '1 millisecond', 0, 1 from generate_series(1, ${TICKS}) i`;
  let readers: Socket[] = [];
  let short: number[] = [];
  const whileMade = await attacked.bystander.during(async () => {
    readers = await Promise.all(Array.from({ length: SLOW_READERS }, longReader));
    short = await tookShort();
    await nothingIsRead();
  });
  const trickling = setInterval(() => {
    for (const socket of readers) socket.read(1000);
  }, 20);
  let rows = 0;
  const whileTaken = await attacked.bystander.during(async () => {
    rows = await rowsOfLong();
  });
  clearInterval(trickling);
  for (const socket of readers) socket.destroy();
  expectServed(whileMade);
  expectServed(whileTaken);
  expect(short.at(SHORT_READS / 2)).toBeLessThan(1000 + whileMade.heldUpMs);
  expect(rows).toBeGreaterThan(TICKS);
});

test("Redis is full: health says so within 2 s, ticks are stored and read, and the stream goes on when there is room", async () => {
  const redis = createClient({ url: attacked.system.redis.url });
  await redis.connect();
  await redis.configSet("maxmemory-policy", "noeviction");
  const served = await attacked.bystander.during(async () => {
    await redis.configSet("maxmemory", "1");
    const heldUpMs = watchEventLoop();
    const startedMs = performance.now();
    await eventually(async () => (await healthOf(attacked.everything.ingest)).status === 503, {
      what: "health to say so",
    });
    expect(performance.now() - startedMs).toBeLessThan(2500 + heldUpMs());
    expect((await healthOf(attacked.everything.ingest)).body.problems).toEqual([
      "Redis refuses what is published: it is full (maxmemory)",
    ]);
    expect((await post()).status).toBe(201);
    await redis.configSet("maxmemory", "0");
    await eventually(async () => (await healthOf(attacked.everything.ingest)).status === 200, {
      what: "health to be well again",
    });
  });
  // What was stored meanwhile is told, and so late.
  expectServed(served, ["post", "read"]);
  expect(served.took.stream).not.toContain(Number.POSITIVE_INFINITY);
  expectServed(await attacked.bystander.during(() => healthOf(attacked.everything.ingest)));
  expect(attacked.everything.ingest.output.split("\n").length).toBeLessThan(20);
  redis.destroy();
});

test("PostgreSQL takes no writes: they get 503 within 2 s, reads and streams go on, and all is well when it does", async () => {
  const socket = new WebSocket(`${attacked.everything.gateway.url.replace("http:", "ws:")}/ws`);
  await once(socket, "open");
  await takesWrites(false);
  const heldUpMs = watchEventLoop();
  const startedMs = performance.now();
  // The first write that is refused for that tells; one may be refused because its session was ended.
  const isKnown = async () =>
    (await post()).status === 503 && (await healthOf(attacked.everything.ingest)).status === 503;
  await eventually(isKnown, { what: "health to say so" });
  expect(performance.now() - startedMs).toBeLessThan(2500 + heldUpMs());
  expect((await healthOf(attacked.everything.ingest)).body.problems).toEqual([
    expect.stringContaining("the database is read-only"),
  ]);
  const served = await attacked.bystander.during(async () => {
    for (let at = 0; at < 10; at += 1) {
      const { status, retryAfter, tookMs } = await post();
      expect({ status, isLate: tookMs > 2000 + heldUpMs() }).toEqual({ status: 503, isLate: false });
      expect(Number(retryAfter)).toBeGreaterThan(0);
      const pong = once(socket, "message", { signal: AbortSignal.timeout(SERVED_AT_LAST_MS) });
      socket.send('{"op":"ping","id":1}');
      await pong;
    }
  });
  expectServed(served, ["read"]);
  await takesWrites(true);
  await eventually(async () => (await healthOf(attacked.everything.ingest)).status === 200, {
    what: "health to be well again",
  });
  expect(socket.readyState).toBe(WebSocket.OPEN);
  socket.terminate();
  expectServed(await attacked.bystander.during(() => healthOf(attacked.everything.ingest)));
});

/** Posts a tick of somebody else. */
async function post(): Promise<{ status: number; retryAfter: string | null; tookMs: number }> {
  const startedMs = performance.now();
  const answer = await fetch(`${attacked.everything.ingest.url}/ticks`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: '{"symbol":"FULL","price":1}',
  });
  const { status, headers } = answer;
  await answer.arrayBuffer();
  return { status, retryAfter: headers.get("retry-after"), tookMs: performance.now() - startedMs };
}

/** As an operator says it of one database, whose sessions of tick-ingest begin anew by it. */
async function takesWrites(isWritable: boolean): Promise<void> {
  const name = new URL(attacked.system.database.url).pathname.slice(1);
  await attacked.system.sql.begin("read write", async (sql) => {
    await sql.unsafe(`alter database "${name}" set default_transaction_read_only = ${isWritable ? "off" : "on"}`);
  });
  await attacked.system.sql`
    select pg_terminate_backend(pid) from pg_stat_activity where datname = ${name} and application_name = 'tick-ingest'`;
}
