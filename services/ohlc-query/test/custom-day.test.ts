import type { DayBoundary } from "@fx-ohlc/schemas";
import { expectedBars, local } from "./independent-bars.js";
import { allPages, type Bar, type ReadSide, startReadSide } from "./read-side.js";
import { ticksAroundClockChanges } from "./sparse-ticks.js";

let service: ReadSide;
const ticks = ticksAroundClockChanges(7);

beforeAll(async () => {
  service = await startReadSide();
  await service.insert(ticks);
});
afterAll(() => service.stop());

/** Day bars computed from the ticks alone. */
function expectedDays(boundary: DayBoundary) {
  return expectedBars(ticks, "1d", boundary).map(({ bucket: _bucket, ...bar }) => bar);
}

const RANGE = "symbol=EURUSD&start=1970-01-01T00:00:00Z&end=2030-01-01T00:00:00Z";

describe("day bars with a boundary of one's own", () => {
  test.each<[string, DayBoundary]>([
    ["day_start_hour=17&timezone=America/New_York", { hour: 17, timezone: "America/New_York" }],
    ["day_start_hour=2&timezone=America/New_York", { hour: 2, timezone: "America/New_York" }],
    ["day_start_hour=9&timezone=Asia/Kolkata", { hour: 9, timezone: "Asia/Kolkata" }],
    ["timezone=Australia/Lord_Howe", { hour: 0, timezone: "Australia/Lord_Howe" }],
    ["timezone=Europe/London", { hour: 0, timezone: "Europe/London" }],
    ["day_start_hour=5", { hour: 5, timezone: "UTC" }],
    ["day_start_hour=22", { hour: 22, timezone: "UTC" }],
    ["", { hour: 22, timezone: "UTC" }],
  ])("equal those computed from the ticks by independent code: %s", async (parameters, boundary) => {
    for (const path of ["/ohlc/day", "/ohlc/custom-day"]) {
      const { body } = await service.get(`${path}?${RANGE}&${parameters}`.replace(/&$/, ""));
      const bars = body.map(({ date, open, high, low, close, tick_count }) => ({
        date,
        open,
        high,
        low,
        close,
        tick_count,
      }));
      expect(bars).toEqual(expectedDays(boundary));
    }
  });

  test("start at the local hour, DST included", async () => {
    const { body } = await service.get(`/ohlc/day?${RANGE}&day_start_hour=17&timezone=America/New_York`);
    expect(body.length).toBeGreaterThan(20);
    for (const { bucket } of body)
      expect(local(Date.parse(bucket), "America/New_York")).toMatchObject({ hour: 17, minute: 0 });
    expect(new Set(body.map(({ bucket }) => bucket.slice(11)))).toEqual(new Set(["21:00:00Z", "22:00:00Z"]));
  });

  test("belong to a range by their start alone, and are then whole", async () => {
    const days = (await service.get(`/ohlc/day?${RANGE}&timezone=Asia/Kolkata`)).body;
    const [, second, third] = days;
    const justAfter = second?.bucket.replace(":00Z", ":00.000001Z");
    const from = await service.get(
      `/ohlc/day?symbol=EURUSD&start=${justAfter}&end=2030-01-01T00:00:00Z&timezone=Asia/Kolkata`,
    );
    expect(from.body[0]).toEqual(third);
    const until = `symbol=EURUSD&start=1970-01-01T00:00:00Z&end=${justAfter}&timezone=Asia/Kolkata`;
    expect((await service.get(`/ohlc/day?${until}`)).body).toEqual(days.slice(0, 2));
  });

  test("find the data of a bucket that starts before the range's end and has ticks only after it", async () => {
    await service.insert([{ symbol: "EVENING", time: "2024-05-06T23:30:00Z", price: 1 }]);
    const query = "symbol=EVENING&start=2024-05-06T00:00:00Z&end=2024-05-06T11:00:01Z&day_start_hour=11";
    expect((await service.get(`/ohlc/day?${query}`)).body).toMatchObject([{ bucket: "2024-05-06T11:00:00Z" }]);
  });

  test("page like any others, across months without data", async () => {
    const query = `${RANGE}&day_start_hour=17&timezone=America/New_York`;
    const whole = (await service.get(`/ohlc/day?${query}`)).body;
    const pages = await allPages<Bar>(service, `/ohlc/day?${query}&limit=7`);
    expect(pages.flat()).toEqual(whole);
    expect(pages.every((page, i) => page.length === 7 || i === pages.length - 1)).toBe(true);
  });

  test.each(["day_start_hour=17&timezone=America/New_York", "timezone=Asia/Kolkata"])(
    "lead through years of long silences, each bar once: %s",
    async (parameters) => {
      const symbol = parameters.includes("Kolkata") ? "SILENTK" : "SILENTN";
      const time = (i: number) => new Date(Date.UTC(2010, 0, 2) + i * 41 * 86_400_000).toISOString();
      const sparse = Array.from({ length: 60 }, (_, i) => ({ symbol, time: time(i), price: i + 1 }));
      await service.insert(sparse);
      const range = `symbol=${symbol}&start=1970-01-01T00:00:00Z&end=2200-01-01T00:00:00Z`;
      const pages = await allPages<Bar>(service, `/ohlc/day?${range}&limit=10000&${parameters}`);
      expect(pages.flat().map(({ open, tick_count }) => [open, tick_count])).toEqual(
        sparse.map(({ price }) => [price, 1]),
      );
      expect(pages).toHaveLength(1);
    },
    60_000,
  );
});
