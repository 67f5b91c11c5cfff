import { dayMarks } from "./day-marks.js";

const at = (text: string) => ({ time: Date.parse(text) / 1000 });

describe("dayMarks", () => {
  const bars = [
    "2026-03-05T20:00Z",
    "2026-03-05T21:00Z",
    "2026-03-05T22:00Z",
    "2026-03-06T00:00Z",
    "2026-03-08T22:00Z",
  ];
  const marked = (boundary: "22utc" | "17ny" | "0utc"): string[] =>
    dayMarks(bars.map(at), boundary).map(
      ({ time, date }) => `${new Date(time * 1000).toISOString().slice(5, 16)} ${date}`,
    );

  it("marks the first bar of each FX day by its name, over a weekend too", () => {
    expect(marked("22utc")).toEqual(["03-05T20:00 2026-03-05", "03-05T22:00 2026-03-06", "03-08T22:00 2026-03-09"]);
    expect(marked("0utc")).toEqual(["03-05T20:00 2026-03-05", "03-06T00:00 2026-03-06", "03-08T22:00 2026-03-08"]);
  });

  it("follows New York's clocks: 22:00 UTC in winter, 21:00 once they have changed", () => {
    expect(marked("17ny")).toEqual(["03-05T20:00 2026-03-05", "03-05T22:00 2026-03-06", "03-08T22:00 2026-03-09"]);
    const summer = ["2026-03-09T20:00Z", "2026-03-09T21:00Z"].map(at);
    expect(dayMarks(summer, "17ny").at(-1)).toEqual({ ...at("2026-03-09T21:00Z"), date: "2026-03-10" });
  });
});
