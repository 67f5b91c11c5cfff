import { formatTime } from "@fx-ohlc/schemas";
import { isBi5Path, symbolOfPath } from "../file-name.js";
import { knownDecimals, Months, parseHourFile } from "./dukascopy-path.js";

const hourOf = (path: string) => formatTime(parseHourFile(path, "from-0")?.hourUs ?? Number.NaN).slice(0, 16);

describe("parseHourFile", () => {
  it("counts months from 0", () => {
    expect(parseHourFile("EURUSD/2024/00/15/10h_ticks.bi5", "from-0")?.symbol).toBe("EURUSD");
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
  ])("finds no hour in %s", (path) => expect(parseHourFile(path, "from-0")).toBeUndefined());
});

describe("Months", () => {
  const hourOf = (path: string, said?: "from-0" | "from-1", ...others: string[]) => {
    const months = new Months(said);
    for (const other of others) months.see(other);
    return formatTime(months.hourOf(`EURUSD/${path}/10h_ticks.bi5`)?.hourUs ?? Number.NaN).slice(0, 10);
  };

  it("counts from 0 where a path, or one beside it, can mean nothing else", () => {
    expect(hourOf("2024/00/15")).toBe("2024-01-15");
    expect(hourOf("2024/11/31")).toBe("2024-12-31");
    expect(hourOf("2024/05/15", undefined, "GBPUSD/2024/00/02/01h_ticks.bi5")).toBe("2024-06-15");
  });

  it("asks where both can be meant, and where only the count from 1 can", () => {
    const both = "2024-02-15 (months count from 00, as at Dukascopy) or 2024-01-15 is not certain: say --months from-0";
    expect(() => hourOf("2024/01/15")).toThrow(both);
    expect(() => hourOf("2024/01/31")).toThrow("count from 00, and there is no day 31 in the one after 01");
    expect(() => hourOf("2024/12/05")).toThrow("if 12 is 2024-12-05 here, say --months from-1");
  });

  it("counts as it is told", () => {
    expect(hourOf("2024/01/15", "from-1")).toBe("2024-01-15");
    expect(hourOf("2024/01/15", "from-0")).toBe("2024-02-15");
  });
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
    ["eurusd.csv", "EURUSD"],
    ["data/eur_usd-2024.csv.gz", "EURUSD"],
    ["mt5_GBPUSD_202401020000_202401022359.csv", "GBPUSD"],
    ["EURUSD.r_202401020000_202401022359.csv", "EURUSD.R"],
    ["usdjpy-tick-2024-01-02-2024-01-03.csv", "USDJPY"],
    ["eurusd-and-gbpusd.csv", undefined],
    ["prices_2024.csv", undefined],
    ["EURUSD_Ticks_2024/prices.csv", undefined],
  ])("of %s is %s", (path, symbol) => expect(symbolOfPath(path)).toBe(symbol));

  it("knows bi5 files by their names", () => {
    expect(["x.bi5", "x.BI5.gz", "x.csv", "bi5"].map(isBi5Path)).toEqual([true, true, false, false]);
  });
});
