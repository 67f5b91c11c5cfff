import { alternate, median, quantile } from "./rounds.js";

describe("alternate", () => {
  it("measures the sides in turn and throws the first measurement of each away", async () => {
    const order: string[] = [];
    let call = 0;
    const side = (name: string) => async () => {
      order.push(name);
      call += 1;
      return call;
    };
    const rounds = await alternate(2, new AbortController().signal, { ours: side("ours"), theirs: side("theirs") });
    expect(order).toEqual(["theirs", "ours", "theirs", "ours", "theirs", "ours"]);
    expect(rounds).toEqual([
      { theirs: 3, ours: 4 },
      { theirs: 5, ours: 6 },
    ]);
  });

  it("ends before the next measurement when it is told to stop", async () => {
    const aborter = new AbortController();
    const theirs = async () => {
      aborter.abort(new Error("stopped"));
      return 1;
    };
    await expect(alternate(9, aborter.signal, { theirs, ours: theirs })).rejects.toThrow("stopped");
  });
});

describe("median and quantile", () => {
  it("take the middle whatever the order", () => {
    expect(median([9, 1, 5])).toBe(5);
    expect(median([4, 1, 2, 3])).toBe(2.5);
    expect(median([])).toBeNaN();
  });

  it("interpolate between neighbours", () => {
    expect(quantile([10, 20, 30, 40, 50], 0.99)).toBeCloseTo(49.6);
    expect(quantile([7], 0.99)).toBe(7);
  });
});
