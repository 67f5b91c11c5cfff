import { isOriginAllowed } from "./origins.js";

const from = (origin: string | undefined, host = "fx.example:8000", forwarded?: string) => ({
  host,
  ...(origin === undefined ? {} : { origin }),
  ...(forwarded === undefined ? {} : { "x-forwarded-host": forwarded }),
});

describe("without a list of origins", () => {
  test.each([
    ["what is no page", from(undefined)],
    ["a page of the same host", from("http://fx.example:8000")],
    ["a page of the same host on another port", from("http://fx.example:5173")],
    ["a page of this machine under another of its names", from("http://localhost:8000", "127.0.0.1:8003")],
    ["a page behind a proxy that rewrites the host", from("https://fx.example", "10.0.0.7:8003", "fx.example")],
  ])("%s may connect", (_name, headers) => {
    expect(isOriginAllowed(headers, undefined)).toBe(true);
  });

  test.each([
    ["another host", from("http://evil.example")],
    ["a host that only begins alike", from("http://fx.example.evil.example")],
    ["a sandboxed page without an origin of its own", from("null")],
    ["text that is no origin", from("fx.example")],
  ])("a page of %s may not", (_name, headers) => {
    expect(isOriginAllowed(headers, undefined)).toBe(false);
  });
});

test("with a list only exactly those on it may connect, or everybody with *", () => {
  const listed = ["https://a.example"];
  expect(isOriginAllowed(from("https://a.example"), listed)).toBe(true);
  expect(isOriginAllowed(from("http://a.example"), listed)).toBe(false);
  expect(isOriginAllowed(from("http://fx.example:8000"), listed)).toBe(false);
  expect(isOriginAllowed(from("https://anything.example"), ["*"])).toBe(true);
});
