import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execPath, pid as ownPid } from "node:process";
import { eventually } from "./eventually.js";
import { clearLeftServer, type ServedFolder } from "./left-server.js";
import { identityOf, isRunning, type ProcessIdentity, worksIn } from "./process-identity.js";
import { isAlive } from "./process-tree.js";

const root = mkdtempSync(join(tmpdir(), "fx-left-server-"));
const children: ChildProcess[] = [];

/** A program that could be anybody's: it ends on SIGTERM and is never waited for long. */
async function program(cwd: string): Promise<ProcessIdentity> {
  const child = spawn(execPath, ["-e", "setInterval(() => {}, 1000)"], { cwd, stdio: "ignore" });
  await once(child, "spawn");
  children.push(child);
  // Between fork and exec it works where its parent does.
  await eventually(() => worksIn(child.pid ?? 0, cwd));
  return identity(child.pid ?? 0);
}

function identity(pid: number): ProcessIdentity {
  const found = identityOf(pid);
  if (found === undefined) throw new Error(`no process ${pid}`);
  return found;
}

function servedFolder(name: string): ServedFolder {
  const folder = join(root, name);
  mkdirSync(folder, { recursive: true });
  const pidFile = join(folder, "server.pid");
  return { name: "The server", home: folder, folder, pidFile, stopSignal: "SIGTERM", stopTimeoutMs: 5_000 };
}

/** What a run leaves behind that is killed. */
function leave(served: ServedFolder, server: ProcessIdentity, parent: ProcessIdentity): void {
  writeFileSync(served.pidFile, `${server.pid}\n`);
  writeFileSync(join(served.home, "server.json"), JSON.stringify({ server, parent }));
}

/** The parent of a server that was left. */
const DEAD: ProcessIdentity = { pid: ownPid, started: "long ago" };

afterAll(() => {
  for (const child of children) child.kill("SIGKILL");
  rmSync(root, { recursive: true, force: true });
});

describe("a server that a killed run left", () => {
  it("is ended when it is the very process that was recorded, in this very folder", async () => {
    const served = servedFolder("ours");
    const server = await program(served.folder);
    leave(served, server, DEAD);
    expect(await clearLeftServer(served)).toBe(true);
    expect(isRunning(server)).toBe(false);
    expect(await clearLeftServer(served)).toBe(false);
  });

  it("is dead when its process id is another program's: that one is not signalled, even in a folder like ours", async () => {
    const served = servedFolder("stale");
    const stranger = await program(root);
    leave(served, { pid: stranger.pid, started: "before the last boot" }, DEAD);
    expect(await clearLeftServer(served)).toBe(true);
    expect(isRunning(stranger)).toBe(true);
  });

  it("is dead when the file it wrote holds nothing, or this process's own id as in a container started again", async () => {
    const served = servedFolder("own");
    writeFileSync(served.pidFile, "");
    expect(await clearLeftServer(served)).toBe(true);
    leave(served, { pid: ownPid, started: "in the container's last life" }, DEAD);
    expect(await clearLeftServer(served)).toBe(true);
  });

  it("is not ended by a copy of its folder", async () => {
    const [original, copy] = [servedFolder("original"), servedFolder("original-copy")];
    const server = await program(original.folder);
    leave(original, server, DEAD);
    for (const file of ["server.pid", "server.json"]) {
      writeFileSync(join(copy.folder, file), readFileSync(join(original.folder, file)));
    }
    expect(await clearLeftServer(copy)).toBe(true);
    expect(isRunning(server)).toBe(true);
  });

  it("is refused, not ended, while the process that started it lives", async () => {
    const served = servedFolder("in-use");
    const [server, parent] = [await program(served.folder), await program(root)];
    leave(served, server, parent);
    await expect(clearLeftServer(served)).rejects.toThrow(
      `The server (process ${server.pid}), started by process ${parent.pid}, runs on ${served.folder} already: stop it first`,
    );
    expect(isRunning(server)).toBe(true);
  });

  it("is refused, not ended, when no run of ours recorded it: somebody started it by hand", async () => {
    const served = servedFolder("by-hand");
    const server = await program(served.folder);
    writeFileSync(served.pidFile, `${server.pid}\n`);
    await expect(clearLeftServer(served)).rejects.toThrow(`(process ${server.pid}), started by somebody else, runs on`);
    expect(isAlive(server.pid)).toBe(true);
  });

  it("is told from others by a record that is whole: one that was damaged proves nothing", async () => {
    const served = servedFolder("damaged");
    for (const text of ["", "{", "null", '{"server":{"pid":-1}}', '{"server":{"pid":"1","started":"x"}}']) {
      writeFileSync(join(served.home, "server.json"), text);
      expect(await clearLeftServer(served)).toBe(false);
    }
  });
});
