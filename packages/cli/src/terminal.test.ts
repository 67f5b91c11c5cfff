import { counted, duration } from "./terminal.js";

describe("counted", () => {
  it("counts as people write it", () => {
    expect([0, 1, 2, 1_234_567].map((count) => counted(count, "tick"))).toEqual([
      "0 ticks",
      "1 tick",
      "2 ticks",
      "1,234,567 ticks",
    ]);
  });
});

describe("duration", () => {
  it("says as much as is of use", () => {
    expect([0, 2_940, 200_000, 7_500_000].map(duration)).toEqual(["0.0 s", "2.9 s", "3 min 20 s", "2 h 5 min"]);
  });
});
