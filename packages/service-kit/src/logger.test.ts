import { PassThrough } from "node:stream";
import { createLogger, type LogLevel, redact } from "./logger.js";

function logged(level: LogLevel, write: (logger: ReturnType<typeof createLogger>) => void): Record<string, unknown>[] {
  const destination = new PassThrough();
  write(createLogger({ service: "test", level, destination }));
  const text: string = destination.read()?.toString() ?? "";
  return text
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line));
}

describe("createLogger", () => {
  test("writes one JSON object a line with service, level, message and the fields given", () => {
    const [line] = logged("info", (logger) => logger.info("hello", { request_id: "r1", rows: 3 }));
    expect(line).toMatchObject({ service: "test", level: "info", message: "hello", request_id: "r1", rows: 3 });
    expect(line?.timestamp).toMatch(/^\d{4}-.*Z$/);
  });

  test("leaves out what is below its level", () => {
    const lines = logged("warn", (logger) => logger.info("quiet") && logger.warn("loud"));
    expect(lines.map(({ message }) => message)).toEqual(["loud"]);
  });

  test("hides the credentials of every URL, however deep and also in errors", () => {
    const url = "postgres://admin:hunter2@db:5432/fx";
    const cause = new Error(`cause ${url}`);
    const lines = logged("info", (logger) =>
      logger.info(`connecting to ${url}`, { error: new Error(`failed ${url}`, { cause }), nested: { list: [url] } }),
    );
    expect(JSON.stringify(lines)).not.toContain("hunter2");
    expect(lines[0]).toMatchObject({
      message: "connecting to postgres://***@db:5432/fx",
      error: { message: "failed postgres://***@db:5432/fx", cause: { message: "cause postgres://***@db:5432/fx" } },
    });
  });

  test("survives cyclic fields and integers that JSON does not know", () => {
    const cyclic: Record<string, unknown> = { big: 12n };
    cyclic.self = cyclic;
    const [line] = logged("info", (logger) => logger.info("cycle", { cyclic }));
    expect(line).toMatchObject({ cyclic: { big: "12" } });
  });
});

test("redact leaves text without credentials as it is", () => {
  expect(redact("redis://cache:6379/0 and user@example.com")).toBe("redis://cache:6379/0 and user@example.com");
});
