import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { eventually } from "@fx-ohlc/testkit";
import { get, type ReadSide, startReadSide } from "./read-side.js";

/** On a busy machine. */
const CONNECTIONS = 2;
/** Reads that may wait for a connection. */
/** Of one caller: three quarters of all. */
const WAITING = 375;
const TICKS = "/ticks?symbol=EURUSD&start=2024-03-05T10:00:00Z&end=2024-03-06T00:00:00Z";
const BARS = "/ohlc/minute?symbol=EURUSD&start=2024-03-05T10:00:00Z&end=2024-03-05T11:00:00Z";
const ANCHOR = "/internal/anchor?symbol=EURUSD";

/** Ends what was begun, once. */
type Release = () => Promise<void>;

/** Takes every table that reads need, as a migration would, until it is released; again when a read that still runs is in its way. */
async function lock(service: ReadSide): Promise<Release> {
  try {
    return await lockOnce(service);
  } catch (error) {
    if ((error as { code?: string }).code !== "40P01") throw error;
    return lock(service);
  }
}

async function lockOnce({ sql }: ReadSide): Promise<Release> {
  let release: () => void = () => undefined;
  const released = new Promise<void>((resolve) => (release = resolve));
  let taken: () => void = () => undefined;
  const isTaken = new Promise<void>((resolve) => (taken = resolve));
  const holding = sql.begin(async (transaction) => {
    await transaction`lock table ticks, ohlc_minute, ohlc_hour, ohlc_day in access exclusive mode`;
    taken();
    await released;
  });
  await Promise.race([isTaken, holding]);
  return async () => {
    release();
    await holding;
  };
}

/** Statements of the service that PostgreSQL works on. */
async function running({ sql }: ReadSide): Promise<number> {
  const [row] = await sql<{ count: number }[]>`
    select count(*)::int as count from pg_stat_activity
     where application_name = 'ohlc-query' and datname = current_database() and state <> 'idle'`;
  return row?.count ?? 0;
}

const isRunning = (service: ReadSide, count: number) =>
  eventually(async () => (await running(service)) === count, { what: `${count} statements to run` });

/** Asks by hand, so that the test says how the client leaves. */
function ask({ url }: ReadSide, path: string): Socket {
  const { hostname, port } = new URL(url);
  const socket = connect({ port: Number(port), host: hostname, allowHalfOpen: true });
  socket.write(`GET ${path} HTTP/1.1\r\nHost: localhost\r\n\r\n`);
  return socket;
}

describe("a read that waits for a lock", () => {
  let service: ReadSide;
  let release: Release;
  beforeAll(async () => {
    const env = { QUERY_TIMEOUT_MS: "1500", DATABASE_CONNECTIONS_MAX: String(CONNECTIONS) };
    service = await startReadSide(undefined, env);
    await service.insert([{ time: "2024-03-05T10:00:00Z", price: 1 }]);
  });
  beforeEach(async () => {
    release = await lock(service);
  });
  afterEach(() => release());
  afterAll(() => service.stop());

  test.each([TICKS, BARS, ANCHOR, "/symbols", "/ohlc/latest?symbol=EURUSD&interval=15m", `${BARS}&limit=all`])(
    "is answered 504, which nobody is asked to repeat, and cancelled: %s",
    async (path) => {
      const answer = await service.get<Record<string, unknown>>(path);
      expect(answer).toMatchObject({ status: 504, body: { type: "/problems/timeout", title: "Took too long" } });
      expect(answer.headers.get("retry-after")).toBeNull();
      await isRunning(service, 0);
      await release();
      expect((await service.get(path)).status).toBe(200);
    },
  );

  test("is told to charts in their words", async () => {
    const answer = await service.get("/udf/history?symbol=EURUSD&resolution=1&to=1709640000&countback=2");
    expect(answer).toMatchObject({ status: 504, body: { s: "error", errmsg: "the database took too long" } });
  });
});

describe("a read whose client leaves", () => {
  let service: ReadSide;
  beforeAll(async () => {
    service = await startReadSide(undefined, { QUERY_TIMEOUT_MS: "60000", DATABASE_CONNECTIONS_MAX: "2" });
    await service.insert([{ time: "2024-03-05T10:00:00Z", price: 1 }]);
  });
  afterAll(() => service.stop());

  test.each([
    ["by a reset", TICKS, (socket: Socket) => socket.resetAndDestroy()],
    ["by a reset, of a transaction", ANCHOR, (socket: Socket) => socket.resetAndDestroy()],
    ["by a reset, of reads that share a statement", BARS, (socket: Socket) => socket.resetAndDestroy()],
    ["in good order, five seconds later", TICKS, (socket: Socket) => socket.end()],
  ])("%s, is cancelled", async (_how, path, leave) => {
    const release = await lock(service);
    try {
      const sockets = [ask(service, path), ask(service, path)];
      await eventually(async () => (await running(service)) > 0);
      for (const socket of sockets) leave(socket);
      await isRunning(service, 0);
    } finally {
      await release();
    }
    for (const each of [path, path, path]) expect((await service.get(each)).status).toBe(200);
  });

  test("is cancelled without harm to any other", async () => {
    let isOver = false;
    const others = Array.from({ length: 4 }, async () => {
      const statuses = new Set<number>();
      while (!isOver) for (const path of [TICKS, BARS, ANCHOR]) statuses.add((await get(service.url, path)).status);
      return statuses;
    });
    for (let round = 0; round < 100; round += 1) {
      const sockets = [TICKS, ANCHOR, BARS].map((path) => ask(service, path));
      await Promise.all(sockets.map((socket) => once(socket, "connect")));
      for (const socket of sockets) socket.resetAndDestroy();
    }
    isOver = true;
    for (const statuses of await Promise.all(others)) expect([...statuses]).toEqual([200]);
    await isRunning(service, 0);
  });

  /** So many short reads that one of them finds no place. */
  async function crowd(): Promise<{ readonly refusal: string; readonly served: number }> {
    const release = await lock(service);
    const answers = Array.from({ length: CONNECTIONS + WAITING + 1 }, () =>
      once(ask(service, `${TICKS}&limit=100`), "data"),
    );
    const refusal = String(await Promise.race(answers));
    await release();
    const served = (await Promise.all(answers)).filter((answer) => String(answer).startsWith("HTTP/1.1 200 "));
    return { refusal, served: served.length };
  }

  test("makes others wait, and past a bound they are asked to come back", async () => {
    let refusal = "";
    // A read whose client has just left may have its place yet, but not for long.
    const areAllFree = async () => {
      const crowded = await crowd();
      refusal = crowded.refusal;
      return crowded.served === CONNECTIONS + WAITING;
    };
    await eventually(areAllFree, { what: "every place to be had" });
    expect(refusal).toMatch(/^HTTP\/1.1 503 /);
    expect(refusal).toContain("\r\nRetry-After: 1\r\n");
    expect(refusal).toContain("Too many reads wait for the database.");
  });
});
