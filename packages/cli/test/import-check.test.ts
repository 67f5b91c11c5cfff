import { join } from "node:path";
import { AT, AT_123, first, QUOTE, written } from "./checked-file.js";
import { Command } from "./command.js";

/** Small inputs that people have sent, each for a kind. */
const CASES = join(__dirname, "cases");

const inCases = (name: string, ...args: string[]) => first(join(CASES, name), ...args);
const EURUSD = ["--symbol", "EURUSD"] as const;

describe("fx-ticks import of the files that people reported", () => {
  it.each([
    ["h1.csv", EURUSD, `${AT} EURUSD 1.1 1.2`],
    ["dukanode.csv", EURUSD, `${AT_123} ${QUOTE}`],
    ["duka.csv", EURUSD, `${AT_123} ${QUOTE}`],
    ["birt.csv", [...EURUSD, "--timezone", "UTC"], `${AT_123} ${QUOTE}`],
    ["fxcm.csv", EURUSD, `${AT_123} ${QUOTE}`],
    ["mt5_EURUSD_202401020000_202401022359.csv", ["--timezone", "+02:00"], `2024-01-02T08:00:00.123000Z ${QUOTE}`],
    ["epochs.csv", EURUSD, `${AT} EURUSD 1.1`],
    ["epochms.csv", EURUSD, `${AT_123} EURUSD 1.1`],
    ["ns.csv", EURUSD, "2024-01-02T10:00:00.123456Z EURUSD 1.1"],
    ["sqltime.csv", EURUSD, `${AT_123} EURUSD 1.1`],
    ["naive.csv", [...EURUSD, "--timezone", "Europe/Berlin"], "2024-01-02T09:00:00.123000Z EURUSD 1.1"],
    ["utf16_plain.csv", EURUSD, `${AT} EURUSD 1.1`],
    ["comment.csv", EURUSD, `${AT} EURUSD 1.1`],
    ["sep.csv", EURUSD, `${AT} EURUSD 1.1`],
    ["c.csv.bz2", EURUSD, `${AT} EURUSD 1.1`],
    ["c.csv.xz", EURUSD, `${AT} EURUSD 1.1`],
    ["sci.csv", EURUSD, `${AT} EURUSD 0.00000123`],
    ["ba.csv", ["--symbol", "EURUSD.R", "--price", "both"], `${AT} EURUSD.R 1.1 1.2`],
    ["DAT_NT_EURUSD_T_LAST_202401.csv", [], "2024-01-02T15:00:00.000000Z EURUSD 1.101000"],
    [
      "USA30IDXUSD/2024/00/02/10h_ticks.bi5",
      ["--symbol", "US30", "--points", "1000", "--price", "bid"],
      `${AT} US30 36999.999`,
    ],
    [
      "human-month/GBPUSD/2024/01/15/10h_ticks.bi5",
      ["--months", "from-1"],
      "2024-01-15T10:00:00.000000Z GBPUSD 1.101 1.1011",
    ],
  ])("reads %s", async (name, args, expected) => {
    await expect(inCases(name, ...args)).resolves.toBe(expected);
  });

  it.each([
    ["naive.csv", EURUSD, "has no zone: say which one it is of, such as --timezone UTC"],
    ["birt.csv", EURUSD, "has no zone: say which one it is of"],
    ["mt5_EURUSD_202401020000_202401022359.csv", [], "has no zone: say which one it is of"],
    ["h4.csv", EURUSD, "its header names bid twice"],
    ["DAT_ASCII_EURUSD_M1_2024.csv", [], "these are bars, not ticks"],
    ["human-month/GBPUSD/2024/01/15/10h_ticks.bi5", [], "say --months from-0 or --months from-1"],
    ["human-month/GBPUSD/2024/01/31/10h_ticks.bi5", [], "months in Dukascopy's paths count from 00"],
    ["empty-symbol.csv", [], "line 3: symbol must be"],
  ])("refuses %s and says why", async (name, args, expected) => {
    await expect(inCases(name, ...args)).resolves.toContain(expected);
  });

  it("takes a blank side of MetaTrader's for unchanged", async () => {
    const path = join(CASES, "mt5_EURUSD_202401020000_202401022359.csv");
    const { out } = await new Command("import", "--check", path, "--timezone", "UTC").run({ stateDirectory: "" });
    expect(out).toEqual([
      `${path}: mt5`,
      "  columns: date (<DATE>), time (<TIME>), bid (<BID>), ask (<ASK>)",
      "  ignored: <LAST>, <VOLUME>, <FLAGS>",
      "  times are of UTC",
      `  first: ${AT_123} ${QUOTE}`,
      "  last: 2024-01-02T10:00:00.323000Z EURUSD 1.10101 1.10112",
      "  3 quotes, in order; would store 3 quotes of EURUSD, numbered by the service within a stamp",
    ]);
  });

  it("counts the lines without the prices that it takes, and remembers a side said in one of them", async () => {
    const lines = ["", "\t1.2\t\t", "1.1\t\t\t", "\t\t1.15\t3"].map(
      (rest, at) => `2024.01.02\t10:00:0${at}.000\t${rest}`,
    );
    const path = written(NAME, ["<DATE>\t<TIME>\t<BID>\t<ASK>\t<LAST>\t<VOLUME>", ...lines.slice(1)].join("\n"));
    const { exitCode, out } = await new Command("import", "--check", path, "--timezone", "UTC").run({
      stateDirectory: "",
    });
    expect(exitCode).toBe(0);
    expect(out).toContain("  first: 2024-01-02T10:00:02.000000Z EURUSD 1.1 1.2");
    expect(out).toContain("  2 lines not stored: without the prices that are taken");
  });
});

/** A text, the file's name, the options, and the first tick or what the refusal says. */
type Sibling = readonly [content: string, expected: string | RegExp, args?: readonly string[], name?: string];

const NAME = "EURUSD.csv";
const BERLIN = ["--timezone", "Europe/Berlin"] as const;
const BA = "EURUSD 1.1 1.2";
const LEAN = "20240102_eurusd_tick_quote.csv";
const BINANCE = "123,42000.1,0.1,4200.01,1704189600123,true,true";
const MT5 = "<DATE>\t<TIME>\t<BID>\t<ASK>\t<LAST>\t<VOLUME>\n2024.01.02\t10:00:00.000";
/** More than is looked at to find out what a file is, of dates that say nothing. */
const FXCM_LINES = "01/02/2024 10:00:00.123,1.1,1.2\r\n".repeat(3_000);

const SIBLINGS: Readonly<Record<string, readonly Sibling[]>> = {
  "columns by their names": [
    [`DateTime;BidPrice;AskPrice\n${AT};1.1;1.2`, `${AT} ${BA}`],
    [`"Ask Price","Timestamp","Bid Price"\n1.2,${AT},1.1`, `${AT} ${BA}`],
    [`Instrument,ts,offer,bid,size\nEUR/USD,${AT},1.2,1.1,5`, `${AT} ${BA}`, [], "x.csv"],
    ["date,time,last,volume\n2024-01-02,10:00:00Z,1.1,3", `${AT} EURUSD 1.1`],
    [`ticker\ttimestamp\tbid_px\task_px\nC:EUR-USD\t${AT}\t1.1\t1.2`, `${AT} ${BA}`, [], "x.tsv"],
    [`Time (UTC),Bid,Ask\n2024-01-02 10:00:00,1.1,1.2`, `${AT} ${BA}`],
    [`time,bid,BID\n${AT},1.1,1.2`, /its header names BID twice/],
    [`time,bid,bid_price,ask\n${AT},1.1,1.1,1.2`, `${AT} ${BA}`],
    [
      `time,best_bid,bid_price,ask\n${AT},1.1,1.1,1.2`,
      /both best_bid and bid_price may be its bid: say which, such as --columns bid=best_bid/,
    ],
    [`time,timestamp,bid,ask\n${AT},1,1.1,1.2`, `${AT} ${BA}`],
    [`time,bid,ask,time_msc\n1704189600,1.1,1.2,1704189600123`, `${AT_123} ${BA}`],
  ],
  "a price beside both sides": [
    [`time,bid,ask,price\n${AT},1.37615,1.37618,1.376165`, `${AT} EURUSD 1.37615 1.37618`],
    [`time,bid,ask,price\n${AT},1.1,1.2,1.16`, /line 2: price 1.16 must be the mid .* 1.15; .* say --columns -=price/],
    [`time,bid,ask,price\n${AT},1.1,1.2,x`, /line 2: price must be a decimal number/],
    [`time,bid,ask,price\n${AT},1.1,1.2,1.16`, `${AT} ${BA}`, ["--columns", "-=price"]],
    [`${AT},1.1,1.2,1.16`, /line 1: price 1.16 must be the mid/, ["--columns", "time,bid,ask,price"]],
    [`{"time":"${AT}","bid":1.1,"ask":1.2,"price":1.16}`, /price 1.16 must be the mid/, [], "EURUSD.ndjson"],
    [`time,bid,ask,price\n${AT},1.1,1.2,1.16`, `${AT} EURUSD 1.16`, ["--columns", "time=time,price=price"]],
  ],
  "columns as they are said": [
    [`Zeit;Geld;Brief\n${AT};1,1;1,2`, `${AT} ${BA}`, ["--columns", "time=Zeit,bid=Geld,ask=Brief"]],
    [`${AT},1.1,1.2,9`, `${AT} ${BA}`, ["--columns", "time,bid,ask,-"]],
    [`a,b,c\n${AT},1.2,1.1`, `${AT} ${BA}`, ["--columns", "time,ask,bid"]],
    [
      `EURUSD 2024-01-02 10:00:00 1.1 1.2`,
      `${AT} ${BA}`,
      ["--columns", "symbol,date,time,bid,ask", "--timezone", "UTC"],
    ],
    [`${AT},1.1,1.2`, /line 1 is no header with a time column: .* --columns time,bid,ask,-/],
    [`time,x\n${AT},1.1`, /no price column/],
    [`time,price,seq\n${AT},1.1,70001`, /seq must be .* say --columns -=seq/],
    [`time,price,seq\n${AT},1.1,70001`, `${AT} EURUSD 1.1`, ["--columns", "-=seq"]],
    [`Time (EST),price\n2024-01-02 10:00:00,1.1`, /has no zone/],
    [`time,bid,ask,last\n${AT},1,2,1.1`, `${AT} EURUSD 1.1`, ["--columns", "time=time,price=last"]],
    [`t,T,p\n1,${AT},1.1`, `${AT} EURUSD 1.1`, ["--columns", "time=T,price=p"]],
    [`time,bid\n${AT},1.1`, /header has no Geld/, ["--columns", "bid=Geld"]],
  ],
  "times in any spelling": [
    ["time,price\n2024-01-02T11:00+01,1.1", `${AT} EURUSD 1.1`],
    ["time,price\n2024-01-02 10:00:00 UTC,1.1", `${AT} EURUSD 1.1`],
    ["time,price\n2024-01-02 10:00:00.123000 +0000,1.1", `${AT_123} EURUSD 1.1`],
    ["time;price\n20240102 110000123;1.1", `${AT_123} EURUSD 1.1`, BERLIN],
    ["time,price\n02-Jan-2024 11:00:00 AM,1.1", `${AT} EURUSD 1.1`, BERLIN],
    ["time,price\n1704189600123456,1.1", "2024-01-02T10:00:00.123456Z EURUSD 1.1"],
    ["time,price\n1704189600123456789,1.1", "2024-01-02T10:00:00.123456Z EURUSD 1.1"],
    ["time,price\n1704189600.123,1.1", `${AT_123} EURUSD 1.1`],
    ["time,price\n1704189600123,1.1", /is beyond all times/, ["--time-format", "s"]],
    ["Time (UTC),price\n2024-01-02 10:00:00,1.1", /its header says that times are of UTC, --timezone/, BERLIN],
    ["Time (CET),price\n2024-01-02 11:00:00,1.1", `${AT} EURUSD 1.1`, BERLIN],
    ["time,price\n1704189600,1.1\n1704189600123,1.2", /line 3: time 1704189600123 must be a number of seconds/],
    ["time,price\n2024-07-02T12:00:00,1.1", "2024-07-02T10:00:00.000000Z EURUSD 1.1", BERLIN],
    ["time,price\n2024-10-27T02:30:00,1.1", /time 2024-10-27T02:30:00 happens twice in Europe\/Berlin/, BERLIN],
    ["time,price\n2024-03-31T02:30:00,1.1", /time 2024-03-31T02:30:00 does not exist in Europe\/Berlin/, BERLIN],
    ["time,price\n2024-01-02,1.1", /time 2024-01-02 is in a spelling that is not known/],
    ["time,price\n24/01/02 11-00,1.1", `${AT} EURUSD 1.1`, ["--time-format", "%y/%m/%d %H-%M", ...BERLIN]],
    ["time,price\n2.1.2024 11:00:00,1.1", `${AT} EURUSD 1.1`, ["--time-format", "d.M.yyyy HH:mm:ss", ...BERLIN]],
  ],
  "day or month first": [
    [
      "time,price\n01/02/2024 10:00:00,1.1",
      /may have its day or its month first.* --time-format dmy/,
      ["--timezone", "UTC"],
    ],
    ["time,price\n02/01/2024 10:00:00,1.1\n13/01/2024 10:00:00,1.1", `${AT} EURUSD 1.1`, ["--timezone", "UTC"]],
    ["time,price\n01/02/2024 10:00:00,1.1\n01/13/2024 10:00:00,1.1", `${AT} EURUSD 1.1`, ["--timezone", "UTC"]],
    ["time,price\n02.01.2024 10:00:00,1.1", `${AT} EURUSD 1.1`, ["--timezone", "UTC", "--time-format", "dmy"]],
    [
      "time,price\n01/13/2024 10:00:00,1.1\n13/01/2024 10:00:00,1.1",
      /the day first and the month first/,
      ["--timezone", "UTC"],
    ],
    [
      `time,price\n${"02/01/2024 10:00:00,1.1\n".repeat(6_000)}31/01/2024 10:00:00,1.1\n`,
      `${AT} EURUSD 1.1`,
      ["--timezone", "UTC"],
    ],
    [
      "DateTime,Bid,Ask\n13/01/2024 10:00:00,1.1,1.2",
      "2024-01-13T10:00:00.000000Z EURUSD 1.1 1.2",
      ["--timezone", "UTC"],
    ],
    ["DateTime,Bid,Ask\n01/02/2024 10:00:00,1.1,1.2", /--time-format dmy or --time-format mdy/],
    ["DateTime;Bid;Ask\n01/02/2024 10:00:00.123;1,1;1,2", /--time-format dmy or --time-format mdy/],
    ["datetime,bid,ask\n01/02/2024 10:00:00.123,1.1,1.2", /--time-format dmy or --time-format mdy/],
    ["DateTime,Bid,Ask\n01/02/2024 10:00:00.123,1.1,1.2", /--time-format dmy or --time-format mdy/],
    [`DateTime,Bid,Ask\r\n${FXCM_LINES}13/02/2024 10:00:00.123,1.1,1.2\r\n`, /has no zone/],
    [
      `DateTime,Bid,Ask\r\n${FXCM_LINES}13/02/2024 10:00:00.123,1.1,1.2\r\n`,
      `2024-02-01T10:00:00.123000Z ${BA}`,
      ["--timezone", "UTC"],
    ],
    [`DateTime,Bid,Ask\r\n${FXCM_LINES}01/13/2024 10:00:00.123,1.1,1.2\r\n`, `${AT_123} ${BA}`],
  ],
  numbers: [
    [`time;bid;ask\n${AT};1,10100;1,10110`, `${AT} ${QUOTE}`],
    [`time,price\n${AT},"1,2345"`, `${AT} EURUSD 1.2345`],
    [`time,price\n${AT},"1,234.5"`, `${AT} EURUSD 1234.5`],
    [`time,price\n${AT},"1.234,5"`, `${AT} EURUSD 1234.5`],
    [`time,price\n${AT},"1,234"`, /1,234 may be above or below a thousand: say --decimal point or --decimal comma/],
    [`time,price\n${AT},"1,234"`, `${AT} EURUSD 1.234`, ["--decimal", "comma"]],
    [`time,price\n${AT},+.5e1`, `${AT} EURUSD 5`],
    [`time,price\n${AT},1.23e-006`, `${AT} EURUSD 0.00000123`],
    [`time,price\n${AT},-1.1`, /price must be a decimal number greater than 0/],
    [`time,price\n${AT},`, /price must be a decimal number greater than 0/],
  ],
  "what delimits and surrounds": [
    [`time|bid|ask\n${AT}|1.1|1.2`, `${AT} ${BA}`],
    [`time^price\n${AT}^1.1`, `${AT} EURUSD 1.1`],
    [`time price\n${AT} 1.1`, `${AT} EURUSD 1.1`],
    [`time,price\r${AT},1.1\r`, `${AT} EURUSD 1.1`],
    [`\n\ntime,price\r\n\r\n${AT},1.1\r\n`, `${AT} EURUSD 1.1`],
    [`sep=;\ntime;price\n${AT};1.1`, `${AT} EURUSD 1.1`],
    [`# time,price\n${AT},1.1`, `${AT} EURUSD 1.1`],
    [`// made by x\n\ntime,price\n// and this\n${AT},1.1`, `${AT} EURUSD 1.1`],
    [`note,time,price\n"two\nlines, ""quoted""",${AT},1.1`, `${AT} EURUSD 1.1`],
    [`time,note,price\n${AT},"never closed,1.1\n`, /line 2: a quote opens that nothing closes/],
    [`time,price\n${AT},1.1,\n`, `${AT} EURUSD 1.1`],
  ],
  "formats by their look": [
    ["EUR/USD,20240102 10:00:00.123,1.10100,1.10110", `${AT_123} ${QUOTE}`, [], "x.csv"],
    ["20240102 050000123,1.10100,1.10110,0", `${AT_123} ${QUOTE}`],
    ["20240102 050000;1.101000;0", `${AT} EURUSD 1.101000`, ["--price", "bid"], "DAT_NT_EURUSD_T_BID_202401.csv"],
    ["20240102 050000;1.101000;0", /no price column.*--price bid/, [], "DAT_NT_EURUSD_T_BID_202401.csv"],
    ["Time (EET),Ask,Bid,AskVolume,BidVolume\n2024.01.02 12:00:00.123,1.10110,1.10100,1,1", `${AT_123} ${QUOTE}`],
    ["Gmt time,Ask,Bid,AskVolume,BidVolume\n02.01.2024 10:00:00.123,1.10110,1.10100,1,1", `${AT_123} ${QUOTE}`],
    ["Local time,Ask,Bid\n02.01.2024 12:00:00.123 GMT+0200,1.10110,1.10100", `${AT_123} ${QUOTE}`],
    [
      "ticker,ask_exchange,ask_price,bid_exchange,bid_price,participant_timestamp\nC:EUR-USD,48,1.10110,48,1.10100,1704189600123000000",
      `${AT_123} ${QUOTE}`,
      [],
      "x.csv",
    ],
    ["1704189600,42000.1,0.25", `${AT} XBTUSD 42000.1`, [], "XBTUSD.csv"],
    ["1704189600,1.1010,1.1011", /no header with a time column/],
    [
      "123,42000.1,0.1,4200.01,1704189600123,true,true",
      `${AT_123} BTCUSDT 42000.1`,
      [],
      "BTCUSDT-trades-2024-01-02.csv",
    ],
    [
      "5,42000.1,0.1,7,8,1704189600123456,False,True",
      "2024-01-02T10:00:00.123456Z BTCUSDT 42000.1",
      [],
      "BTCUSDT-aggTrades-2024-01.csv",
    ],
    [BINANCE, `${AT_123} BTCUSD_PERP 42000.1`, [], "BTCUSD_PERP-trades-2024-01-02.csv"],
    [BINANCE, `${AT_123} BTCUSD_240329 42000.1`, [], "BTCUSD_240329-aggTrades-2024-01-02.csv"],
    [`time,price\n${AT},1.1`, `${AT} BTCUSD_PERP 1.1`, [], "BTCUSD_PERP.csv"],
    [`time,price\n${AT},1.1`, /add --symbol/, [], "coin-BTCUSD_PERP.csv"],
    [`${MT5}\t1.1\t1.2\t\t\n`, `${AT} EURUSD 1.1 1.2`, ["--timezone", "UTC"]],
    [
      `${MT5}\t\t\t37.5\t9\n`,
      /none of its 1 lines has a bid and ask; .* --columns 'price=<LAST>'/,
      ["--timezone", "UTC"],
    ],
    [`${MT5}\t\t\t37.5\t9\n`, `${AT} EURUSD 37.5`, ["--timezone", "UTC", "--columns", "price=<LAST>"]],
    [`${MT5}\t1.1\t\t\t\n`, /none of its 1 lines has a bid and ask/, ["--timezone", "UTC"]],
    ["36000123,1.10100,1.10110", /has no zone/, [], "20240102_eurusd_tick_quote.csv"],
    ["36000123,1.10100,1.10110", `${AT_123} ${QUOTE}`, ["--timezone", "UTC"], "20240102_eurusd_tick_quote.csv"],
    ["36000123.0009,1.10100,1.10110", `${AT_123} ${QUOTE}`, [], `forex/oanda/tick/eurusd/${LEAN}`],
    ["18000123,1.10100,1.10110", `${AT_123} ${QUOTE}`, [], `forex/fxcm/tick/eurusd/${LEAN}`],
    [
      "36000123,42000.1,42000.2",
      `${AT_123} BTCUSD 42000.1 42000.2`,
      [],
      "crypto/coinbase/tick/btcusd/20240102_btcusd_tick_quote.csv",
    ],
    ["2024.01.02,10:00:00.123,1.10100,1.10110", `${AT_123} ${QUOTE}`, ["--timezone", "UTC"]],
    ["2024.01.02,10:00:00.123,1.10110,1.10100", /no header/, ["--timezone", "UTC"]],
    [
      '"id","price","qty","quote_qty","time","is_buyer_maker"\n1,42000.1,1,1,1704189600123,true',
      `${AT_123} BTCUSDT 42000.1`,
      [],
      "BTCUSDT-trades-2024-01.csv",
    ],
  ],
  "bars, which are no ticks": [
    [`time,open,high,low,close\n${AT},1,2,1,2`, /these are bars, not ticks/],
    ["Gmt time,Open,High,Low,Close,Volume\n02.01.2024 10:00:00.000,1,2,1,2,3", /these are bars/],
    ["2024.01.02,10:00,1.1010,1.1012,1.1009,1.1011,55", /these are bars/],
    ["1704189600,42000.1,42010,41990,42005,1.5,20", /these are bars/, [], "XBTUSD_1.csv"],
    [
      "<DATE>\t<TIME>\t<OPEN>\t<HIGH>\t<LOW>\t<CLOSE>\t<TICKVOL>\n2024.01.02\t10:00:00\t1\t2\t1\t2\t5",
      /these are bars/,
    ],
    ["EURUSD,20240102,100000,1.1010,1.1012,1.1009,1.1011,0", /these are bars/],
    [`${AT},1.1,1.2,1.0,1.15,100`, /these are bars/],
    ["60000,1.1,1.2,1.0,1.1,0,1.2,1.3,1.1,1.2,0", /these are bars/, [], "20240102_eurusd_minute_quote.csv"],
  ],
  JSON: [
    [`{"time":"${AT}","symbol":"EURUSD","bid":1.1,"ask":1.2}\n`, `${AT} ${BA}`, [], "x.ndjson"],
    [`[{"t":1,"timestamp":1704189600123456789,"price":1.1e-7}]`, "2024-01-02T10:00:00.123456Z EURUSD 0.00000011"],
    [`{"status":"ok","results":[{"timestamp":1704189600123,"bid":1.1,"ask":1.2}]}`, `${AT_123} ${BA}`],
    [`{"time":["${AT}"],"price":[1.1]}`, `${AT} EURUSD 1.1`],
    [`{"time":"${AT}"}`, /no price column/],
    [`{"time":"${AT}","open":1,"high":1,"low":1,"close":1}`, /these are bars/],
  ],
};

describe.each(Object.entries(SIBLINGS))("fx-ticks import of %s", (_kind, siblings) => {
  const files = siblings.map(([content, expected, args = [], name = NAME]) => ({ content, expected, args, name }));
  it.each(files)("$name $content $args", async ({ content, expected, args, name }) => {
    const said = await first(written(name, content), ...args);
    if (typeof expected === "string") expect(said).toBe(expected);
    else expect(said).toMatch(expected);
  });
});
