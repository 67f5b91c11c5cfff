import { execFileSync } from "node:child_process";
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { clusterIn, databaseHome, type HomeOptions } from "./database-home.js";
import { HOME_FILE } from "./home-file.js";
import { hashOf } from "./server-folders.js";

/** Nobody's, so it may enter only what everybody may. */
const ACCOUNT = { name: "nobody-here", uid: 54_321, gid: 54_321 };

let root: string;
let said: string[];

/** As on a machine where root starts the stack in its own home. */
function options(name: string): HomeOptions {
  const say = (line: string): void => void said.push(line);
  return { dataDir: join(root, "closed", name), account: ACCOUNT, sharedRoot: join(root, "shared"), say };
}

/** One start: the home, and in it a cluster with something that tells it from others. */
function start(name: string, over: Partial<HomeOptions> = {}): string {
  const home = databaseHome({ ...options(name), ...over });
  mkdirSync(clusterIn(home), { recursive: true });
  return home;
}

function path(name: string): string {
  return join(root, "closed", name);
}

beforeEach(() => {
  root = realpathSync(mkdtempSync(join(tmpdir(), "fx-home-")));
  chmodSync(root, 0o755);
  mkdirSync(join(root, "closed"), { mode: 0o700 });
  said = [];
});

afterEach(() => rmSync(root, { recursive: true, force: true }));

describe("a data folder that PostgreSQL's account cannot enter", () => {
  it("has its database elsewhere, at every start the same one", () => {
    const home = start("a");
    expect(home).toBe(join(root, "shared", basename(home)));
    expect(start("a")).toBe(home);
    expect(start("b")).not.toBe(home);
    expect(said).toEqual([]);
  });

  it("keeps its database when it is moved, says so, and leaves its old path to another", () => {
    const home = start("a");
    renameSync(path("a"), path("moved"));
    const fresh = start("a");
    expect(fresh).not.toBe(home);
    expect(said.splice(0).join()).toContain(
      `an earlier database of this data folder is in ${home} and is not used here`,
    );
    expect(start("moved")).toBe(home);
    expect(said).toEqual([
      `the data folder was ${path("a")} and is ${path("moved")} now; its database in ${home} goes with it`,
    ]);
    said = [];
    expect([start("a"), start("moved")]).toEqual([fresh, home]);
    expect(said).toEqual([]);
  });

  it("is refused when it is a copy, until the command that it tells gives it a copy of the database", () => {
    const home = start("a");
    writeFileSync(join(clusterIn(home), "rows"), "1");
    cpSync(path("a"), path("copy"), { recursive: true });
    let refusal = "";
    try {
      start("copy");
    } catch (error) {
      refusal = String(error);
    }
    expect(refusal).toContain(
      `${path("copy")} is a copy of ${path("a")}, and both name the database in ${home}: start that`,
    );
    expect(start("a")).toBe(home);
    execFileSync("sh", ["-c", refusal.slice(refusal.indexOf("cp -a"))]);
    const own = start("copy");
    expect(own).not.toBe(home);
    expect(readFileSync(join(clusterIn(own), "rows"), "utf8")).toBe("1");
    expect([start("a"), start("copy")]).toEqual([home, own]);
  });

  it("shares its database with none of two copies whose original is gone", () => {
    const home = start("a");
    cpSync(path("a"), path("b"), { recursive: true });
    renameSync(path("a"), path("c"));
    expect(start("b")).toBe(home);
    expect(() => start("c")).toThrow(`${path("c")} is a copy of ${path("b")}`);
  });

  it("starts empty after it was deleted, is told where the old database is, and gets it back with the command told", () => {
    const old = start("a");
    rmSync(path("a"), { recursive: true });
    const fresh = start("a");
    expect(fresh).not.toBe(old);
    expect(said.join()).toContain(old);
    const back = /"(cp [^"]+)"/.exec(said.splice(0).join())?.[1] ?? "";
    execFileSync("sh", ["-c", back]);
    expect(start("a")).toBe(old);
    expect(said.splice(0).join()).toContain(`"rm -r ${fresh}" removes it`);
    rmSync(fresh, { recursive: true });
    start("a");
    expect(said).toEqual([]);
  });

  it("is refused where its database is not, as on another machine", () => {
    const home = start("a");
    rmSync(home, { recursive: true });
    expect(() => start("a")).toThrow(
      `has its database in ${home}, which is not there: put it back, or start with an empty one: rm ${path("a")}/${HOME_FILE}`,
    );
    rmSync(join(path("a"), HOME_FILE));
    expect(start("a")).not.toBe(home);
  });

  it("is refused when its database names another folder's id", () => {
    const [a, b] = [start("a"), start("b")];
    cpSync(join(b, HOME_FILE), join(a, HOME_FILE));
    expect(() => start("a")).toThrow(`has its database in ${a}, which belongs to another one, ${path("b")}`);
  });

  it("is the same by a link as by its path, and follows a link to where the account may not go", () => {
    const home = start("a");
    symlinkSync(path("a"), join(root, "link"));
    expect(start("a", { dataDir: join(root, "link") })).toBe(home);
    expect(said).toEqual([]);
  });

  it("takes up a first start that was killed before the folder named the home, or before there was a cluster", () => {
    const home = databaseHome(options("a"));
    rmSync(join(path("a"), HOME_FILE));
    expect(databaseHome(options("a"))).toBe(home);
    expect(start("a")).toBe(home);
    expect(said).toEqual([]);
  });

  it("keeps what the first version stored, which named the home after the path", () => {
    const first = join(root, "shared", hashOf(path("a")));
    mkdirSync(clusterIn(first), { recursive: true });
    mkdirSync(path("a"));
    expect(start("a")).toBe(first);
    renameSync(path("a"), path("moved"));
    expect(start("moved")).toBe(first);
  });

  it("does not bring back what the first version stored when it was deleted since, and tells where that is", () => {
    const first = join(root, "shared", hashOf(path("a")));
    mkdirSync(clusterIn(first), { recursive: true });
    expect(start("a")).not.toBe(first);
    expect(said.join()).toContain(`an earlier database of this data folder is in ${first}`);
  });

  it("is told of the first version's database when it was moved before this version, and takes it with the command told", () => {
    const first = join(root, "shared", hashOf("/where/it/was"));
    mkdirSync(clusterIn(first), { recursive: true });
    mkdirSync(path("a"));
    start("a");
    const take = said.join().split("take it: ")[1] ?? "";
    execFileSync("sh", ["-c", take], { stdio: "ignore" });
    expect(start("a")).toBe(first);
  });
});

describe("a data folder that holds its database itself", () => {
  /** As for any user but root. */
  const own = { account: undefined };

  it("keeps it when it is moved, shares nothing with a copy, and starts empty after it was deleted", () => {
    expect(start("a", own)).toBe(path("a"));
    cpSync(path("a"), path("copy"), { recursive: true });
    renameSync(path("a"), path("moved"));
    expect([start("copy", own), start("moved", own)]).toEqual([path("copy"), path("moved")]);
    rmSync(path("moved"), { recursive: true });
    expect(databaseHome({ ...options("moved"), ...own })).toBe(path("moved"));
    expect(existsSync(clusterIn(path("moved")))).toBe(false);
    expect(said).toEqual([]);
  });

  it("is refused, with what to do, when root moves it where PostgreSQL's account cannot go", () => {
    mkdirSync(join(root, "open"));
    const dataDir = join(root, "open", "a");
    expect(start("", { dataDir })).toBe(dataDir);
    renameSync(dataDir, path("a"));
    expect(() => start("a")).toThrow(
      `move the data folder elsewhere, or let it pass: chmod o+x ${join(root, "closed")}`,
    );
    chmodSync(join(root, "closed"), 0o701);
    expect(start("a")).toBe(path("a"));
  });

  it("has its database elsewhere for good when that was decided once, also where the account may enter now", () => {
    const home = start("a");
    chmodSync(join(root, "closed"), 0o755);
    expect(start("a")).toBe(home);
  });

  it("is refused as a copy that was made while its database ran", () => {
    start("a", own);
    writeFileSync(join(clusterIn(path("a")), "postmaster.pid"), `123\n${clusterIn(path("a"))}\n`);
    cpSync(path("a"), path("copy"), { recursive: true });
    expect(start("a", own)).toBe(path("a"));
    expect(() => start("copy", own)).toThrow(`${path("copy")} was copied from ${path("a")} while its database ran`);
    // Moved after a kill it is whole, also when a new one is in its place.
    rmSync(path("copy"), { recursive: true });
    renameSync(path("a"), path("moved"));
    start("a", own);
    expect(start("moved", own)).toBe(path("moved"));
  });
});

describe("the file that ties both", () => {
  it("is refused when a later version wrote it", () => {
    start("a");
    writeFileSync(join(path("a"), HOME_FILE), '{"format":2,"where":"somewhere"}');
    expect(() => start("a")).toThrow(
      "was made by a later version of fx-ohlc (its format is 2, this version knows 1): use",
    );
  });

  it("is refused when it is damaged, and absent when it is empty", () => {
    const home = start("a");
    writeFileSync(join(path("a"), HOME_FILE), '{"format":1,"id":7}');
    expect(() => start("a")).toThrow(`${join(path("a"), HOME_FILE)} is damaged`);
    writeFileSync(join(path("a"), HOME_FILE), "");
    expect(start("a")).not.toBe(home);
    expect(said.join()).toContain(home);
  });
});
