import { US_PER_SECOND } from "@fx-ohlc/schemas";
import { parseInstant, parseShift, parseSymbols, parseUrl } from "./arguments.js";

describe("parseShift", () => {
  it.each([
    ["0", 0],
    ["-3600", -3600],
    ["604800", 604_800],
    ["P604W", 604 * 604_800],
    ["P604WT1H", 604 * 604_800 + 3600],
    ["-P1DT2H3M4S", -93_784],
  ])("reads %s", (raw, seconds) => expect(parseShift(raw)).toBe(seconds * US_PER_SECOND));

  it.each(["", "P", "PT", "P1DT", "1.5", "P1Y", "P1M", "1 week", "--1"])("refuses %j", (raw) => {
    expect(() => parseShift(raw)).toThrow("whole seconds or an ISO 8601 duration");
  });
});

describe("parseSymbols", () => {
  it("stores them as the service does, each once", () => {
    expect(parseSymbols("eur/usd,EURUSD,usdjpy")).toEqual(["EURUSD", "USDJPY"]);
    expect(() => parseSymbols("EURUSD,")).toThrow("1 to 32");
  });
});

describe("parseUrl", () => {
  it("takes http addresses only", () => {
    expect(parseUrl("https://ticks.example.com/fx/")).toBe("https://ticks.example.com/fx");
    expect(() => parseUrl("localhost:8000")).toThrow("http://localhost:8000");
    expect(() => parseUrl("ftp://x")).toThrow("http://localhost:8000");
  });
});

describe("parseInstant", () => {
  it("takes a date for its midnight in UTC, and times with an offset", () => {
    expect(parseInstant("2014-05-04")).toBe(Date.parse("2014-05-04T00:00:00Z") * 1000);
    expect(parseInstant("2014-05-04T17:00:00-04:00")).toBe(Date.parse("2014-05-04T21:00:00Z") * 1000);
  });

  it.each(["", "2014-02-30", "2014-05-04T17:00:00", "May 4"])("refuses %j", (raw) => {
    expect(() => parseInstant(raw)).toThrow("It must be a date (2014-05-04, midnight UTC) or a time");
  });
});
