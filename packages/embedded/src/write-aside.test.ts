import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isRoot } from "./account.js";
import { onSmallDisk } from "./small-disk.js";
import { readKept, writeAside } from "./write-aside.js";

const folder = mkdtempSync(join(tmpdir(), "fx-write-aside-"));

afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe("a file that is kept", () => {
  it("is as it was when the disk is full, with nothing beside it, and written once there is room", () =>
    onSmallDisk(16, (disk) => {
      const file = join(disk.folder, "kept");
      writeAside(file, "old\n");
      const large = "x".repeat(64 * 1024);
      expect(() => writeAside(file, large)).toThrow(`cannot write ${file}: the disk is full (ENOSPC)`);
      expect(readKept(file)).toBe("old");
      expect(existsSync(`${file}.new`)).toBe(false);
      disk.resize(1024);
      writeAside(file, large);
      expect(readKept(file)).toBe(large);
    }));

  it("is as it was when it may not be written", () => {
    const file = join(folder, "not-a-folder", "kept");
    writeFileSync(join(folder, "not-a-folder"), "");
    expect(() => writeAside(file, "new\n")).toThrow(`cannot write ${file}: `);
    if (isRoot()) return;
    const closed = mkdtempSync(join(folder, "closed-"));
    writeAside(join(closed, "kept"), "old\n");
    chmodSync(closed, 0o500);
    expect(() => writeAside(join(closed, "kept"), "new\n")).toThrow("this user may not (EACCES)");
    expect(readKept(join(closed, "kept"))).toBe("old");
    chmodSync(closed, 0o700);
  });

  it("is for its owner alone, whatever a killed run left beside it", () => {
    const file = join(folder, "secret");
    writeFileSync(`${file}.new`, "half of", { mode: 0o644 });
    writeAside(file, "whole\n");
    expect(readFileSync(file, "utf8")).toBe("whole\n");
    expect(statSync(file).mode & 0o777).toBe(0o600);
  });

  it("is absent when it is empty, as a full disk once left it", () => {
    const file = join(folder, "empty");
    writeFileSync(file, "");
    expect(readKept(file)).toBeUndefined();
    expect(readKept(join(folder, "none"))).toBeUndefined();
  });
});
