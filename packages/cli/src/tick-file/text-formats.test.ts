import { lineReader as readerOfLayout } from "./layout.js";
import type { PriceChoice } from "./quote.js";
import { recognizeText, TEXT_FORMATS } from "./text-formats.js";

const lineReader = (header: string, choice: PriceChoice | undefined) =>
  readerOfLayout(TEXT_FORMATS.csv.layout(header), choice);

const TIME = "2014-05-04T21:00:00.462Z";
const timeUs = Date.parse(TIME) * 1000;

describe("CSV", () => {
  it("takes the bid, the ask or their exact middle of a quote", () => {
    const read = (side: "bid" | "ask" | "mid") => lineReader("time,bid,ask", side)(`${TIME},1.38817,1.38884`);
    expect(read("bid")).toEqual({ timeUs, symbol: undefined, prices: ["1.38817"] });
    expect(read("ask")).toEqual({ timeUs, symbol: undefined, prices: ["1.38884"] });
    expect(read("mid")).toEqual({ timeUs, symbol: undefined, prices: ["1.388505"] });
  });

  it("finds columns by their names: in any order and case, quoted, among others", () => {
    const header = '"Volume", ASK ,Time,Bid';
    expect(lineReader(header, "bid")(`7,"1.2",${TIME}, 1.1`)).toEqual({ timeUs, symbol: undefined, prices: ["1.1"] });
  });

  it("takes both sides of a quote, and the symbol where the lines name it", () => {
    const read = lineReader("symbol,time,bid,ask", "both");
    expect(read(`eur/usd,${TIME},1.38817,1.38884`)).toEqual({
      timeUs,
      symbol: "EURUSD",
      prices: ["1.38817", "1.38884"],
    });
    expect(read(`no symbol,${TIME},1.38817,1.38884`)).toMatch(/^symbol must be 1 to 32 of/);
  });

  it("keeps microseconds", () => {
    expect(lineReader("time,price", undefined)("2025-12-05T10:00:00.123456Z,1.1")).toEqual({
      timeUs: Date.parse("2025-12-05T10:00:00Z") * 1000 + 123_456,
      symbol: undefined,
      prices: ["1.1"],
    });
  });

  it("takes both sides where there are some, and the price of a line that leaves them empty", () => {
    const read = (line: string, choice?: PriceChoice) => lineReader("time,price,bid,ask", choice)(`${TIME},${line}`);
    expect(read("9,1.1,1.2")).toMatchObject({ prices: ["1.1", "1.2"] });
    expect(read("9,,", "quote")).toMatchObject({ prices: ["9"] });
    expect(read("9,1.1,")).toMatch(/^ask must be a decimal number greater than 0$/);
    expect(read(",,")).toMatch(/^price must be/);
    expect(read("9,,", "mid")).toMatch(/^bid must be/);
    expect(lineReader("time,bid,ask", undefined)(`${TIME},1.1,1.2`)).toMatchObject({ prices: ["1.1", "1.2"] });
  });

  it("wants to be told that one side is the price", () => {
    expect(() => lineReader("time,bid", undefined)).toThrow("choose one with --price bid");
  });

  it.each([
    ["bid,ask", "bid", "time"],
    ["time,price", "mid", "bid"],
    ["time,bid", "ask", "ask"],
    [`${TIME},1.1,1.2`, "bid", "time"],
  ] as const)("refuses the header %s with --price %s", (header, side, missing) => {
    expect(() => lineReader(header, side)).toThrow(`line 1 is no header with a ${missing} column: it says "`);
  });

  it.each([
    ["2014-05-04T21:00:00,1.1", /^time must be an RFC 3339 time with Z or an offset/],
    [`${TIME},abc`, /^price must be a decimal number greater than 0$/],
    [`${TIME},0.0`, /^price must be/],
    [`${TIME},`, /^price must be/],
    [TIME, /^has 1 fields, the header 2$/],
    [`${TIME},1,1`, /^has 3 fields, the header 2$/],
  ])("says what is wrong with the line %s", (line, problem) => {
    expect(lineReader("time,price", undefined)(line)).toMatch(problem);
  });
});

/** What a line of a recognised text says, as a person would write it. */
function said(firstLine: string, line = firstLine) {
  const quote = readerOfLayout(recognizeText(firstLine).layout(firstLine), "both")(line);
  if (typeof quote === "string") return quote;
  return [new Date(quote.timeUs / 1000).toISOString(), quote.symbol, ...quote.prices];
}

describe("HistData", () => {
  it("is five hours behind UTC in winter and in summer", () => {
    expect(said("20120201 000003660,1.306600,1.306770,0")).toEqual([
      ...["2012-02-01T05:00:03.660Z", undefined, "1.306600", "1.306770"],
    ]);
    expect(said("20120701 235959999,1.306600,1.306770,0")).toEqual([
      ...["2012-07-02T04:59:59.999Z", undefined, "1.306600", "1.306770"],
    ]);
  });

  it("keeps the hour that New York skips in March, and tells apart the two that it repeats in November", () => {
    const at = (time: string) => said(`${time},1.1,1.2,0`)[0];
    expect(at("20240310 023000000")).toBe("2024-03-10T07:30:00.000Z");
    expect(at("20241103 013000000")).toBe("2024-11-03T06:30:00.000Z");
    expect(at("20241103 023000000")).toBe("2024-11-03T07:30:00.000Z");
  });

  it.each([
    ["20120230 000003660,1.3,1.4,0", "time must be YYYYMMDD HHMMSSmmm, in HistData's UTC-5"],
    ["20120201 240003660,1.3,1.4,0", "time must be YYYYMMDD HHMMSSmmm, in HistData's UTC-5"],
    ["20120201 00000366,1.3,1.4,0", "time must be YYYYMMDD HHMMSSmmm, in HistData's UTC-5"],
    ["20120201 000003660,1.3,,0", "ask must be a decimal number greater than 0"],
    ["20120201 000003660;1.3;1.4;0", "has 1 fields, a HistData line 4"],
  ])("says what is wrong with the line %s", (line, problem) => {
    expect(said("20120201 000003660,1.306600,1.306770,0", line)).toBe(problem);
  });
});

describe("TrueFX", () => {
  const LINE = "EUR/USD,20211101 19:07:40.498,1.16034,1.16037";

  it("names its symbol on every line and is in UTC", () => {
    expect(said(LINE)).toEqual(["2021-11-01T19:07:40.498Z", "EURUSD", "1.16034", "1.16037"]);
    expect(said(LINE, "USD/JPY,20210701 19:07:40.498,111.5,111.52")[0]).toBe("2021-07-01T19:07:40.498Z");
  });

  it.each([
    ["EUR/USD,20211101 19:07:40,1.16034,1.16037", /^time must be YYYYMMDD HH:MM:SS.mmm in UTC$/],
    ["EUR/USD,20211131 19:07:40.498,1.16034,1.16037", /^time must be/],
    ["EUR USD,20211101 19:07:40.498,1.16034,1.16037", /^symbol must be 1 to 32 of/],
    ["EUR/USD,20211101 19:07:40.498,1.16034", /^has 3 fields, a TrueFX line 4$/],
  ])("says what is wrong with the line %s", (line, problem) => {
    expect(said(LINE, line)).toMatch(problem);
  });
});

describe("Dukascopy's CSV", () => {
  const HEADER = "Gmt time,Ask,Bid,AskVolume,BidVolume";

  it("has the day before the month and the ask before the bid", () => {
    const line = "15.01.2024 10:30:00.123,1.09512,1.0951,1.2,0.9";
    expect(said(HEADER, line)).toEqual(["2024-01-15T10:30:00.123Z", undefined, "1.0951", "1.09512"]);
  });

  it("needs an offset where times are local", () => {
    const header = "Local time,Ask,Bid,AskVolume,BidVolume";
    const rest = "1.09512,1.0951,1.2,0.9";
    expect(said(header, `15.07.2024 10:30:00.123 GMT+0200,${rest}`)[0]).toBe("2024-07-15T08:30:00.123Z");
    expect(said(header, `15.07.2024 10:30:00.123,${rest}`)).toMatch(/^time must be .* with its offset/);
  });

  it.each(["15.13.2024 10:30:00.123", "2024.01.15 10:30:00.123", "15.01.2024 10:30:00"])(
    "refuses the time %s",
    (time) => {
      expect(said(HEADER, `${time},1.1,1.2,1,1`)).toBe("time must be DD.MM.YYYY HH:MM:SS.mmm");
    },
  );
});
