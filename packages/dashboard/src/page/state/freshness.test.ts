import { FX_WEEK, type MarketSession, parseSession } from "@fx-ohlc/schemas/session";
import { ageText, freshnessOf, type PriceAge, shortAgeText } from "./freshness.js";

const week: MarketSession = parseSession(FX_WEEK) ?? "always";
const at = (text: string): number => Date.parse(text);
const NOW = at("2026-11-25T12:00:00Z");
const of = (last: string, more: Partial<PriceAge> = {}): PriceAge => {
  return { lastAtMs: at(last), session: week, quietAfterS: 60, feed: undefined, ...more };
};

describe("freshnessOf", () => {
  it("calls a symbol quiet once its price is older than its quiet time, and down where its feeds are", () => {
    expect(freshnessOf(of("2026-11-25T11:59:30Z"), NOW)).toMatchObject({ life: "live", isOld: false });
    expect(freshnessOf(of("2026-11-25T11:58:30Z"), NOW)).toMatchObject({ life: "quiet", isOld: true, ageS: 90 });
    expect(freshnessOf(of("2026-11-25T11:58:30Z", { feed: "down" }), NOW)).toMatchObject({ life: "down", isOld: true });
    // Feeds are judged some seconds late, and never wrongly called down.
    expect(freshnessOf(of("2026-11-25T11:58:30Z", { feed: "live" }), NOW)).toMatchObject({ life: "quiet" });
  });

  it("takes five minutes where nothing was said", () => {
    const price = of("2026-11-25T11:56:00Z", { quietAfterS: undefined });
    expect(freshnessOf(price, NOW)?.life).toBe("live");
    expect(freshnessOf(price, NOW + 120_000)?.life).toBe("quiet");
  });

  it("does not count the time that the market was closed", () => {
    const saturday = at("2026-11-28T12:00:00Z");
    expect(freshnessOf(of("2026-11-27T21:59:30Z"), saturday)).toMatchObject({ life: "closed", isOld: false });
    expect(freshnessOf(of("2026-11-27T20:00:00Z"), saturday)).toMatchObject({ life: "closed", isOld: true });
    // The market has been open for half a minute.
    expect(freshnessOf(of("2026-11-27T21:59:50Z"), at("2026-11-29T22:00:30Z"))).toMatchObject({ isOld: false });
  });

  it("says an age of today, and the time of another day", () => {
    const at = (last: string) => freshnessOf(of(last), NOW) ?? { life: "live", isOld: false, ageS: 0 };
    const age = (last: string) => ageText(at(last), NOW);
    expect(age("2026-11-25T08:30:00Z")).toBe("3 h 30 min");
    expect(age("2026-11-24T08:30:00Z")).toBe("24 Nov 08:30");
    expect(shortAgeText(at("2026-11-24T08:30:00Z"), NOW)).toBe("24 Nov");
    expect(shortAgeText(at("2024-11-24T08:30:00Z"), NOW)).toBe("2024");
  });
});
