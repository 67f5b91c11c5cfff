import { migrate } from "@fx-ohlc/database";
import {
  emptyDatabase,
  eventually,
  type FaultProxy,
  faultProxy,
  type TestDatabase,
  testDatabase,
  testPostgres,
  watchEventLoop,
} from "@fx-ohlc/testkit";
import { type App, createApp } from "../src/app.js";
import { type Answer, configFor, get } from "./read-side.js";

const PATH = "/ohlc/minute?symbol=EURUSD&start=2024-03-05T10:00:00Z";

let database: TestDatabase;
let proxy: FaultProxy;
let running: App[] = [];

beforeAll(async () => {
  database = await testDatabase();
  proxy = await faultProxy(database.url);
});

afterEach(async () => {
  await proxy.pass();
  await Promise.all(running.map((app) => app.stop()));
  running = [];
});

afterAll(async () => {
  await proxy.close();
  await database.drop();
});

function create(databaseUrl: string): App {
  const app = createApp(configFor(databaseUrl), "1", new AbortController().signal);
  running.push(app);
  return app;
}

/** The service runs in this process. */
const heldUpMs = watchEventLoop();

const urlOf = (app: App) => `http://127.0.0.1:${app.port}`;

/** An answer with the time it took. */
async function timed(url: string, path: string): Promise<Answer<Record<string, unknown>> & { readonly ms: number }> {
  const startedMs = performance.now();
  const answer = await get<Record<string, unknown>>(url, path);
  return { ...answer, ms: performance.now() - startedMs };
}

const unhealthy = <A extends { readonly status: number }>(answer: A) => (answer.status === 503 ? answer : undefined);

async function expectOutage(url: string): Promise<void> {
  for (const path of [PATH, "/ticks?symbol=EURUSD&start=2024-03-05T10:00:00Z", "/symbols", "/internal/anchor"]) {
    const answer = await timed(url, path);
    expect(answer.status).toBe(503);
    expect(Number(answer.headers.get("retry-after"))).toBeGreaterThan(0);
    expect(answer.ms).toBeLessThan(2000 + heldUpMs());
  }
  const health = await eventually(async () => unhealthy(await timed(url, "/health")));
  expect(health.body).toMatchObject({ status: "unhealthy", database: "disconnected" });
  expect(health.ms).toBeLessThan(2000 + heldUpMs());
  expect((await get(url, "/ready")).status).toBe(503);
  expect((await get(url, "/live")).status).toBe(200);
}

async function expectRecovery(url: string): Promise<void> {
  await eventually(async () => (await get(url, "/ready")).status === 200, { what: "readiness" });
  await eventually(async () => (await get(url, PATH)).status === 200, { what: "an answer" });
}

describe("while the database is away", () => {
  test.each([
    ["refuses connections", () => proxy.refuse()],
    ["is frozen", async () => proxy.freeze()],
  ])(
    "reads are 503 within two seconds when it %s, and work again when it is back",
    async (_how, fail) => {
      const app = create(proxy.url);
      await app.start();
      const url = urlOf(app);
      expect((await get(url, PATH)).status).toBe(200);
      await fail();
      await expectOutage(url);
      await proxy.pass();
      await expectRecovery(url);
    },
    40_000,
  );

  test("reads that were waiting for it are answered too", async () => {
    const app = create(proxy.url);
    await app.start();
    const url = urlOf(app);
    await Promise.all(Array.from({ length: 20 }, () => get(url, PATH)));
    proxy.freeze();
    const answers = await Promise.all(Array.from({ length: 50 }, () => timed(url, PATH)));
    for (const { status, ms } of answers) {
      expect(status).toBe(503);
      expect(ms).toBeLessThan(2000 + heldUpMs());
    }
  });

  test("a whole range under way is cut off, so that its reader does not take it for whole", async () => {
    const app = create(proxy.url);
    await app.start();
    // Every empty minute since 1970: it would take an hour.
    const path = "/ohlc/minute?symbol=NOBODY&start=1970-01-01T00:00:00Z&fill=null&limit=all&format=csv";
    const response = await fetch(urlOf(app) + path);
    expect(response.status).toBe(200);
    const reader = response.body?.getReader();
    expect((await reader?.read())?.value?.length).toBeGreaterThan(0);
    await proxy.refuse();
    const readOn = async () => {
      for (let done = false; !done; ) done = (await reader?.read())?.done ?? true;
    };
    await expect(readOn()).rejects.toThrow();
  });

  test("the service starts, is not ready, and becomes ready by itself", async () => {
    await proxy.refuse();
    const app = create(proxy.url);
    const started = app.start();
    await eventually(() => app.port !== 0, { what: "the port" });
    await expectOutage(urlOf(app));
    await proxy.pass();
    await started;
    await expectRecovery(urlOf(app));
  });
});

test("a real PostgreSQL that is frozen, then killed and started again, is survived", async () => {
  const server = await testPostgres();
  try {
    await migrate({
      url: server.url,
      engine: "postgres",
      dayBoundary: { hour: 22, timezone: "UTC" },
      compressionAfterDays: 0,
      retentionDays: 0,
      refreshIntervals: { minute: 5, hour: 30, day: 300 },
    });
    const app = create(server.url);
    await app.start();
    const url = urlOf(app);
    server.freeze();
    await expectOutage(url);
    server.thaw();
    await expectRecovery(url);
    await server.kill9();
    await expectOutage(url);
    await server.start();
    await expectRecovery(url);
    await app.stop();
    running = [];
  } finally {
    await server.drop();
  }
});

test("a database without the schema of this build is refused with what to do", async () => {
  const bare = await emptyDatabase();
  try {
    const app = create(bare.url);
    await expect(app.start()).rejects.toThrow(/run fx-migrate/);
    await app.stop();
    running = [];
  } finally {
    await bare.drop();
  }
});
