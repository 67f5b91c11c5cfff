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
      ({ time, name }) => `${new Date(time * 1000).toISOString().slice(5, 16)} ${name}`,
    );

  it("marks the first bar of each FX day by the name of its last instant, over a weekend too", () => {
    expect(marked("22utc")).toEqual(["03-05T22:00 Fri 6 Mar", "03-08T22:00 Mon 9 Mar"]);
    expect(marked("0utc")).toEqual(["03-06T00:00 Fri 6 Mar", "03-08T22:00 Sun 8 Mar"]);
  });

  it("follows New York's clocks: 22:00 UTC in winter, 21:00 once they have changed", () => {
    expect(marked("17ny")).toEqual(["03-05T22:00 Fri 6 Mar", "03-08T22:00 Mon 9 Mar"]);
    const summer = ["2026-03-09T20:00Z", "2026-03-09T21:00Z"].map(at);
    expect(dayMarks(summer, "17ny")).toEqual([{ ...at("2026-03-09T21:00Z"), name: "Tue 10 Mar" }]);
  });
});
