import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { cpSync, mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execPath, pid as ownPid } from "node:process";
import { isAlive, onSmallDisk } from "@fx-ohlc/embedded";
import { claimDataFolder } from "../src/data-folder.js";

const root = realpathSync(mkdtempSync(join(tmpdir(), "fx-data-folder-")));
const children: ChildProcess[] = [];

afterAll(() => {
  for (const child of children) child.kill("SIGKILL");
  rmSync(root, { recursive: true, force: true });
});

/** A process that claims a folder and says how that went. It runs the build: turbo builds before it tests. */
function claimant(path: string): ChildProcess {
  const script = `
    const { claimDataFolder } = await import(${JSON.stringify(new URL("../dist/data-folder.js", import.meta.url).href)});
    setInterval(() => {}, 1000);
    await claimDataFolder(${JSON.stringify(path)}).then(() => console.log("has it"), (error) => console.log(error.message));`;
  const child = spawn(execPath, ["--input-type=module", "-e", script], { stdio: ["ignore", "pipe", "inherit"] });
  children.push(child);
  return child;
}

async function said(child: ChildProcess): Promise<string> {
  const [line] = (await once(child.stdout ?? child, "data")) as [Buffer];
  return line.toString().trim();
}

describe("a data folder", () => {
  it("is one stack's at a time: of two that start at the same moment one is refused, and told which process has it", async () => {
    const path = join(root, "two");
    const both = [claimant(path), claimant(path)];
    const lines = await Promise.all(both.map(said));
    const winner = both[lines.indexOf("has it")];
    const refusal = lines.find((line) => line !== "has it");
    expect(refusal).toBe(
      `a stack runs on ${path} already (process ${winner?.pid}): stop it first, or start another one with FX_DATA_DIR and PORT`,
    );
  });

  it("is free as soon as its holder is killed, and tells that it was; also where the holder was frozen", async () => {
    const path = join(root, "killed");
    const holder = claimant(path);
    expect(await said(holder)).toBe("has it");
    holder.kill("SIGSTOP");
    holder.kill("SIGKILL");
    const folder = await claimDataFolder(path);
    expect(folder.wasKilled).toBe(true);
    folder.release();
    const again = await claimDataFolder(path);
    expect(again.wasKilled).toBe(false);
    again.release();
  });

  it("stays its holder's while that is frozen", async () => {
    const path = join(root, "frozen");
    const holder = claimant(path);
    expect(await said(holder)).toBe("has it");
    holder.kill("SIGSTOP");
    await expect(claimDataFolder(path)).rejects.toThrow(`(process ${holder.pid})`);
  });

  it("is free whatever process id was left in it: one's own (a container started again), another program's, process 1", async () => {
    const path = join(root, "stale");
    mkdirSync(path);
    const stranger = spawn(execPath, ["-e", "setInterval(() => {}, 1000)", "bootstrap.mjs"], { stdio: "ignore" });
    children.push(stranger);
    await once(stranger, "spawn");
    for (const pid of [ownPid, stranger.pid, 1, "", "no number", -1]) {
      writeFileSync(join(path, "stack.lock"), `${pid}\n`);
      writeFileSync(join(path, "stack.pid"), `${pid}\n`);
      const folder = await claimDataFolder(path);
      expect(folder.wasKilled).toBe(true);
      folder.release();
    }
    expect(isAlive(stranger.pid ?? 0)).toBe(true);
  });

  it("is the same by a link, and a copy of it is another", async () => {
    const [path, link, copy] = [join(root, "real"), join(root, "link"), join(root, "copy")];
    const folder = await claimDataFolder(path);
    symlinkSync(path, link);
    expect(await said(claimant(link))).toContain(`a stack runs on ${path} already (process ${ownPid})`);
    cpSync(path, copy, { recursive: true });
    const copied = await claimDataFolder(copy);
    copied.release();
    folder.release();
  });

  it("that cannot be made is told: a file is in the way, a link leads nowhere, the file system does not take it", async () => {
    const [file, link] = [join(root, "file"), join(root, "nowhere")];
    writeFileSync(file, "");
    symlinkSync(join(root, "unmounted"), link);
    await expect(claimDataFolder(file)).rejects.toThrow(/^cannot write to the data folder .*file \(ENOTDIR\): /);
    await expect(claimDataFolder(link)).rejects.toThrow(/\(EEXIST\): it is a link to what is not there; make that, or/);
    await expect(claimDataFolder("/proc/fx-ohlc")).rejects.toThrow(/^cannot write to the data folder/);
  });

  it("on a full disk or a read-only one is told as such, and taken when that is over", () =>
    onSmallDisk(64, async (disk) => {
      const path = join(disk.folder, "data");
      mkdirSync(join(path, "logs"), { recursive: true });
      // Every block, and the folder entries that the lock would need are there already.
      execFileSync("sh", ["-c", `: > ${path}/stack.lock; cat /dev/zero > ${disk.folder}/fill 2>/dev/null || true`]);
      await expect(claimDataFolder(path)).rejects.toThrow(
        `cannot write to the data folder ${path} (ENOSPC): its disk is full; free some space, or choose another with FX_DATA_DIR`,
      );
      disk.resize(1024);
      (await claimDataFolder(path)).release();
      execFileSync("mount", ["-o", "remount,ro", disk.folder]);
      await expect(claimDataFolder(path)).rejects.toThrow(
        "(EROFS): its file system is read-only; mount it for writing, or",
      );
    }));
});
