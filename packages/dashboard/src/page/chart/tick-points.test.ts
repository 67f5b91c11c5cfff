import { tickPoints } from "./tick-points.js";

describe("tickPoints", () => {
  it("gives each tick a time of its own, in their order, also those of one stamp", () => {
    const time = "2026-11-24T10:00:00.123456Z";
    const ticks = Array.from({ length: 1_024 }, (_, seq) => ({ time, seq, price: seq }));
    const points = tickPoints([...ticks, { time: "2026-11-24T10:00:00.123500Z", seq: 0, price: 9 }]);
    expect(points.every((point, at) => at === 0 || point.time > (points[at - 1]?.time ?? 0))).toBe(true);
    expect(points.map(({ value }) => value)).toEqual([...ticks.map(({ price }) => price), 9]);
  });

  it("goes on after a point that was drawn before", () => {
    expect(tickPoints([{ time: "1970-01-01T00:00:01.000000Z", seq: 1, price: 1 }], 5)[0]?.time).toBeGreaterThan(5);
  });
});
