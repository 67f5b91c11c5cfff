import { SIDES } from "./bars/chart-bar.js";
import { BOUNDARY_NAMES } from "./boundaries.js";
import { ZONE_NAMES } from "./format/zone.js";
import { parseStudies } from "./studies/study-spec.js";
import { CHART_INTERVALS, DEFAULT_VIEW, searchOf, viewOf } from "./view.js";

describe("the address of a view", () => {
  it("brings back every view it was made from", () => {
    for (const interval of CHART_INTERVALS) {
      for (const boundary of BOUNDARY_NAMES) {
        for (const mode of ["candles", "ticks"] as const) {
          for (const side of SIDES) {
            for (const zone of ZONE_NAMES) {
              const view = { ...DEFAULT_VIEW, symbol: "EURUSD.BID", interval, boundary, mode, side, zone };
              expect(viewOf(searchOf(view))).toEqual(view);
            }
          }
        }
      }
    }
  });

  it("brings back what is drawn, and the range that is in sight", () => {
    const range = { from: Date.parse("2026-11-24T10:00Z") / 1000, to: Date.parse("2026-11-24T12:30Z") / 1000 };
    const studies = parseStudies("sma20,macd26");
    const view = { ...DEFAULT_VIEW, style: "heikin", scale: "log", studies, compared: "GBPUSD", range } as const;
    expect(viewOf(searchOf(view))).toEqual(view);
    expect(viewOf("?from=2026-11-24T10:00Z&to=2026-11-24T09:00Z").range).toBeUndefined();
    expect(viewOf("?from=2026-11-24T10:00Z").range).toBeUndefined();
  });

  it("says nothing that is the default", () => {
    expect(searchOf(DEFAULT_VIEW)).toBe("");
    expect(searchOf({ ...DEFAULT_VIEW, symbol: "EURUSD" })).toBe("?symbol=EURUSD");
  });

  it.each([
    "?symbol=%3Cscript%3E",
    "?interval=7m",
    "?interval=100t",
    "?day=mars",
    "?mode=pie",
    "?price=last",
    "?view=moon",
    "?days=8",
    "?tz=Mars",
    "?interval=1D",
    "",
  ])("%p falls back to the default", (search) => expect(viewOf(search)).toEqual(DEFAULT_VIEW));

  it("takes a symbol as people write it", () => {
    expect(viewOf("?symbol=eur/usd").symbol).toBe("EURUSD");
  });
});
