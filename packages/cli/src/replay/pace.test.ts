import { Pace } from "./pace.js";

const START_US = 1_764_928_800_000_000;

describe("Pace", () => {
  it("makes the first tick due at once and the others after their own distance over the speed", () => {
    const pace = new Pace(60, START_US);
    const due = [7, 7, 67, 7 + 3_600_000_000].map((timeUs) => pace.dueUs(timeUs) - START_US);
    expect(due).toEqual([0, 0, 1, 60_000_000]);
  });

  it("slows down as well, and puts a tick that is out of order where it belongs", () => {
    const pace = new Pace(0.5, START_US);
    expect([1_000_000, 2_000_000, 0].map((timeUs) => pace.dueUs(timeUs) - START_US)).toEqual([
      0, 2_000_000, -2_000_000,
    ]);
  });
});
