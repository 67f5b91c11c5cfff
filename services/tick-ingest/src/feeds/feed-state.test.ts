import { FX_WEEK, parseSession, parseTime, US_PER_SECOND, withHolidays } from "@fx-ohlc/schemas";
import { delayBucket, delayQuantileMs } from "./delays.js";
import { bestOf, judge, type Known, quietAfterS, type SymbolFacts } from "./feed-state.js";

const at = (time: string) => parseTime(time) ?? Number.NaN;
const FX: SymbolFacts = { calendar: withHolidays(parseSession(FX_WEEK) ?? "always"), quietAfterS: 60 };
const WEDNESDAY = at("2025-12-03T12:00:00Z");

/** Heard, and ticked, so many seconds before; undefined: never. */
function stateAfter(
  heardS: number,
  tickedS: number | undefined,
  { nowUs = WEDNESDAY, watchedS = 86_400, facts = FX, everyS = 0, before }: Partial<Question> = {},
) {
  const heard = {
    heardUs: nowUs - heardS * US_PER_SECOND,
    tickedUs: tickedS === undefined ? 0 : nowUs - tickedS * US_PER_SECOND,
    ...{ lastTickUs: 0, everyS },
  };
  const moment = { nowUs, watchedSinceUs: nowUs - watchedS * US_PER_SECOND, quietAfterS: 300 };
  return judge(heard, facts, moment, before).state;
}

interface Question {
  readonly nowUs: number;
  readonly watchedS: number;
  readonly facts: SymbolFacts;
  readonly everyS: number;
  readonly before: Known;
}

const was = (state: Known["state"]): Known => ({ state, sinceUs: 0 });

describe("a feed", () => {
  it("is live with ticks, quiet with heartbeats alone, and down with neither", () => {
    expect([stateAfter(1, 1), stateAfter(1, 59), stateAfter(1, 61), stateAfter(59, undefined)]).toEqual([
      ...["live", "live", "quiet", "quiet"],
    ]);
    expect([stateAfter(61, 61), stateAfter(61, undefined)]).toEqual(["down", "down"]);
  });

  it("may be silent for as long as was said of its symbol, else for three heartbeats, else for what is the default", () => {
    const nothingSaid = { ...FX, quietAfterS: null };
    expect(quietAfterS({ everyS: 10 }, FX, 300)).toBe(60);
    expect(quietAfterS({ everyS: 10 }, nothingSaid, 300)).toBe(30);
    expect(quietAfterS({ everyS: 0 }, nothingSaid, 300)).toBe(300);
    expect(stateAfter(31, 31, { facts: nothingSaid, everyS: 10 })).toBe("down");
    expect(stateAfter(31, 31, { facts: nothingSaid })).toBe("live");
  });

  it.each(["2025-12-06T12:00:00Z", "2025-12-25T12:00:00Z"])(
    "is closed with its market at %s, unless ticks come",
    (time) => {
      const nowUs = at(time);
      expect([stateAfter(3600, 3600, { nowUs }), stateAfter(1, 3600, { nowUs })]).toEqual(["closed", "closed"]);
      expect(stateAfter(1, 1, { nowUs })).toBe("live");
      expect(stateAfter(3600, 3600, { nowUs, facts: { ...FX, calendar: "always" } })).toBe("down");
    },
  );

  it("has its time to begin when the market opens, and ends with it", () => {
    const opened = at("2025-12-07T22:00:00Z");
    const silence = 2 * 86_400;
    expect(stateAfter(silence, silence, { nowUs: opened + 59 * US_PER_SECOND, before: was("closed") })).toBe("quiet");
    expect(stateAfter(silence, silence, { nowUs: opened + 61 * US_PER_SECOND, before: was("quiet") })).toBe("down");
    const closed = at("2025-12-05T22:00:00Z");
    expect(stateAfter(11, 11, { nowUs: closed + 10 * US_PER_SECOND })).toBe("closed");
  });

  it("stays as it was while nobody has listened for long enough to know", () => {
    const started = { watchedS: 59 };
    expect(stateAfter(3600, 3600, started)).toBe("quiet");
    expect(stateAfter(3600, 3600, { ...started, before: was("live") })).toBe("live");
    expect(stateAfter(3600, 3600, { ...started, before: was("down") })).toBe("down");
    expect(stateAfter(3600, 3600, { watchedS: 61, before: was("live") })).toBe("down");
  });

  it("is not kept alive by what was written before the clock was set back", () => {
    expect(stateAfter(-3600, -3600, { watchedS: 10, before: was("live") })).toBe("live");
    expect(stateAfter(-3600, -3600, { watchedS: 61, before: was("live") })).toBe("down");
  });

  it("came into its state once", () => {
    const before = was("quiet");
    const heard = { heardUs: WEDNESDAY - 1, tickedUs: 0, lastTickUs: 0, everyS: 10 };
    const moment = { nowUs: WEDNESDAY, watchedSinceUs: 0, quietAfterS: 300 };
    expect(judge(heard, FX, moment, before)).toBe(before);
    expect(judge({ ...heard, tickedUs: WEDNESDAY }, FX, moment, before)).toEqual({ state: "live", sinceUs: WEDNESDAY });
  });
});

test("a symbol is as the best of its feeds is", () => {
  expect([bestOf(["down", "live"]), bestOf(["down", "quiet"]), bestOf(["down"]), bestOf([])]).toEqual([
    ...["live", "quiet", "down", undefined],
  ]);
});

test("delays are told to within 7 %, those of a clock that is ahead as negative ones", () => {
  for (const ms of [1, 7.5, 40, 333, 5000, 86_400_000]) {
    const counts = new Map([
      [delayBucket(ms * 1000), 98],
      [delayBucket(-20_000), 1],
      [delayBucket(1e12), 1],
    ]);
    expect(Math.abs((delayQuantileMs(counts, 0.5) ?? 0) - ms) / (ms + 1)).toBeLessThan(0.07);
    expect(Math.abs((delayQuantileMs(counts, 0.005) ?? 0) + 20) / 21).toBeLessThan(0.07);
  }
  expect(delayQuantileMs(new Map(), 0.5)).toBeNull();
});
