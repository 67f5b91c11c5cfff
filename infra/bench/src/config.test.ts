import { readBenchConfig } from "./config.js";

test("without options every row is measured, five times, on servers of its own", () => {
  expect(readBenchConfig([], {})).toEqual({
    databaseUrl: undefined,
    redisUrl: undefined,
    dataDir: ".data",
    rows: undefined,
    rounds: 5,
    jsonFile: undefined,
  });
});

test("BENCH_DATABASE_URL goes before DATABASE_URL", () => {
  const env = { DATABASE_URL: "postgres://one/db", BENCH_DATABASE_URL: "postgres://two/db" };
  expect(readBenchConfig([], env).databaseUrl).toBe("postgres://two/db");
  expect(readBenchConfig([], { DATABASE_URL: "postgres://one/db" }).databaseUrl).toBe("postgres://one/db");
});

test("options are read", () => {
  expect(readBenchConfig(["--rows", "bulk,single", "--rounds", "3", "--json", "out.json"], {})).toMatchObject({
    rows: ["bulk", "single"],
    rounds: 3,
    jsonFile: "out.json",
  });
});

test.each([[["--rounds", "0"]], [["--rounds", "2.5"]], [["--rounds", "100"]], [["--fast"]]])(
  "%j is refused",
  (args) => {
    expect(() => readBenchConfig(args, {})).toThrow(/--rounds must be an integer from 1 to 99|--fast/);
  },
);
