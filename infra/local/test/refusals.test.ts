import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { eventually, freePort } from "@fx-ohlc/embedded";
import { readStackConfig } from "../src/config.js";
import { claimDataFolder } from "../src/data-folder.js";
import { requirePorts } from "../src/ports.js";

const folder = mkdtempSync(join(tmpdir(), "fx-refusals-"));

afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe("what keeps the stack from starting is said in one line:", () => {
  it("a port that is in use", async () => {
    const server = createServer().listen(0);
    await once(server, "listening");
    const address = server.address();
    const port = typeof address === "object" ? (address?.port ?? 0) : 0;
    await expect(requirePorts([await freePort(), port], 0)).rejects.toThrow(`port ${port} is in use already: stop`);
    server.close();
  });

  it("a data folder that cannot be made, because a file is in the way or the file system does not take it", async () => {
    const file = join(folder, "file");
    writeFileSync(file, "");
    await expect(claimDataFolder(file)).rejects.toThrow(/^cannot write to the data folder .*file \(ENOTDIR\): /);
    await expect(claimDataFolder("/proc/fx-ohlc")).rejects.toThrow(/^cannot write to the data folder/);
  });

  it("a variable that is wrong, without its value", () => {
    const env = { PORT: "x", FX_SIMULATE: "maybe", DATABASE_URL: "mysql://me:secret@host/db" };
    expect(() => readStackConfig(env)).toThrow(
      "invalid configuration: PORT must be a whole number from 1 to 65532; FX_SIMULATE must be true or false; DATABASE_URL must be a postgres:// URL",
    );
  });
});

describe("after an earlier stack was killed", () => {
  it("its data folder can be taken, and tells so", async () => {
    const path = join(folder, "killed");
    const first = await claimDataFolder(path);
    expect(first.wasKilled).toBe(false);
    // A process id beyond the kernel's range: nobody has it.
    writeFileSync(join(path, "stack.pid"), "4194999\n");
    const second = await claimDataFolder(path);
    expect(second.wasKilled).toBe(true);
    second.release();
    const third = await claimDataFolder(path);
    expect(third.wasKilled).toBe(false);
  });

  it("its ports are waited for", async () => {
    const server = createServer().listen(0);
    await once(server, "listening");
    const address = server.address();
    const port = typeof address === "object" ? (address?.port ?? 0) : 0;
    let isFree = false;
    const free = requirePorts([port], 5_000).then(() => (isFree = true));
    await expect(eventually(() => isFree, { timeoutMs: 300 })).rejects.toThrow();
    server.close();
    await free;
  });
});
