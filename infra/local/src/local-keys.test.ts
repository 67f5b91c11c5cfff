import { mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { authorization, localKeys } from "./local-keys.js";

describe("keys of a local stack", () => {
  const folder = mkdtempSync(join(tmpdir(), "fx-local-keys-"));
  afterAll(() => rmSync(folder, { recursive: true }));

  it("are not needed with AUTH=off", () => {
    expect(localKeys({}, folder)).toEqual({ env: {}, adminKeyFile: undefined });
  });

  it("are made once, for their owner alone, and are what the sample is loaded with", () => {
    const { env, adminKeyFile = "" } = localKeys({ AUTH: "on" }, folder);
    const key = readFileSync(adminKeyFile, "utf8").trim();
    expect(key).toMatch(/^fxk_[0-9a-f]{16}_[\w-]{43}$/);
    expect(statSync(adminKeyFile).mode & 0o777).toBe(0o600);
    expect(authorization(env)).toEqual({ authorization: `Bearer ${key}` });
    expect(localKeys({ AUTH: "on" }, folder).env).toEqual(env);
    expect(readFileSync(adminKeyFile, "utf8").trim()).toBe(key);
  });

  it("are what somebody has given, where he has", () => {
    const given = { AUTH: "on", ADMIN_KEY: "fxk_a_b", INTERNAL_SECRET_FILE: "/x", FX_TOKEN: "t" };
    expect(localKeys(given, folder)).toEqual({ env: {}, adminKeyFile: undefined });
    expect(authorization(given)).toEqual({ authorization: "Bearer t" });
  });
});
