import { type ReadSide, startReadSide } from "./read-side.js";

let service: ReadSide;

beforeEach(async () => {
  service = await startReadSide();
});
afterEach(() => service.stop());

describe("GET /symbols", () => {
  test("is empty before there are ticks", async () => {
    expect((await service.get("/symbols")).text).toBe("[]");
  });

  test("names every symbol with the exact time of its first and its last tick", async () => {
    const now = new Date().toISOString();
    await service.insert([
      { symbol: "OLD", time: "1970-01-01T00:00:00Z", price: 1 },
      { symbol: "OLD", time: "2010-05-05T05:05:05.555555Z", price: 1 },
      { symbol: "OLD", time: "2010-05-05T21:59:59.999999Z", price: 1 },
      { symbol: "NEW", time: now, price: 1 },
      { symbol: "NEW", time: now, seq: 1, price: 2 },
    ]);
    const time = now.replace("Z", "000Z");
    expect((await service.get("/symbols/")).body).toEqual([
      { symbol: "NEW", first_tick: time, last_tick: time },
      { symbol: "OLD", first_tick: "1970-01-01T00:00:00.000000Z", last_tick: "2010-05-05T21:59:59.999999Z" },
    ]);
  });

  test("lets the minute stand for a tick that retention has dropped", async () => {
    await service.insert([
      { time: "2010-05-05T05:05:05.5Z", price: 1 },
      { time: "2010-05-07T06:06:06.6Z", price: 1 },
    ]);
    await service.sql.begin(async (transaction) => {
      await transaction`set local fx.keep_bars = 'on'`;
      await transaction`delete from ticks where symbol = 'EURUSD'`;
    });
    expect((await service.get("/symbols")).body).toEqual([
      { symbol: "EURUSD", first_tick: "2010-05-05T05:05:00.000000Z", last_tick: "2010-05-07T06:06:00.000000Z" },
    ]);
  });
});
