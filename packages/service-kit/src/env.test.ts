import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ConfigError, type EnvReader, readEnv } from "./env.js";

function problemsOf(env: Record<string, string>, build: (read: EnvReader) => unknown): readonly string[] {
  try {
    readEnv(env, build);
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
  return [];
}

describe("readEnv", () => {
  test("reads every type, takes defaults for what is missing or empty, and ignores unknown variables", () => {
    const env = {
      PORT: "8001",
      FLAG: "Yes",
      URL: "postgres://u:p@h/db",
      ORIGINS: "a, b",
      MODE: "fast",
      EMPTY: "",
      OTHER: "x",
    };
    const config = readEnv(env, (read) => ({
      port: read.port("PORT"),
      flag: read.boolean("FLAG"),
      url: read.url("URL", "postgres"),
      origins: read.list("ORIGINS"),
      mode: read.choice("MODE", ["slow", "fast"]),
      empty: read.integer("EMPTY", { min: 1, max: 9, default: 5 }),
      absent: read.string("ABSENT", { default: undefined }),
    }));
    expect(config).toEqual({
      port: 8001,
      flag: true,
      url: "postgres://u:p@h/db",
      origins: ["a", "b"],
      mode: "fast",
      empty: 5,
      absent: undefined,
    });
  });

  test("names every missing and every wrong variable in one line", () => {
    const env = { PORT: "70000", FLAG: "maybe", LEVEL: "loud" };
    const build = (read: EnvReader) => [
      read.port("PORT"),
      read.boolean("FLAG"),
      read.choice("LEVEL", ["info", "debug"]),
      read.url("DATABASE_URL", "postgres"),
    ];
    expect(() => readEnv(env, build)).toThrow(
      new ConfigError([
        "PORT must be a whole number from 0 to 65535",
        "FLAG must be true or false",
        "LEVEL must be one of info, debug",
        "DATABASE_URL is required and must be a postgres:// URL",
      ]),
    );
  });

  test("never prints a value", () => {
    const secret = "mysql://root:hunter2@db/x";
    const problems = problemsOf({ A: secret, B: secret }, (read) => [
      read.url("A", "postgres"),
      read.integer("B", { min: 0, max: 9, unit: "ms" }),
    ]);
    expect(problems).toHaveLength(2);
    expect(problems.join()).not.toContain("hunter2");
  });

  test.each(["", "1.5", "1e3", "0x10", "12345678901234567890", "ten", "-1", "11"])(
    "refuses %p as an integer from 0 to 10",
    (raw) => {
      expect(problemsOf({ N: raw }, (read) => read.integer("N", { min: 0, max: 10 }))).toHaveLength(1);
    },
  );

  test("complains about a rule between variables only when each of them is fine", () => {
    const build = (read: EnvReader) => {
      const min = read.integer("MIN", { min: 0, max: 100 });
      const max = read.integer("MAX", { min: 0, max: 100 });
      read.rule(["MIN", "MAX"], min <= max, "must not be above MAX");
    };
    expect(problemsOf({ MIN: "5", MAX: "1" }, build)).toEqual(["MIN must not be above MAX"]);
    expect(problemsOf({ MIN: "5", MAX: "x" }, build)).toEqual(["MAX must be a whole number from 0 to 100"]);
  });

  test("freezes the configuration all the way down", () => {
    const config = readEnv({ L: "a" }, (read) => ({ inner: { list: read.list("L") } }));
    expect(Object.isFrozen(config.inner.list)).toBe(true);
    expect(() => Object.assign(config.inner, { list: [] })).toThrow(TypeError);
  });
});

describe("a variable that names a file", () => {
  const folder = mkdtempSync(join(tmpdir(), "fx-env-"));
  const file = join(folder, "url");

  beforeAll(() => writeFileSync(file, "postgres://u:p@h/db\n"));
  afterAll(() => rmSync(folder, { recursive: true }));

  test("stands for the variable itself, without the line's end", () => {
    expect(readEnv({ URL_FILE: file }, (read) => read.url("URL", "postgres"))).toBe("postgres://u:p@h/db");
  });

  test("is held to the same rule, without printing what the file holds", () => {
    expect(problemsOf({ URL_FILE: file }, (read) => read.url("URL", "redis"))).toEqual(["URL must be a redis:// URL"]);
  });

  test("is refused when the file cannot be read, or beside the variable itself", () => {
    expect(problemsOf({ URL_FILE: join(folder, "none") }, (read) => read.url("URL", "postgres"))).toEqual([
      "URL_FILE must name a file that can be read",
    ]);
    expect(problemsOf({ URL: "x", URL_FILE: file }, (read) => read.url("URL", "postgres"))).toEqual([
      "URL must not be set beside URL_FILE",
    ]);
  });
});
