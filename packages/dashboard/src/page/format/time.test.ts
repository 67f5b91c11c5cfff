import { dateTimeText, shortText, spanText } from "./time.js";

const at = (text: string): number => Date.parse(text) / 1000;

describe("how times are shown", () => {
  it("reads a zone's clocks, daylight saving and all", () => {
    const time = at("2026-07-01T02:30:00Z");
    expect(dateTimeText(time)).toBe("Wed 1 Jul 2026 02:30");
    expect(dateTimeText(time, "newyork")).toBe("Tue 30 Jun 2026 22:30");
    expect(dateTimeText(time, "london")).toBe("Wed 1 Jul 2026 03:30");
    expect(dateTimeText(at("2026-12-01T02:30:00Z"), "newyork")).toBe("Mon 30 Nov 2026 21:30");
  });

  it("carries the date whenever it is not today in that zone", () => {
    const now = at("2026-11-25T02:00:00Z");
    expect(shortText(at("2026-11-25T01:00:00Z"), now)).toBe("01:00");
    expect(shortText(at("2026-11-24T23:00:00Z"), now)).toBe("24 Nov 23:00");
    expect(shortText(at("2026-11-24T23:00:00Z"), now, "newyork")).toBe("18:00");
    expect(shortText(at("2025-11-24T23:00:00Z"), now)).toBe("24 Nov 2025");
  });

  it.each([
    [45, "45 s"],
    [300, "5 min"],
    [12_600, "3 h 30 min"],
    [7_200, "2 h"],
    [187_200, "2 d 4 h"],
  ])("%d s are %s", (seconds, text) => expect(spanText(seconds)).toBe(text));
});
