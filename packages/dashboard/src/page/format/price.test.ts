import { changeText, decimalsFor, pipsText, priceParts, spreadText } from "./price.js";

describe("how prices are shown", () => {
  it.each([
    [1.12345, 5, "1|.12|34|5"],
    [156.789, 3, "156|.|78|9"],
    [2345.6, 2, "2345|.|60|"],
    [0.00001234, 8, "0|.00|00|1234"],
    [1.1, 5, "1|.10|00|0"],
    [25_000, 0, "25000|||"],
    [1.1234, 4, "1|.12|34|"],
  ])("%d with %d decimals is %s", (price, decimals, shown) => {
    const { whole, lead, pips, rest } = priceParts(price, decimals);
    expect([whole, lead, pips, rest].join("|")).toBe(shown);
  });

  it("takes the decimals usual for a price of that size, and more when one has more", () => {
    expect(decimalsFor(1.1)).toBe(5);
    expect(decimalsFor(156.7)).toBe(3);
    expect(decimalsFor(2345.6)).toBe(2);
    expect(decimalsFor(2345.6789)).toBe(4);
    expect(decimalsFor(156.7, 4)).toBe(4);
    expect(decimalsFor(1e-7)).toBe(8);
  });

  it("signs a change, and none that rounds to nothing", () => {
    expect(changeText(1, 1.0012)).toBe("+0.12%");
    expect(changeText(1, 0.9988)).toBe("−0.12%");
    expect(changeText(1, 0.999999)).toBe("0.00%");
    expect(pipsText(1.1, 1.10123, 5)).toBe("+12.3");
    expect(pipsText(156, 155.9, 3)).toBe("−10.0");
  });

  it("tells a spread in the pips of its symbol", () => {
    expect(spreadText(1.37606 - 1.37601, 0.0001)).toBe("0.5");
    expect(spreadText(150.123 - 150.115, 0.01)).toBe("0.8");
    expect(spreadText(-0.0001, 0.0001)).toBe("−1.0");
  });
});
