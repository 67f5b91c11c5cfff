import { readDoor, requireAllowedHost } from "./door.js";
import { ConfigError, readEnv } from "./env.js";

const door = (env: Record<string, string>) => readEnv(env, readDoor);

describe("the door", () => {
  test("is for this machine alone where nobody shows tokens, and for everybody where they do", () => {
    expect(door({}).bindAddress).toBe("127.0.0.1");
    expect(door({ AUTH: "on" }).bindAddress).toBeUndefined();
  });

  test("does not open to others without tokens, unless somebody says that he knows", () => {
    expect(() => door({ BIND_ADDRESS: "0.0.0.0" })).toThrow(ConfigError);
    expect(() => door({ BIND_ADDRESS: "192.168.1.5" })).toThrow(/BIND_ADDRESS must be a loopback address/);
    expect(door({ BIND_ADDRESS: "0.0.0.0", AUTH_OFF_I_UNDERSTAND: "true" }).bindAddress).toBe("0.0.0.0");
    expect(door({ BIND_ADDRESS: "::1" }).bindAddress).toBe("::1");
  });

  test.each([
    ["localhost:8000", "/"],
    ["127.0.0.1", "/"],
    ["[::1]:8000", "/"],
    ["FX.example:443", "/"],
    ["evil.example", "http://localhost:8000/ticks"],
  ])("takes what is addressed to %s by the target %s", (host, url) => {
    expect(() => requireAllowedHost(door({ ALLOWED_HOSTS: "fx.example" }), { url, headers: { host } })).not.toThrow();
  });

  test.each([
    ["evil.example", "/"],
    ["localhost.evil.example", "/"],
    ["localhost", "http://evil.example/"],
    [undefined, "/"],
  ])("sends away what is addressed to %s by the target %s", (host, url) => {
    const headers = host === undefined ? {} : { host };
    expect(() => requireAllowedHost(door({ ALLOWED_HOSTS: "fx.example" }), { url, headers })).toThrow(/ALLOWED_HOSTS/);
  });
});
