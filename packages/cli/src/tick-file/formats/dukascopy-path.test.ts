import { formatTime } from "@fx-ohlc/schemas";
import { knownDecimals, parseHourFile } from "./dukascopy-path.js";
import { isBi5Path, symbolOfPath } from "./file-name.js";

const hourOf = (path: string) => formatTime(parseHourFile(path)?.hourUs ?? Number.NaN).slice(0, 16);

describe("parseHourFile", () => {
  it("counts months from 0", () => {
    expect(parseHourFile("EURUSD/2024/00/15/10h_ticks.bi5")?.symbol).toBe("EURUSD");
    expect(hourOf("EURUSD/2024/00/15/10h_ticks.bi5")).toBe("2024-01-15T10:00");
    expect(hourOf("/data/GBPUSD/2023/11/31/23h_ticks.bi5")).toBe("2023-12-31T23:00");
    expect(hourOf("/data/GBPUSD/2024/01/29/00h_ticks.bi5")).toBe("2024-02-29T00:00");
  });

  it("reads the flat names that downloaders make of the address, and Windows paths", () => {
    expect(hourOf("EURUSD_2024_06_01_05h_ticks.bi5")).toBe("2024-07-01T05:00");
    expect(hourOf("C:\\fx\\EURUSD\\2024\\06\\01\\05h_ticks.bi5")).toBe("2024-07-01T05:00");
  });

  it.each([
    "10h_ticks.bi5",
    "EURUSD/2024/12/15/10h_ticks.bi5",
    "EURUSD/2024/01/30/10h_ticks.bi5",
    "EURUSD/2024/00/15/24h_ticks.bi5",
  ])("finds no hour in %s", (path) => expect(parseHourFile(path)).toBeUndefined());
});

describe("knownDecimals", () => {
  it.each([
    ["EURUSD", 5],
    ["USDJPY", 3],
    ["EURHUF", 3],
    ["XAUUSD", 3],
    ["XAGUSD", 3],
  ])("%s has %i", (symbol, decimals) => expect(knownDecimals(symbol)).toBe(decimals));

  it.each(["BTCUSD", "USDCZK", "HKDJPY", "XAUJPY", "NZDHKD", "AAPLUSUSD"])("does not guess those of %s", (symbol) => {
    expect(knownDecimals(symbol)).toBeUndefined();
  });
});

describe("symbolOfPath", () => {
  it.each([
    ["/fx/DAT_ASCII_EURUSD_T_201202.csv", "EURUSD"],
    ["HISTDATA_COM_ASCII_GBPJPY_T201202.zip/notes.csv", "GBPJPY"],
    ["EURUSD_Ticks_15.01.2024-15.01.2024.csv", "EURUSD"],
    ["USDJPY/2024/00/15/10h_ticks.bi5", "USDJPY"],
    ["eurusd.csv", undefined],
    ["EURUSD_Ticks_2024/prices.csv", undefined],
  ])("of %s is %s", (path, symbol) => expect(symbolOfPath(path)).toBe(symbol));

  it("knows bi5 files by their names", () => {
    expect(["x.bi5", "x.BI5.gz", "x.csv", "bi5"].map(isBi5Path)).toEqual([true, true, false, false]);
  });
});
