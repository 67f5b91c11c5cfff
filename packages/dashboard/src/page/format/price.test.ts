import { changeText, decimalsFor, moveText, priceParts, priceText, spreadText } from "./price.js";

describe("how prices are shown", () => {
  it.each([
    [1.12345, 5, 0.0001, "1|.12|34|5"],
    [156.789, 3, 0.01, "156|.|78|9"],
    [2345.6, 2, undefined, "2,345|.60||"],
    [157_403_029.9, 2, undefined, "157,403,029|.90||"],
    [0.00000123, 8, undefined, "0|.00000123||"],
    [1.1, 5, 0.0001, "1|.10|00|0"],
    [25_000, 0, 1, "25,000|||"],
    [1.12, 2, 0.0001, "1|.12||"],
  ])("%d with %d decimals and a pip of %d is %s", (price, decimals, pip, shown) => {
    const { whole, lead, pips, rest } = priceParts(price, decimals, pip);
    expect([whole, lead, pips, rest].join("|")).toBe(shown);
  });

  it("groups thousands, and no decimals", () => {
    expect(priceText(1_234.56789, 5)).toBe("1,234.56789");
    expect(priceText(-1_234, 0)).toBe("-1,234");
  });

  it("takes the decimals usual for a price of that size, or those that are said, and more when one has more", () => {
    expect(decimalsFor(1.1)).toBe(5);
    expect(decimalsFor(156.7)).toBe(3);
    expect(decimalsFor(2345.6)).toBe(2);
    expect(decimalsFor(2345.6789)).toBe(4);
    expect(decimalsFor(156.7, 4)).toBe(4);
    expect(decimalsFor(1.23e-6)).toBe(8);
  });

  it("signs a change, none that rounds to nothing, and says what it is in", () => {
    expect(changeText(1, 1.0012)).toBe("+0.12%");
    expect(changeText(1, 0.9988)).toBe("−0.12%");
    expect(changeText(1, 0.999999)).toBe("0.00%");
    expect(changeText(1, 3.345)).toBe("+234.5%");
    expect(changeText(1, 26)).toBe("+2,500%");
    expect(changeText(0.0008, 1.0246)).toBe("+128K%");
    expect(moveText(1.1, 1.10123, 5, 0.0001)).toBe("+12.3 pips");
    expect(moveText(156, 155.9, 3, 0.01)).toBe("−10.0 pips");
    expect(moveText(100_000, 101_234.5, 2)).toBe("+1,234.50");
  });

  it("tells a spread in the pips of its symbol", () => {
    expect(spreadText(1.37606 - 1.37601, 0.0001)).toBe("0.5");
    expect(spreadText(150.123 - 150.115, 0.01)).toBe("0.8");
    expect(spreadText(-0.0001, 0.0001)).toBe("−1.0");
  });
});
