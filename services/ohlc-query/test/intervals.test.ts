import { type DayBoundary, INTERVALS, type Interval, takesDayBoundary } from "@fx-ohlc/schemas";
import { expectedBars, local } from "./independent-bars.js";
import { type Answer, allPages, type Bar, type ReadSide, startReadSide } from "./read-side.js";
import { ticksAroundClockChanges } from "./sparse-ticks.js";

/** On a busy machine. */
let service: ReadSide;
const ticks = ticksAroundClockChanges(11);

beforeAll(async () => {
  service = await startReadSide();
  await service.insert(ticks);
});
afterAll(() => service.stop());

const RANGE = "symbol=EURUSD&start=1970-01-01T00:00:00Z&end=2030-01-01T00:00:00Z";
const BOUNDARIES: readonly (readonly [parameters: string, boundary: DayBoundary])[] = [
  ["", { hour: 22, timezone: "UTC" }],
  ["&day_start_hour=17&timezone=America/New_York", { hour: 17, timezone: "America/New_York" }],
  ["&day_start_hour=9&timezone=Asia/Kolkata", { hour: 9, timezone: "Asia/Kolkata" }],
  ["&timezone=Australia/Lord_Howe", { hour: 0, timezone: "Australia/Lord_Howe" }],
];
const SHORT = INTERVALS.filter((interval) => !takesDayBoundary(interval));
const LONG = INTERVALS.filter(takesDayBoundary);
const QUERIES: readonly (readonly [Interval, string, DayBoundary])[] = [
  ...SHORT.map((interval) => [interval, ...(BOUNDARIES[0] ?? ["", { hour: 22, timezone: "UTC" }])] as const),
  ...LONG.flatMap((interval) => BOUNDARIES.map((query) => [interval, ...query] as const)),
];

/** A bar without what an independent computation from ticks does not know. */
function plain({ symbol: _symbol, complete: _complete, ...rest }: Bar) {
  return rest;
}

describe("bars of every interval", () => {
  test.each(QUERIES)(
    "equal those computed from the ticks by independent code: %s%s",
    async (interval, parameters, boundary) => {
      const expected = expectedBars(ticks, interval, boundary);
      const path = `/ohlc?interval=${interval}&${RANGE}${parameters}`;
      const { body } = await service.get(`${path}&limit=10000`);
      expect(body.map(plain)).toEqual(expected);
      const pages = await allPages<Bar>(service, `${path}&limit=${Math.ceil(expected.length / 3.5)}`);
      expect(pages.flat()).toEqual(body);
    },
  );

  test.each(QUERIES)("are counted back from the end: %s%s", async (interval, parameters) => {
    const path = `/ohlc?interval=${interval}&symbol=EURUSD${parameters}`;
    const whole = (await service.get(`${path}&start=1970-01-01T00:00:00Z&limit=10000`)).body;
    for (const count of [1, 3, whole.length, whole.length + 1]) {
      expect((await service.get(`${path}&count=${count}`)).body).toEqual(whole.slice(-count));
    }
    const middle = whole[Math.floor(whole.length / 2)]?.bucket ?? "";
    const before = whole.filter(({ bucket }) => bucket < middle);
    expect((await service.get(`${path}&count=2&end=${middle}`)).body).toEqual(before.slice(-2));
    const from = before.at(-2)?.bucket ?? middle;
    expect((await service.get(`${path}&count=5&start=${from}&end=${middle}`)).body).toEqual(
      before.filter(({ bucket }) => bucket >= from).slice(-5),
    );
  });

  test("have links back to the beginning when counted from the end", async () => {
    const whole = (await service.get(`/ohlc?interval=1d&${RANGE}`)).body;
    const pages: Bar[][] = [];
    let next: string | undefined = "/ohlc?interval=1d&symbol=EURUSD&count=7&end=2030-01-01T00:00:00Z";
    while (next !== undefined) {
      const answer: Answer<Bar[]> = await service.get(next);
      pages.unshift(answer.body);
      next = /^<([^>]+)>; rel="prev"$/.exec(answer.headers.get("link") ?? "")?.[1]?.slice(service.url.length);
    }
    expect(pages.flat()).toEqual(whole);
    expect(pages.slice(1).every((page) => page.length === 7)).toBe(true);
  });

  test.each(QUERIES)("are the newest, complete or not, as GET /ohlc/latest: %s%s", async (interval, parameters) => {
    const last = (await service.get(`/ohlc?interval=${interval}&symbol=EURUSD&count=1${parameters}`)).body;
    expect((await service.get(`/ohlc/latest?symbol=EURUSD&interval=${interval}${parameters}`)).body).toEqual(last);
  });

  test.each([
    ["minute", "1m"],
    ["hour", "1h"],
    ["day", "1d"],
  ])("have the long names too: %s", async (long, short) => {
    const { text } = await service.get(`/ohlc?interval=${short}&${RANGE}`);
    expect((await service.get(`/ohlc?interval=${long}&${RANGE}`)).text).toBe(text);
    expect((await service.get(`/ohlc/${long}?${RANGE}`)).text).toBe(text);
  });
});

describe("the weeks when New York's clocks change", () => {
  const MARKET = "&day_start_hour=17&timezone=America/New_York";

  test.each([
    ["March", "2024-03-10", "2024-03-09T22:00:00Z", 23, ["22", "02", "06", "10", "14", "18"]],
    ["November", "2024-11-03", "2024-11-02T21:00:00Z", 25, ["21", "01", "05", "09", "13", "17", "21"]],
  ])("%s: 1d, 4h and 1w start where the market's own day does", async (_name, sunday, start, hours, quarters) => {
    const end = new Date(Date.parse(start) + hours * 3_600_000).toISOString();
    const days = (await service.get(`/ohlc?interval=1d&${RANGE}${MARKET}`)).body;
    expect(days.find(({ date }) => date === sunday)?.bucket).toBe(start);
    const fourHours = (await service.get(`/ohlc?interval=4h&symbol=EURUSD&start=${start}&end=${end}${MARKET}`)).body;
    expect(fourHours.map(({ bucket }) => bucket.slice(11, 13))).toEqual(quarters);
    const weeks = (await service.get(`/ohlc?interval=1w&${RANGE}${MARKET}`)).body;
    for (const { bucket } of weeks)
      expect(local(Date.parse(bucket), "America/New_York")).toMatchObject({ hour: 17, minute: 0 });
    expect(new Set(weeks.map(({ bucket }) => bucket.slice(11)))).toEqual(new Set(["21:00:00Z", "22:00:00Z"]));
  });
});
