import { Health, HealthProblem } from "./health.js";

/** A dependency under the test's control. */
function dependency(name: "database" | "redis", requiredForReady = true) {
  return {
    name,
    requiredForReady,
    checks: 0,
    answer: (): Promise<unknown> => Promise.resolve(),
    check() {
      this.checks += 1;
      return this.answer();
    },
  };
}

const refused = () => Promise.reject(new Error("refused"));
const frozen = () => new Promise<never>(() => undefined);

function healthOf(...dependencies: ReturnType<typeof dependency>[]) {
  const clock = { ms: 0 };
  const health = new Health({ version: "1.2.3", dependencies, nowMs: () => clock.ms });
  return { health, clock };
}

describe("Health", () => {
  test("is healthy with every dependency connected and reports only those it has", async () => {
    const { health } = healthOf(dependency("database"));
    const { timestamp, ...report } = await health.report();
    expect(report).toEqual({ status: "healthy", database: "connected", version: "1.2.3" });
    expect(Date.parse(timestamp ?? "")).not.toBeNaN();
  });

  test("is unhealthy but ready without a dependency it can do without", async () => {
    const redis = dependency("redis", false);
    redis.answer = refused;
    const { health } = healthOf(dependency("database"), redis);
    expect(await health.report()).toMatchObject({ status: "unhealthy", database: "connected", redis: "disconnected" });
    expect(await health.isReady()).toBe(true);
  });

  test("is not ready without a dependency it needs, and ready again when it is back", async () => {
    const database = dependency("database");
    database.answer = refused;
    const { health, clock } = healthOf(database);
    expect(await health.isReady()).toBe(false);
    database.answer = () => Promise.resolve();
    clock.ms += 501;
    expect(await health.isReady()).toBe(true);
  });

  test("is not ready once it drains, whatever its dependencies say", async () => {
    const { health } = healthOf(dependency("database"));
    health.drain();
    expect(await health.isReady()).toBe(false);
  });

  test("shares one check among all who ask at the same time and for half a second after", async () => {
    const database = dependency("database");
    const { health, clock } = healthOf(database);
    await Promise.all([health.report(), health.report(), health.isReady()]);
    clock.ms += 499;
    await health.report();
    expect(database.checks).toBe(1);
    clock.ms += 2;
    await health.report();
    expect(database.checks).toBe(2);
  });

  test("reports a frozen dependency within its deadline, without a second check piling up, and recovers from it", async () => {
    const database = dependency("database");
    let thaw: () => void = () => undefined;
    database.answer = () =>
      new Promise<void>((resolve) => {
        thaw = resolve;
      });
    const { health, clock } = healthOf(database);
    expect((await health.report()).database).toBe("disconnected");
    clock.ms += 2000;
    expect((await health.report()).database).toBe("disconnected");
    expect(database.checks).toBe(1);
    thaw();
    clock.ms += 2000;
    await new Promise(setImmediate);
    database.answer = () => Promise.resolve();
    expect((await health.report()).database).toBe("connected");
  });

  test("gives up a check that never settles after ten seconds and makes a new one", async () => {
    const database = dependency("database");
    database.answer = frozen;
    const { health, clock } = healthOf(database);
    await health.report();
    clock.ms += 10_001;
    database.answer = () => Promise.resolve();
    expect((await health.report()).database).toBe("connected");
  });

  test("takes a check that throws for a refusal", async () => {
    const database = dependency("database");
    database.answer = () => {
      throw new Error("no pool");
    };
    const { health } = healthOf(database);
    expect((await health.report()).database).toBe("disconnected");
  });

  test("is not ready before what has to happen once after the start has happened", async () => {
    let isPrepared = false;
    const database = dependency("database");
    const health = new Health({ version: "1", dependencies: [database], isPrepared: () => isPrepared });
    expect(await health.isReady()).toBe(false);
    isPrepared = true;
    expect(await health.isReady()).toBe(true);
  });

  test("shows what a dependency says is wrong, once, and neither uses it nor shows any other error", async () => {
    const [database, direct, redis] = [dependency("database"), dependency("database"), dependency("redis", false)];
    database.answer = () => Promise.reject(new HealthProblem("the database is read-only"));
    direct.answer = () => Promise.reject(new HealthProblem("the database is read-only"));
    redis.answer = () => Promise.reject(new Error("password 123 is wrong"));
    const { health } = healthOf(database, direct, redis);
    expect(await health.report()).toMatchObject({
      ...{ status: "unhealthy", database: "disconnected", redis: "disconnected" },
      problems: ["the database is read-only"],
    });
    expect(await health.isReady()).toBe(false);
  });

  test("is unhealthy and still ready with a problem of its own, and shows further members", async () => {
    const problems: string[] = [];
    const health = new Health({
      ...{ version: "1", dependencies: [dependency("database")] },
      problems: () => problems,
      details: () => ({ clock_skew_s: -0.25 }),
    });
    const { timestamp: _, ...report } = await health.report();
    expect(report).toEqual({ status: "healthy", database: "connected", clock_skew_s: -0.25, version: "1" });
    problems.push("the clock is wrong");
    expect(await health.report()).toMatchObject({ status: "unhealthy", database: "connected", problems });
    expect(await health.isReady()).toBe(true);
  });

  test("reads what has to be fresh after it was asked, once for all who ask meanwhile, and leaves it out when it fails", async () => {
    const readings: ((windows: number) => void)[] = [];
    let isBroken = false;
    const health = new Health({
      ...{ version: "1", dependencies: [] },
      freshDetails: () => {
        if (isBroken) return Promise.reject(new Error("no pool"));
        return new Promise((resolve) => readings.push((windows) => resolve({ refresh_backlog_windows: windows })));
      },
    });
    const first = health.report();
    await new Promise(setImmediate);
    const others = [health.report(), health.report()];
    readings[0]?.(5);
    expect((await first).refresh_backlog_windows).toBe(5);
    await new Promise(setImmediate);
    expect(readings).toHaveLength(2);
    readings[1]?.(0);
    for (const other of others) expect((await other).refresh_backlog_windows).toBe(0);
    isBroken = true;
    expect(await health.report()).not.toHaveProperty("refresh_backlog_windows");
  });
});
