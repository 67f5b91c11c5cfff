import { eventually } from "@fx-ohlc/testkit";
import { type Bar, type ReadSide, startReadSide } from "./read-side.js";

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

let service: ReadSide;
beforeAll(async () => {
  service = await startReadSide();
  await service.insert([
    { symbol: "CLOCK", time: fromNow(-3 * MINUTE_MS), price: 1 },
    { symbol: "CLOCK", time: fromNow(0), price: 2 },
  ]);
});
afterAll(() => service.stop());
afterEach(() => jest.restoreAllMocks());

/** This process's, which is the service's too. */
const realNow = Date.now;
function moveClock(byMs: number): void {
  jest.spyOn(Date, "now").mockImplementation(() => realNow() + byMs);
}
const fromNow = (ms: number) => new Date(realNow() + ms).toISOString();
const START = fromNow(-10 * MINUTE_MS);

/** What is said of the bars without anything that changes by itself from one second to the next. */
async function bars(query: string): Promise<Bar[]> {
  const { status, body } = await service.get(`/ohlc/${query}`);
  expect(status).toBe(200);
  return body;
}

describe.each([
  ["two hours ahead", 2 * HOUR_MS],
  ["an hour behind", -HOUR_MS],
])("a service whose clock is %s", (_name, byMs) => {
  beforeEach(() => moveClock(byMs));

  test("calls the bar that runs running and the one before it complete", async () => {
    for (const interval of ["day", "hour"]) {
      expect(await bars(`${interval}?symbol=CLOCK&start=${fromNow(-30 * HOUR_MS)}&count=1`)).toMatchObject([
        { complete: false, close: 2 },
      ]);
    }
    const [first] = await bars(`minute?symbol=CLOCK&start=${START}`);
    expect(first).toMatchObject({ complete: true, close: 1 });
    expect(await bars("latest?symbol=CLOCK&interval=day")).toMatchObject([{ complete: false }]);
  });

  test("ends a range without an end at what is now, and fills no bucket that has not begun", async () => {
    expect((await bars(`minute?symbol=CLOCK&start=${START}`)).map(({ close }) => close)).toEqual([1, 2]);
    const { body: ticks } = await service.get(`/ticks?symbol=CLOCK&start=${START}`);
    expect(ticks).toHaveLength(2);
    const filled = await bars(`minute?symbol=CLOCK&start=${START}&end=${fromNow(24 * HOUR_MS)}&fill=null`);
    const newestMs = Date.parse(filled.at(-1)?.bucket ?? "");
    expect(newestMs).toBeLessThanOrEqual(realNow());
    expect(newestMs).toBeGreaterThan(realNow() - 2 * MINUTE_MS);
  });

  test("tells charts the right time", async () => {
    const { body } = await service.get<number>("/udf/time");
    expect(Math.abs(body * 1000 - realNow())).toBeLessThan(5_000);
  });

  test("is unhealthy and still ready, until its clock is right again", async () => {
    const health = () => service.get<Record<string, unknown>>("/health");
    await eventually(async () => (await health()).status === 503);
    expect((await health()).body).toMatchObject({
      clock_skew_s: expect.closeTo(byMs / 1000, 0),
      problems: [expect.stringMatching(byMs > 0 ? /clock is 7\d+\.\d s ahead of/ : /clock is 3[56]\d+\.\d s behind/)],
    });
    expect((await service.get("/ready")).status).toBe(200);
    moveClock(0);
    await eventually(async () => (await health()).status === 200);
  });
});
