import { type Bar, quoteOf, type ReadSide, startReadSide } from "./read-side.js";

let service: ReadSide;

/** Prices alone for a while, then quotes every ten minutes. */
beforeAll(async () => {
  service = await startReadSide();
  const at = (minutes: number) => new Date(Date.UTC(2024, 2, 5) + minutes * 60_000).toISOString();
  const prices = Array.from({ length: 30 }, (_, i) => ({ time: at(i), price: 1 + i / 1000 }));
  const quotes = Array.from({ length: 30 }, (_, i) =>
    quoteOf(at(600 + 10 * i), (1100 + i) / 1e3, (11_002 + 10 * i) / 1e4),
  );
  await service.insert([...prices, ...quotes, { symbol: "PRICES", time: at(0), price: 2 }]);
});
afterAll(() => service.stop());

const seconds = (time: string) => Date.parse(time) / 1000;
const DAY = `from=${seconds("2024-03-04T22:00:00Z")}&to=${seconds("2024-03-05T22:00:00Z")}`;

interface History {
  readonly s: string;
  readonly t: number[];
  readonly [name: string]: unknown;
}

const history = async (parameters: string) => (await service.get<History>(`/udf/history?${parameters}`)).body;

test.each(["bid", "ask"])("a chart of %s is of the bars that have quotes", async (side) => {
  for (const [resolution, interval] of [
    ["1", "1m"],
    ["60", "1h"],
    ["1D", "1d"],
  ]) {
    const boundary = interval === "1d" ? "&day_start_hour=17&timezone=America/New_York" : "";
    const range = "start=2024-03-04T20:00:00Z&end=2024-03-06T00:00:00Z";
    const path = `/ohlc?interval=${interval}&symbol=EURUSD&${range}&price=${side}&include=bid${boundary}`;
    const bars = (await service.get<(Bar & { quote_count: number | null })[]>(path)).body.filter(
      ({ quote_count }) => quote_count !== null,
    );
    const shown = await history(`symbol=eur/usd:${side}&resolution=${resolution}&${DAY}`);
    expect(shown).toMatchObject({
      s: "ok",
      ...{ o: bars.map(({ open }) => open), h: bars.map(({ high }) => high), l: bars.map(({ low }) => low) },
      ...{ c: bars.map(({ close }) => close), v: bars.map(({ quote_count }) => quote_count) },
    });
    if (interval !== "1d") expect(shown.t).toEqual(bars.map(({ bucket }) => seconds(bucket)));
  }
});

test("where a side has nothing the chart is told of its last bar before that, or that there is none", async () => {
  const at = (time: string) => seconds(`2024-03-05T${time}:00Z`);
  const side = "symbol=EURUSD:BID&resolution=1";
  expect(await history(`${side}&from=${at("10:01")}&to=${at("10:05")}`)).toEqual({
    ...{ s: "no_data", nextTime: at("10:00") },
  });
  expect(await history(`${side}&from=${at("00:00")}&to=${at("01:00")}`)).toEqual({ s: "no_data" });
  expect(await history(`${side}&to=${at("01:00")}&countback=10`)).toEqual({ s: "no_data" });
  expect(await history(`symbol=EURUSD:BID&resolution=60&from=${at("20:00")}&to=${at("21:00")}`)).toEqual({
    ...{ s: "no_data", nextTime: at("14:00") },
  });
});

test("a side is a symbol of its own to the chart, with the decimals of the sides", async () => {
  expect((await service.get("/udf/symbols?symbol=EURUSD:ask")).body).toMatchObject({
    ...{ name: "EURUSD:ASK", ticker: "EURUSD:ASK", description: "EURUSD (ask)", pricescale: 100_000 },
  });
  expect((await service.get("/udf/symbols?symbol=EURUSD")).body).toMatchObject({ name: "EURUSD", pricescale: 100_000 });
  for (const name of ["PRICES:BID", "NOBODY:BID"]) {
    expect((await service.get(`/udf/symbols?symbol=${name}`)).status).toBe(404);
  }
  expect((await service.get("/udf/symbols?symbol=EURUSD:QUOTE")).status).toBe(422);
});

test("search finds the sides of what has quotes", async () => {
  const found = async (query: string) => {
    const { body } = await service.get<{ symbol: string }[]>(`/udf/search?query=${query}`);
    return body.map(({ symbol }) => symbol);
  };
  expect(await found("EUR")).toEqual(["EURUSD", "EURUSD:BID", "EURUSD:ASK"]);
  expect(await found("eur/usd:bid")).toEqual(["EURUSD:BID"]);
  expect(await found("PRICES:BID")).toEqual([]);
  expect(await found("&limit=2")).toEqual(["EURUSD", "EURUSD:BID"]);
});
