import type { IncomingHttpHeaders, IncomingMessage } from "node:http";
import { ConfigError, readEnv } from "./env.js";
import { callerAddress, callerNetwork, forwardingJudge, readForwarding } from "./forwarding.js";
import { pageLink } from "./page-link.js";

const PROXY = "10.0.0.1";

/** A request as it is after it was judged, with `TRUSTED_PROXIES` of a private network. */
function judged(remoteAddress: string, said: IncomingHttpHeaders, env: Record<string, string> = {}): IncomingMessage {
  const headers = { host: "inner:8002", ...said };
  const req = { url: "/ticks?limit=1", socket: { remoteAddress }, headers } as unknown as IncomingMessage;
  forwardingJudge(readEnv({ TRUSTED_PROXIES: "10.0.0.0/8, ::1", ...env }, readForwarding))(req);
  return req;
}

const addressOf = (remoteAddress: string, forwardedFor: string) =>
  callerAddress(judged(remoteAddress, { "x-forwarded-for": forwardedFor }));
const linkOf = (req: IncomingMessage) => pageLink(req, "next", {}).replace(/\?.*/, "");

describe("the address of a caller", () => {
  test("is where the request comes from, whatever it says", () => {
    expect(callerAddress(judged("::ffff:192.0.2.1", {}))).toBe("192.0.2.1");
    expect(addressOf("192.0.2.1", "1.2.3.4")).toBe("192.0.2.1");
  });

  test.each([
    ["nothing that was written before it", PROXY, "6.6.6.6, 1.2.3.4, 10.0.0.7", "1.2.3.4"],
    ["nor past what is no address", PROXY, "6.6.6.6, unknown, 10.0.0.7", "10.0.0.7"],
    ["also one of its own network", "::1", "10.0.0.9", "10.0.0.9"],
    ["without a port", PROXY, "1.2.3.4:5678", "1.2.3.4"],
    ["of IPv6", PROXY, "[2001:db8::1]:5678", "2001:db8::1"],
    ["but not when it says nonsense", PROXY, "nonsense", PROXY],
  ])("is what a trusted proxy says, %s", (_name, remoteAddress, forwardedFor, address) => {
    expect(addressOf(remoteAddress, forwardedFor)).toBe(address);
  });

  test("is told by Forwarded where a proxy says nothing else", () => {
    const forwarded = 'for=6.6.6.6, for="[2001:db8::1]:4711";proto=https;host=fx.example, for=10.0.0.3';
    expect(callerAddress(judged(PROXY, { forwarded }))).toBe("2001:db8::1");
    expect(callerAddress(judged(PROXY, { forwarded, "x-forwarded-for": "1.2.3.4" }))).toBe("1.2.3.4");
  });
});

test("a header that says nothing of the way costs nothing that counts", () => {
  const startedMs = performance.now();
  for (const forwarded of ["a".repeat(16_000), "for=".repeat(4000), "f=1,".repeat(4000)])
    for (let round = 0; round < 5; round += 1) judged(PROXY, { forwarded });
  // It was 200 ms each time; a busy machine takes its time, too.
  expect(performance.now() - startedMs).toBeLessThan(1500);
});

describe("whose share a request counts towards", () => {
  test.each([
    ["192.0.2.1", "192.0.2.1"],
    ["::ffff:192.0.2.1", "192.0.2.1"],
    ["2001:DB8:0:12:a:b:c:d", "2001:db8:0:12::/64"],
    ["2001:db8:0:012::1", "2001:db8:0:12::/64"],
    ["2001:db8::1", "2001:db8:0:0::/64"],
    ["2001::1:a:b:c:d", "2001:0:0:1::/64"],
    ["fe80::1%eth0", "fe80:0:0:0::/64"],
    ["64:ff9b::192.0.2.1", "64:ff9b:0:0::/64"],
    ["::1", "0:0:0:0::/64"],
  ])("%s is of %s", (address, network) => {
    expect(callerNetwork(judged(address, {}))).toBe(network);
  });
});

describe("a link", () => {
  const said = { "x-forwarded-host": "fx.example", "x-forwarded-proto": "https", "x-forwarded-prefix": "/fx/" };

  test("leads where the request was sent to, as itself says", () => {
    expect(linkOf(judged("192.0.2.1", {}))).toBe("<http://inner:8002/ticks");
    expect(linkOf(judged("192.0.2.1", said))).toBe("<http://inner:8002/ticks");
    expect(linkOf(judged("192.0.2.1", { forwarded: "host=evil.example" }))).toBe("<http://inner:8002/ticks");
  });

  test("leads where a trusted proxy was asked", () => {
    expect(linkOf(judged(PROXY, said))).toBe("<https://fx.example/fx/ticks");
    expect(linkOf(judged(PROXY, { forwarded: "proto=https;host=fx.example" }))).toBe("<https://fx.example/ticks");
    expect(linkOf(judged(PROXY, { ...said, forwarded: "host=evil.example" }))).toBe("<https://fx.example/fx/ticks");
    expect(linkOf(judged(PROXY, { "x-forwarded-proto": "https" }))).toBe("<https://inner:8002/ticks");
  });

  test("leads to PUBLIC_URL, whatever anybody says", () => {
    const env = { PUBLIC_URL: "https://data.example/fx/" };
    for (const address of [PROXY, "192.0.2.1"])
      expect(linkOf(judged(address, said, env))).toBe("<https://data.example/fx/ticks");
  });

  test.each(["evil.example/path", 'a">; rel="x"'])("is not made of a host that is none: %p", (host) => {
    expect(linkOf(judged(PROXY, { "x-forwarded-host": host }))).toBe("<http://inner:8002/ticks");
  });
});

test.each(["10.0.0.0/33", "10.0.0.0/8/8", "proxy", "10.0.0"])("%p is no network", (TRUSTED_PROXIES) => {
  expect(() => readEnv({ TRUSTED_PROXIES }, readForwarding)).toThrow(ConfigError);
});
