import type { Micros } from "@fx-ohlc/schemas";
import { type Command, InvalidArgumentError, Option } from "commander";
import { parseShift, parseSymbol } from "../arguments.js";
import { tokenOption, urlOption } from "../connection.js";
import type { Context, Finish } from "../terminal.js";
import { FORMAT_NAMES } from "../tick-file/input-file.js";
import { PRICE_CHOICES, type PriceChoice } from "../tick-file/quote.js";
import { type ImportOptions, importFiles } from "./import-files.js";

type Flags = Pick<ImportOptions, "symbol" | "format" | "url" | "token" | "onError" | "restart"> & {
  readonly price?: PriceChoice;
  readonly points?: number;
  readonly shift?: Micros;
  readonly beside?: true;
  readonly replace?: true;
};

const DETAILS = `
What a file holds is found out from its name and its first line, unless --format says it:
  csv        a header with time,price or time,bid,ask or both, perhaps symbol, in any order; other columns are ignored; times are
             RFC 3339 with Z or an offset
  histdata   HistData's ASCII ticks: 20120201 000003660,1.306600,1.306770,0 (time at UTC-5 all year, bid, ask)
  dukascopy  Dukascopy's CSV: Gmt time,Ask,Bid,AskVolume,BidVolume, or Local time with offsets
  bi5        Dukascopy's hours, by their path: EURUSD/2024/00/15/10h_ticks.bi5 is of 15 January (months count from 00)
  truefx     EUR/USD,20211101 19:07:40.498,1.16034,1.16037 (symbol, time in UTC, bid, ask)
Each may be compressed with gzip or packed in a zip archive, alone or with others.

Without --symbol it is taken from the lines or from the file's name, where they tell it: all but plain CSV.

Quotes are stored as quotes, with bid and ask; --price bid, ask or mid stores one price of each, --price both two symbols,
EURUSD.BID and EURUSD.ASK. Where the service holds prices of a symbol within the time that quotes of it are of, or the other
way round, nothing is stored, unless --beside stores them beside those, or --replace deletes those first: no other symbol's,
and none before the first or after the last of the files.

Files are read in the order in which they are named, best that of time. Sending a file twice adds nothing; a run that was
interrupted goes on where it stopped when the same command is given again. With --on-error skip a file that is damaged is
left out like a bad line.

Exit codes: 0 every tick is stored, 1 stopped by an error, 2 done but something was skipped, 130 interrupted.

Examples:
  $ fx-ticks import eurusd.csv.gz --symbol EURUSD
  $ fx-ticks import HISTDATA_COM_ASCII_EURUSD_T2024*.zip
  $ fx-ticks import EURUSD/2024/*/*/*.bi5 --on-error skip
  $ zcat 2014-*.csv.gz | fx-ticks import - --symbol EURUSD --price mid --url http://ticks.example.com
`;

/** Decimals of a scale such as 100000; only powers of ten make decimals of points. */
function parsePoints(raw: string): number {
  if (!/^10{0,9}$/.test(raw)) throw new InvalidArgumentError("It must be 1, 10, 100, 1000 and so on.");
  return raw.length - 1;
}

export function addImportCommand(program: Command, context: Context, finish: Finish): void {
  program
    .command("import")
    .summary("store the ticks of files: CSV, HistData, Dukascopy, TrueFX")
    .description("Stores the ticks of files: CSV, HistData, Dukascopy, TrueFX.")
    .argument("<files...>", "paths of the files, or - for standard input")
    .option("--symbol <symbol>", "symbol to store them as, such as EURUSD", parseSymbol)
    .addOption(new Option("--price <what>", "what of a quote to store; quote where absent").choices(PRICE_CHOICES))
    .addOption(new Option("--beside", "store quotes beside prices, or prices beside quotes").conflicts("replace"))
    .option("--replace", "delete the prices of the time that quotes are of first, or the other way round")
    .addOption(new Option("--format <format>", "what the files hold").choices(FORMAT_NAMES))
    .option("--points <number>", "points in a price of 1 in bi5 files, where it is not 100000 or 1000", parsePoints)
    .addOption(urlOption())
    .addOption(tokenOption(context.environment))
    .option("--shift <duration>", "move all times, by seconds or an ISO 8601 duration (P604W, -PT1H)", parseShift)
    .addOption(new Option("--on-error <what>", "at a bad line or file").choices(["stop", "skip"]).default("stop"))
    .option("--restart", "start over instead of going on where an earlier run stopped")
    .addHelpText("after", DETAILS)
    .action(async (files: string[], { price: choice, points: decimals, shift: shiftUs = 0, ...flags }: Flags) => {
      const { beside, replace, ...options } = flags;
      const otherKind = beside ? "beside" : replace ? "replace" : "stop";
      finish(await importFiles({ ...options, files, choice, decimals, shiftUs, otherKind }, context));
    });
}
