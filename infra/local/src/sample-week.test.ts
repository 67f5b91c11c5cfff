import { readFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { formatTime, type Micros, parseTime, US_PER_DAY, US_PER_HOUR } from "@fx-ohlc/schemas";
import { ROOT } from "./node-process.js";
import { isSampleShift, SAMPLE_WEEK, sampleShiftUs, shiftArgument } from "./sample-week.js";

const WEEK_US = 7 * US_PER_DAY;

function time(text: string): Micros {
  const us = parseTime(text);
  if (us === undefined) throw new Error(text);
  return us;
}

function shifted(now: string): [string, string] {
  const shiftUs = sampleShiftUs(time(now));
  return [formatTime(SAMPLE_WEEK.firstUs + shiftUs), formatTime(SAMPLE_WEEK.lastUs + shiftUs)];
}

describe("the sample week", () => {
  it("is described as its file is", () => {
    const lines = gunzipSync(readFileSync(join(ROOT, SAMPLE_WEEK.file)))
      .toString()
      .trim()
      .split("\n");
    expect(lines).toHaveLength(SAMPLE_WEEK.quotes + 1);
    expect(time(lines[1]?.split(",")[0] ?? "")).toBe(SAMPLE_WEEK.firstUs);
    expect(time(lines.at(-1)?.split(",")[0] ?? "")).toBe(SAMPLE_WEEK.lastUs);
  });

  it("ends with the last market week in summer, when New York is 4 hours behind", () => {
    expect(shifted("2026-07-15T12:00:00Z")).toEqual(["2026-07-05T21:00:00.462000Z", "2026-07-10T20:59:58.835000Z"]);
  });

  it("opens at 17:00 of New York in winter too, which is an hour later in UTC", () => {
    expect(shifted("2026-01-14T12:00:00Z")).toEqual(["2026-01-04T22:00:00.462000Z", "2026-01-09T21:59:58.835000Z"]);
  });

  it("opens after the clocks have changed on the Sunday of its first day", () => {
    expect(shifted("2026-03-14T12:00:00Z")).toEqual(["2026-03-08T21:00:00.462000Z", "2026-03-13T20:59:58.835000Z"]);
    expect(shifted("2026-11-07T12:00:00Z")).toEqual(["2026-11-01T22:00:00.462000Z", "2026-11-06T21:59:58.835000Z"]);
  });

  it("ends before now and less than a week ago, at 2,800 instants of ten years", () => {
    const start = time("2020-01-01T00:00:00Z");
    for (let now = start; now < start + 3_652 * US_PER_DAY; now += 31 * US_PER_HOUR) {
      const end = SAMPLE_WEEK.lastUs + sampleShiftUs(now);
      expect(end).toBeLessThanOrEqual(now);
      // A clock change makes one week in fifty an hour longer.
      expect(now - end).toBeLessThan(WEEK_US + US_PER_HOUR);
    }
  });

  it("is moved at the very instant it ends, and not a millisecond before", () => {
    const end = time("2026-07-10T20:59:58.835Z");
    expect(SAMPLE_WEEK.lastUs + sampleShiftUs(end)).toBe(end);
    expect(SAMPLE_WEEK.lastUs + sampleShiftUs(end - 1_000)).toBe(end - WEEK_US);
  });

  it("tells its own shifts from others", () => {
    const shiftUs = sampleShiftUs(time("2026-01-14T12:00:00Z"));
    expect(isSampleShift(shiftUs)).toBe(true);
    expect(isSampleShift(shiftUs - US_PER_HOUR)).toBe(false);
    expect(isSampleShift(shiftUs + 1)).toBe(false);
    expect(Number(shiftArgument(shiftUs))).toBe(shiftUs / 1e6);
  });
});
