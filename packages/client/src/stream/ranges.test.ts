import { type Range, withRange } from "./ranges.js";

const minute = (from: number, to?: number): Range => {
  const at = (value: number) => `2024-01-02T03:${String(value).padStart(2, "0")}:00Z`;
  return { from: at(from), to: to === undefined ? undefined : at(to) };
};

function union(...ranges: Range[]): Range[] {
  return ranges.reduce<Range[]>(withRange, []);
}

describe("ranges", () => {
  it("ascend, and those that touch are one", () => {
    expect(union(minute(7, 9), minute(1, 2), minute(4, 5))).toEqual([minute(1, 2), minute(4, 5), minute(7, 9)]);
    expect(union(minute(7, 9), minute(1, 2), minute(2, 7))).toEqual([minute(1, 9)]);
    expect(union(minute(1, 9), minute(4, 5))).toEqual([minute(1, 9)]);
  });

  it("without an end hold all that begins later", () => {
    expect(union(minute(1, 2), minute(7, 9), minute(5), minute(20, 30))).toEqual([minute(1, 2), minute(5)]);
  });

  it("are compared by time, however many digits it has", () => {
    const [whole, micros] = ["2024-01-02T03:04:05Z", "2024-01-02T03:04:05.000001Z"];
    const ended = { from: "2024-01-02T03:04:04.5Z", to: whole };
    expect(union(ended, { from: micros })).toEqual([ended, { from: micros }]);
    expect(union({ from: micros }, { from: whole })).toEqual([{ from: whole }]);
  });

  it("are never more than can be kept: then what lies between them belongs to them", () => {
    const apart = Array.from({ length: 101 }, (_, hour) => {
      const at = (minutes: number) => new Date(Date.UTC(2024, 0, 1, hour, minutes)).toISOString();
      return { from: at(0), to: at(30) };
    });
    expect(union(...apart.slice(0, 100))).toEqual(apart.slice(0, 100));
    expect(union(...apart)).toEqual([{ from: apart[0]?.from, to: apart[100]?.to }]);
  });
});
