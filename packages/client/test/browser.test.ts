import { execFileSync } from "node:child_process";
import { copyFileSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execPath } from "node:process";

const DIST = join(__dirname, "..", "dist");

test("a browser loads one file, which needs no other and no package", () => {
  const folder = mkdtempSync(join(tmpdir(), "fx-client-"));
  const file = join(folder, "client.mjs");
  copyFileSync(join(DIST, "browser.js"), file);
  const script = `
    const { FxClient, parseChannel } = await import(${JSON.stringify(file)});
    console.log(JSON.stringify([typeof FxClient, parseChannel("ohlc:EURUSD:hour")]));`;
  try {
    const printed = execFileSync(execPath, ["--input-type=module", "-e", script], { cwd: folder, encoding: "utf8" });
    expect(JSON.parse(printed)).toEqual(["function", expect.objectContaining({ symbol: "EURUSD" })]);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
