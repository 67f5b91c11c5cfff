import type { ChartBar } from "../bars/chart-bar.js";
import { Study } from "./study.js";
import { parseStudies, STUDY_KINDS, studiesText } from "./study-spec.js";

const bar = (at: number, close: number): ChartBar => {
  return { time: at * 60, open: close, high: close + 1, low: close - 1, close, count: 1 };
};
const bars = Array.from({ length: 80 }, (_, at) => bar(at, 100 + Math.sin(at / 3) * 10));

describe("indicators", () => {
  it("are those of the textbook", () => {
    const closes = [1, 2, 3, 4, 9].map((close, at) => bar(at, close));
    expect(new Study({ kind: "sma", period: 3 }).all(closes).at(-1)).toEqual([16 / 3]);
    expect(new Study({ kind: "sma", period: 3 }).all(closes)[1]).toBeUndefined();
    const [middle, upper, lower] = new Study({ kind: "bb", period: 3 }).all(closes.slice(0, 3)).at(-1) ?? [];
    expect(middle).toBe(2);
    expect((upper ?? 0) - (lower ?? 0)).toBeCloseTo(4 * Math.sqrt(2 / 3), 10);
    expect(new Study({ kind: "atr", period: 2 }).all(bars.map((_, at) => bar(at, 5))).at(-1)).toEqual([2]);
    expect(new Study({ kind: "rsi", period: 3 }).all(bars.map((_, at) => bar(at, at))).at(-1)).toEqual([100]);
  });

  it.each(STUDY_KINDS)("%s is the same bar by bar, each of which comes in many forms, as over all of them", (kind) => {
    const whole = new Study({ kind, period: 14 });
    const stepped = new Study({ kind, period: 14 });
    stepped.all(bars.slice(0, 40));
    const values = bars.slice(40).map((each) => {
      stepped.next({ ...each, high: 500, close: 450 });
      return stepped.next(each);
    });
    for (const [at, value] of whole.all(bars).slice(40).entries()) {
      for (const [line, number] of (value ?? []).entries()) expect(values[at]?.[line]).toBeCloseTo(number, 6);
    }
  });

  it("are written in the address, and what is none is left out", () => {
    expect(studiesText(parseStudies("sma20,rsi,macd26,sma20,pie3,ema9999"))).toBe("sma20,rsi14,macd26");
    expect(parseStudies(null)).toEqual([]);
  });
});
