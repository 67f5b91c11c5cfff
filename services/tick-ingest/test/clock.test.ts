import { formatTime } from "@fx-ohlc/schemas";
import { eventually } from "@fx-ohlc/testkit";
import { type Ingest, startIngest } from "./ingest.js";

const HOUR_MS = 3_600_000;
/** A tick is stored within this, ms. */
const SOON_MS = 5_000;

let ingest: Ingest;
beforeAll(async () => {
  ingest = await startIngest({ MAX_CLOCK_SKEW_S: "300" });
});
afterAll(() => ingest.stop());

/** This process's, which is the service's too. */
const realNow = Date.now;
function moveClock(byMs: number): void {
  jest.spyOn(Date, "now").mockImplementation(() => realNow() + byMs);
}
afterEach(() => jest.restoreAllMocks());

async function postNow() {
  const { status, body } = await ingest.post("/ticks", { symbol: "CLOCK", price: 1 });
  expect(status).toBe(201);
  return body;
}

const timeAhead = (ms: number) => formatTime((realNow() + ms) * 1000);

describe("a service whose clock jumps", () => {
  test.each([
    ["two hours ahead", 2 * HOUR_MS],
    ["a day ahead", 24 * HOUR_MS],
    ["an hour back", -HOUR_MS],
  ])("%s stamps ticks with the time it is, during the jump and after it", async (_name, byMs) => {
    for (const atMs of [0, byMs, 0]) {
      moveClock(atMs);
      const time = Date.parse(String((await postNow()).time));
      expect(Math.abs(time - realNow())).toBeLessThan(SOON_MS);
    }
  });

  test("refuses ticks from the future and takes those of now, during the jump and after it", async () => {
    const statusOf = async (ms: number) =>
      (await ingest.post("/ticks", { symbol: "CLOCK", price: 2, time: timeAhead(ms) })).status;
    for (const atMs of [2 * HOUR_MS, -2 * HOUR_MS, 0]) {
      moveClock(atMs);
      expect([await statusOf(HOUR_MS), await statusOf(200_000 + atMs / HOUR_MS)]).toEqual([422, 201]);
    }
  });

  test("says so in its health and its metrics, and that it is over", async () => {
    const health = async () =>
      (await ingest.send("GET", "/health")) as { status: number; body: { problems?: string[] } };
    moveClock(2 * HOUR_MS);
    await eventually(async () => (await health()).status === 503);
    expect((await health()).body).toMatchObject({
      ...{ status: "unhealthy", database: "connected", clock_skew_s: expect.closeTo(7200, 0) },
      problems: [expect.stringMatching(/^this machine's clock is (7199\.9|7200\.\d) s ahead of the database's$/)],
    });
    expect((await fetch(`${ingest.url}/ready`)).status).toBe(200);
    expect(await (await fetch(`${ingest.url}/metrics`)).text()).toMatch(/^clock_skew_seconds 7(199|200)/m);
    moveClock(0);
    await eventually(async () => (await health()).status === 200);
    expect((await health()).body).toMatchObject({ clock_skew_s: expect.closeTo(0, 0) });
  });
});
