import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execPath } from "node:process";
import { type TestRedis, testRedis } from "@fx-ohlc/testkit";
import { createClient } from "redis";
import { pathOf } from "./repository.js";

describe("the access list of Redis that make-secrets writes", () => {
  const folder = mkdtempSync(join(tmpdir(), "secrets-"));
  const make = () => execFileSync(execPath, [pathOf("infra/docker/make-secrets.mjs"), folder]);
  const read = (name: string) => readFileSync(join(folder, name), "utf8");
  let redis: TestRedis;

  beforeAll(async () => {
    make();
    redis = await testRedis();
    const owner = await createClient({ url: redis.url }).connect();
    // `default` stays as it is, for whoever drops the server.
    const users = read("redis_acl").trim().split("\n").slice(1);
    for (const user of users) await owner.sendCommand(["ACL", "SETUSER", ...user.split(" ").slice(1)]);
    owner.destroy();
  });
  afterAll(async () => {
    await redis.drop();
    rmSync(folder, { recursive: true });
  });

  /** What a user gets for a command. */
  const asked = async (username: string, password: string, command: string[]) => {
    const client = createClient({ url: Object.assign(new URL(redis.url), { username, password }).href });
    client.on("error", () => undefined);
    await client.connect();
    const answer = await client.sendCommand(command).catch((error: unknown) => String(error));
    client.destroy();
    return answer;
  };

  test("one user may do everything, and the services nothing but their own", async () => {
    const admin = read("redis_admin_password").trim();
    const service = new URL(read("redis_url")).password;
    expect(await asked("admin", admin, ["ACL", "WHOAMI"])).toBe("admin");
    expect(await asked("admin", admin, ["CONFIG", "SET", "maxmemory-policy", "noeviction"])).toBe("OK");
    expect(await asked("fx", service, ["SET", "fx:x", "1"])).toBe("OK");
    for (const command of [["SET", "other", "1"], ["ACL", "LIST"], ["CONFIG", "GET", "*"], ["FLUSHALL"]])
      expect(await asked("fx", service, command)).toMatch(/NOPERM/);
  });

  test("a list of an earlier version gets that user, and keeps its others", () => {
    const users = read("redis_acl").trim().split("\n");
    const earlier = users.slice(0, -1).join("\n");
    const file = join(folder, "redis_acl");
    rmSync(file);
    writeFileSync(file, `${earlier}\n`);
    make();
    expect(read("redis_acl")).toBe(`${earlier}\nuser admin on >${read("redis_admin_password")} ~* &* +@all\n`);
    const once = read("redis_acl");
    make();
    expect(read("redis_acl")).toBe(once);
  });
});
