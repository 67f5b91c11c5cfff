import { canonicalTarget, takeTarget } from "./request-target.js";

test.each([
  ["/ticks?symbol=EUR%2FUSD", "/ticks?symbol=EUR%2FUSD"],
  ["//ticks/", "/ticks/"],
  ["/%74icks?a=%74", "/ticks?a=%74"],
  ["//%6beys/3f9a", "/keys/3f9a"],
  ["//", "/"],
  ["/symbols/S%26P500%23", "/symbols/S%26P500%23"],
  ["/symbols/%53%26P500%23/", "/symbols/S%26P500%23/"],
])("%s is asked for as %s", (target, canonical) => {
  expect(canonicalTarget(target)).toBe(canonical);
});

test.each([
  ["/ohlc%2fminute", "/ohlc%2Fminute"],
  ["/%2574icks", "/%2574icks"],
  ["///keys", "//keys"],
  ["/ohlc/%2e%2e/keys", "/ohlc/../keys"],
  ["/keys%2f..", "/keys%2F.."],
  ["/%zz", "/%zz"],
  ["*", "*"],
  ["", ""],
])("%s is no other path: %s", (target, canonical) => {
  expect(canonicalTarget(target)).toBe(canonical);
});

test.each([
  ["http://fx.example:8000/ticks?x=1", "fx.example:8000", "/ticks?x=1"],
  ["HTTPS://fx.example", "fx.example", "/"],
  ["http://fx.example?x=1", "fx.example", "/?x=1"],
  ["/http://fx.example", "localhost", "/http://fx.example"],
])("a target %s is addressed to %s and asks for %s", (url, host, path) => {
  const req = { url, headers: { host: "localhost" } };
  takeTarget(req);
  expect(req).toEqual({ url: path, headers: { host } });
});
