import { closeBars } from "@fx-ohlc/database";
import { microsOf, quoteOf, type ReadSide, startReadSide } from "./read-side.js";

const MINUTE_US = 60_000_000;
const TO_US = microsOf("2024-04-08T00:00:00Z");

let service: ReadSide;
beforeAll(async () => {
  service = await startReadSide();
});
afterAll(() => service.stop());

function formatTick(us: number): string {
  return new Date(us / 1000).toISOString();
}

test("the first quotes of a database are in bars that were closed and read before there were any", async () => {
  const young = await startReadSide();
  try {
    const day = "2024-03-05";
    const prices = Array.from({ length: 60 }, (_, i) => ({
      ...{ time: formatTick(microsOf(`${day}T10:00:00Z`) + i * MINUTE_US), price: 1 + i / 1000 },
    }));
    await young.insert(prices);
    await closeBars(young.sql, TO_US);
    const counts = async () => {
      const path = `/ohlc/minute?symbol=EURUSD&start=${day}T00:00:00Z&end=${day}T23:00:00Z&include=spread`;
      const { body } = await young.get<{ quote_count: number | null }[]>(path);
      return body.map(({ quote_count }) => quote_count);
    };
    const none = prices.map(() => null);
    for (let i = 0; i < 3; i += 1) expect(await counts()).toEqual(none);
    await young.insert([quoteOf(`${day}T10:30:30Z`, 1.1, 1.2)]);
    for (let i = 0; i < 3; i += 1) expect(await counts()).toEqual(none.map((_, at) => (at === 30 ? 1 : null)));
  } finally {
    await young.stop();
  }
});

test("quotes that were stored before anyone heard of them are in bars as soon as the symbol has quotes", async () => {
  const symbol = "UNHEARD";
  const day = "2024-03-05";
  const time = (minute: number) => formatTick(microsOf(`${day}T10:00:00Z`) + minute * MINUTE_US);
  await service.insert(
    [{ symbol, time: time(0), price: 1 }, quoteOf(time(1), 1, 2)].map((tick) => ({ ...tick, symbol })),
  );
  await service.sql`update symbols set quotes = false where symbol = ${symbol}`;
  await closeBars(service.sql, TO_US);
  const range = `symbol=${symbol}&start=${day}T00:00:00Z&end=${day}T23:00:00Z&limit=1000&include=bid`;
  const counts = async () => {
    const all: number[] = [];
    for (const interval of ["1m", "30m", "1h"]) {
      const { body } = await service.get<{ bid_open: number | null }[]>(`/ohlc?interval=${interval}&${range}`);
      all.push(body.filter(({ bid_open }) => bid_open !== null).length);
    }
    return all;
  };
  for (let i = 0; i < 3; i += 1) expect(await counts()).toEqual([0, 0, 0]);
  await service.sql`update symbols set quotes = true where symbol = ${symbol}`;
  for (let i = 0; i < 3; i += 1) expect(await counts()).toEqual([1, 1, 1]);
});
