import { once } from "node:events";
import { connect, createServer, type Server, type Socket } from "node:net";
import postgres from "postgres";
import { createClient } from "redis";
import { eventually, type FaultProxy, faultProxy, freePort, testDatabase, testRedis } from "../src/index.js";

describe("testDatabase", () => {
  it("gives each caller a migrated database of its own", async () => {
    const [one, other] = await Promise.all([testDatabase(), testDatabase()]);
    const sql = postgres(one.url, { max: 1 });
    const otherSql = postgres(other.url, { max: 1 });
    await sql`insert into ticks (symbol, time, seq, price) values ('EURUSD', now(), 0, 1.1)`;
    expect(await sql`select tick_count::int as n from ohlc_minute where bucket > now() - interval '1 hour'`).toEqual([
      { n: 1 },
    ]);
    expect(await otherSql`select count(*)::int as n from ticks`).toEqual([{ n: 0 }]);
    await Promise.all([sql.end(), otherSql.end(), one.drop(), other.drop()]);
  });

  it("migrates with other settings when asked to", async () => {
    const database = await testDatabase({ dayBoundary: { hour: 17, timezone: "America/New_York" } });
    const sql = postgres(database.url, { max: 1 });
    expect(await sql`select value from settings where key = 'day_timezone'`).toEqual([{ value: "America/New_York" }]);
    await sql.end();
    await database.drop();
  });
});

describe("testRedis", () => {
  it("gives a server that can be frozen, thawed, stopped and started on one address", async () => {
    const redis = await testRedis();
    const client = createClient({ url: redis.url, socket: { reconnectStrategy: 50 } });
    client.on("error", () => undefined);
    await client.connect();
    redis.freeze();
    let answered = false;
    const ping = client.ping().then(() => (answered = true));
    await expect(eventually(() => answered, { timeoutMs: 300 })).rejects.toThrow("waited 300 ms");
    redis.thaw();
    await ping;
    await redis.stop();
    await redis.start();
    expect(await eventually(() => client.ping())).toBe("PONG");
    client.destroy();
    await redis.drop();
  });
});

describe("faultProxy", () => {
  let echo: Server;
  let proxy: FaultProxy;

  beforeAll(async () => {
    echo = createServer((socket) => {
      socket.on("error", () => undefined);
      socket.pipe(socket);
    });
    const port = await freePort();
    echo.listen(port, "127.0.0.1");
    proxy = await faultProxy(`tcp://127.0.0.1:${port}`);
  });

  afterAll(async () => {
    await proxy.close();
    echo.close();
  });

  async function client(): Promise<Socket> {
    const socket = connect(proxy.port, "127.0.0.1");
    await once(socket, "connect");
    return socket;
  }

  async function answer(socket: Socket): Promise<string> {
    const [bytes]: Buffer[] = await once(socket, "data", { signal: AbortSignal.timeout(2_000) });
    return String(bytes);
  }

  it("passes bytes both ways", async () => {
    const socket = await client();
    socket.write("hello");
    expect(await answer(socket)).toBe("hello");
    socket.destroy();
  });

  it("forwards nothing while frozen, and what waited afterwards", async () => {
    const before = await client();
    proxy.freeze();
    const during = await client();
    let answers = "";
    for (const socket of [before, during]) {
      socket.on("data", (bytes) => (answers += String(bytes)));
      socket.write("x");
    }
    await expect(eventually(() => answers !== "", { timeoutMs: 200 })).rejects.toThrow();
    await proxy.pass();
    await eventually(() => answers === "xx");
    for (const socket of [before, during]) socket.destroy();
  });

  it("cuts the connections there are and takes new ones", async () => {
    const socket = await client();
    await eventually(() => proxy.connections > 0);
    const failed = once(socket, "error");
    proxy.cut();
    expect((await failed)[0]).toMatchObject({ code: "ECONNRESET" });
    const next = await client();
    next.write("again");
    expect(await answer(next)).toBe("again");
    next.destroy();
  });

  it("refuses connections until it passes again, on the same port", async () => {
    const { port } = proxy;
    await proxy.refuse();
    await expect(client()).rejects.toMatchObject({ code: "ECONNREFUSED" });
    await proxy.pass();
    expect(proxy.port).toBe(port);
    const socket = await client();
    socket.write("back");
    expect(await answer(socket)).toBe("back");
    socket.destroy();
  });
});
