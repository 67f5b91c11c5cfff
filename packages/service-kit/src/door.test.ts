import { readDoor, requireAllowedHost } from "./door.js";
import { ConfigError, readEnv } from "./env.js";

const door = (env: Record<string, string>) => readEnv(env, readDoor);

describe("the door", () => {
  test("is for this machine alone where nobody shows tokens, and for everybody where they do", () => {
    expect(door({}).bindAddresses).toEqual(["127.0.0.1", "::1"]);
    expect(door({ AUTH: "on" }).bindAddresses).toBeUndefined();
  });

  test("does not open to others without tokens, unless somebody says that he knows", () => {
    expect(() => door({ BIND_ADDRESS: "0.0.0.0" })).toThrow(ConfigError);
    expect(() => door({ BIND_ADDRESS: "192.168.1.5" })).toThrow(/BIND_ADDRESS must be a loopback address/);
    expect(() => door({ BIND_ADDRESS: "127.0.0.1,192.168.1.5" })).toThrow(ConfigError);
    expect(door({ BIND_ADDRESS: "0.0.0.0", AUTH_OFF_I_UNDERSTAND: "true" }).bindAddresses).toEqual(["0.0.0.0"]);
    expect(door({ BIND_ADDRESS: "::1" }).bindAddresses).toEqual(["::1"]);
  });

  test.each(["localhost:8000", "127.0.0.1", "[::1]:8000", "FX.example:443"])(
    "takes what is addressed to %s",
    (host) => {
      expect(() => requireAllowedHost(door({ ALLOWED_HOSTS: "fx.example" }), { headers: { host } })).not.toThrow();
    },
  );

  test.each(["evil.example", "localhost.evil.example", "", undefined])("sends away what is addressed to %s", (host) => {
    const headers = host === undefined ? {} : { host };
    expect(() => requireAllowedHost(door({ ALLOWED_HOSTS: "fx.example" }), { headers })).toThrow(/ALLOWED_HOSTS/);
  });
});
