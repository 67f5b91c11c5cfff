import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onSmallDisk } from "@fx-ohlc/embedded";
import { logWriter } from "./log-file.js";

const SIZE_MAX = 1_000;
const LINE = "x".repeat(99);

describe("a log file", () => {
  const logs = mkdtempSync(join(tmpdir(), "fx-logs-"));
  const file = join(logs, "service.log");

  afterAll(() => rmSync(logs, { recursive: true, force: true }));

  it("holds the newest lines, and never takes more than twice its limit", () => {
    const write = logWriter(logs, "service", SIZE_MAX);
    for (let n = 0; n < 1_000; n += 1) {
      write(`${n} ${LINE}`);
      expect(statSync(file).size).toBeLessThan(SIZE_MAX + 200);
    }
    expect(readdirSync(logs).sort()).toEqual(["service.log", "service.log.1"]);
    expect(statSync(`${file}.1`).size).toBeLessThan(SIZE_MAX + 200);
    expect(readFileSync(file, "utf8")).toContain("999 ");
  });

  it("keeps that of the last run beside its own", () => {
    logWriter(logs, "service", SIZE_MAX)("a new run");
    expect(readFileSync(file, "utf8")).toBe("a new run\n");
    expect(readFileSync(`${file}.1`, "utf8")).toContain("999 ");
  });

  it("loses what a full disk does not take, ends nothing by it, and goes on when there is room", () =>
    onSmallDisk(16, (disk) => {
      const write = logWriter(disk.folder, "service", SIZE_MAX * 1_000);
      for (let n = 0; n < 1_000; n += 1) write(LINE);
      disk.resize(1024);
      write("there is room again");
      expect(readFileSync(join(disk.folder, "service.log"), "utf8")).toContain("there is room again\n");
    }));
});
