import { parseTime, US_PER_DAY } from "@fx-ohlc/schemas";
import { planSample, type StoredSample } from "./sample-plan.js";
import { SAMPLE_WEEK, sampleShiftUs } from "./sample-week.js";

const NOW_US = parseTime("2026-11-25T12:00:00Z") ?? 0;
const SHIFT_US = sampleShiftUs(NOW_US);
/** That of a load three weeks ago. */
const OLD_SHIFT_US = sampleShiftUs(NOW_US - 21 * US_PER_DAY);
const EMPTY: StoredSample = { first: undefined, hasEnd: false, pairFirstUs: undefined };
const beginning = (timeUs: number, isQuote: boolean, hasEnd = false) => ({
  ...EMPTY,
  first: { timeUs, isQuote },
  hasEnd,
});
const plan = (stored: StoredSample) => planSample(stored, NOW_US, "http://localhost:1");
const OLD_START_US = SAMPLE_WEEK.firstUs + OLD_SHIFT_US;

describe("the sample is", () => {
  it("loaded into what is empty, and before what is later", () => {
    expect(plan(EMPTY)).toEqual({ shiftUs: SHIFT_US });
    expect(plan(beginning(NOW_US - 1, false))).toEqual({ shiftUs: SHIFT_US });
  });

  it("gone on with as it was begun, and left alone when it is whole", () => {
    expect(plan(beginning(OLD_START_US, true))).toEqual({ shiftUs: OLD_SHIFT_US });
    expect(plan(beginning(OLD_START_US, true, true))).toEqual({ shiftUs: undefined });
  });

  it.each([
    ["prices", beginning(OLD_START_US, false, true), / as prices of EURUSD, .* --shift \d+ --url http:\S+ --replace$/],
    ["prices that were interrupted", beginning(OLD_START_US, false), / --replace$/],
    ["two symbols", { ...EMPTY, pairFirstUs: OLD_START_US }, / as EURUSD.BID and EURUSD.ASK, .* --url http:\S+$/],
    [
      "two symbols, with later prices",
      { ...beginning(NOW_US, false), pairFirstUs: OLD_START_US },
      / as EURUSD.BID and /,
    ],
  ])("not put beside what an earlier version stored as %s", (_what, stored, reason) => {
    expect(plan(stored)).toEqual({ shiftUs: undefined, reason: expect.stringMatching(reason) });
  });

  it("not put among other ticks", () => {
    const reason = "the sample week is not loaded: EURUSD has other ticks, since 2020-01-01T00:00:00.000000Z";
    expect(plan(beginning(parseTime("2020-01-01T00:00:00Z") ?? 0, true))).toEqual({ shiftUs: undefined, reason });
  });
});
