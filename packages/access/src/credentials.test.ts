import { takeCredentials, tokenIn } from "./credentials.js";

const taken = (url: string, authorization?: string) => {
  const req = { url, headers: authorization === undefined ? {} : { authorization } };
  const shown = takeCredentials(req);
  return { ...shown, url: req.url };
};

describe("takeCredentials", () => {
  test.each([
    ["/ohlc?token=abc", "/ohlc"],
    ["/ohlc?symbol=EUR%2FUSD&token=abc&limit=5", "/ohlc?symbol=EUR%2FUSD&limit=5"],
    ["/ohlc?%74oken=abc&a=1", "/ohlc?a=1"],
    ["/ohlc?symbol=token", "/ohlc?symbol=token"],
    ["/ohlc?mytoken=abc", "/ohlc?mytoken=abc"],
    ["/ohlc", "/ohlc"],
  ])("leaves of %s nothing secret", (url, left) => {
    expect(taken(url).url).toBe(left);
  });

  test("finds a key in the URL, a ticket, and the header of a scheme that it knows", () => {
    expect(taken("/write?token=abc").token).toBe("abc");
    expect(taken("/ws?ticket=t&x=1")).toMatchObject({ ticket: "t", url: "/ws?x=1" });
    expect(taken("/ohlc", "bearer abc").authorization).toBe("bearer abc");
    expect(tokenIn("Token  abc")).toBe("abc");
    expect(tokenIn("Basic abc")).toBeUndefined();
  });
});
