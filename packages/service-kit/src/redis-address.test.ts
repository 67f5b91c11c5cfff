import { readEnv } from "./env.js";
import { parseRedisUrl, readRedis, withAddress } from "./redis-address.js";

describe("REDIS_URL", () => {
  test("names one server", () => {
    for (const url of ["redis://h", "rediss://u:p@h:1", "redis://:p@[::1]:6379/2"]) {
      expect(parseRedisUrl(url)).toEqual({ kind: "one", url });
    }
  });

  test("names any nodes of a cluster, which have the same user, password and TLS", () => {
    expect(parseRedisUrl("redis+cluster://a:1,b")).toEqual({ kind: "cluster", nodes: ["redis://a:1", "redis://b"] });
    expect(parseRedisUrl("rediss+cluster://u:p%40@a:1,[::1]:2")).toEqual({
      kind: "cluster",
      nodes: ["rediss://u:p%40@a:1", "rediss://u:p%40@[::1]:2"],
    });
  });

  test("names sentinels and what they call the master, with a password of their own or none", () => {
    expect(parseRedisUrl("redis+sentinel://:p@a:1,b:2/mymaster")).toEqual({
      ...{ kind: "sentinel", master: "mymaster", server: "redis://:p@any" },
      sentinels: ["redis://a:1", "redis://b:2"],
    });
    expect(parseRedisUrl("rediss+sentinel://a/m?sentinel_user=u&sentinel_password=s%2Fx")).toEqual({
      ...{ kind: "sentinel", master: "m", server: "rediss://any" },
      sentinels: ["rediss://u:s%2Fx@a"],
    });
  });

  test.each([
    ["http://h", "another scheme"],
    ["redis://", "no host"],
    ["redis+cluster://", "no node"],
    ["redis+cluster://a,,b", "an empty node"],
    ["redis+cluster://a/0", "a path"],
    ["redis+cluster://u:p@a,u:p@b", "a password for each node"],
    ["redis+cluster://a:x", "no port"],
    ["redis+sentinel://a:1", "no master"],
    ["redis+replica://a", "an unknown kind"],
  ])("is refused: %s (%s)", (url) => {
    expect(parseRedisUrl(url)).toBeUndefined();
    expect(() => readEnv({ REDIS_URL: url }, readRedis)).toThrow(/^invalid configuration: REDIS_URL must [^@]*$/);
  });

  test("beside REDIS_CLUSTER=true names a node of a cluster, as in the first version", () => {
    const read = (url: string) => readEnv({ REDIS_URL: url, REDIS_CLUSTER: "true" }, readRedis);
    expect(read("redis://:p@a:1")).toEqual({ kind: "cluster", nodes: ["redis://:p@a:1"] });
    expect(read("redis+cluster://a")).toEqual({ kind: "cluster", nodes: ["redis://a"] });
    expect(() => read("redis+sentinel://a/m")).toThrow("REDIS_CLUSTER");
  });
});

test("another server is spoken to with the same user, password and TLS", () => {
  expect(withAddress("rediss://u:p@any", "10.0.0.1", 6380)).toBe("rediss://u:p@10.0.0.1:6380");
  expect(withAddress("redis://:p@a:1", "::1", 2)).toBe("redis://:p@[::1]:2");
});
