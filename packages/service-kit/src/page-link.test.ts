import type { IncomingMessage } from "node:http";
import { pageLink } from "./page-link.js";

const request = (url: string, headers: Record<string, string>) => ({ url, headers }) as unknown as IncomingMessage;

describe("pageLink", () => {
  test("is the request's own URL with the parameters that change", () => {
    const req = request("/ohlc/minute?symbol=EUR%2FUSD&start=a&limit=5", { host: "fx.example:8000" });
    expect(pageLink(req, "next", { start: "2024-03-05T10:00:00Z", end: "e" })).toBe(
      '<http://fx.example:8000/ohlc/minute?symbol=EUR%2FUSD&start=2024-03-05T10%3A00%3A00Z&limit=5&end=e>; rel="next"',
    );
  });

  test("keeps the scheme that a proxy in front says the client used", () => {
    const req = request("/ticks", { host: "[::1]:8000", "x-forwarded-proto": "https" });
    expect(pageLink(req, "next", {})).toMatch(/^<https:\/\/\[::1\]:8000\/ticks\?/);
  });

  test.each(["evil.example/path", 'a">; rel="x"', "a b", "host:port", ""])(
    "leaves out a host that is none: %p",
    (host) => {
      expect(pageLink(request("/ticks?a=1", { host }), "next", {})).toBe('</ticks?a=1>; rel="next"');
    },
  );

  test("keeps a question mark inside the query", () => {
    expect(pageLink(request("/ticks?a=1?2", {}), "next", {})).toBe('</ticks?a=1%3F2>; rel="next"');
  });
});
