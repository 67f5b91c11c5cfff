import type { Micros } from "@fx-ohlc/schemas";
import { type Command, Option } from "commander";
import { parseShift, parseSymbol } from "../arguments.js";
import { tokenOption, urlOption } from "../connection.js";
import { addReadingOptions, type ReadingFlags, readingOf } from "../reading-options.js";
import type { Context, Finish } from "../terminal.js";
import { PRICE_CHOICES, type PriceChoice } from "../tick-file/quote.js";
import { checkFiles } from "./check.js";
import { type ImportOptions, importFiles } from "./import-files.js";

type Flags = ReadingFlags &
  Pick<ImportOptions, "symbol" | "url" | "token" | "onError" | "restart"> & {
    readonly price?: PriceChoice;
    readonly shift?: Micros;
    readonly beside?: true;
    readonly replace?: true;
    readonly check?: true;
  };

const DETAILS = `
What a file holds is found out from its name and its first lines; fx-ticks formats lists what is known. Any other table will do
that names a time, and a price or a bid and an ask, in CSV (any delimiter and encoding), NDJSON, JSON or Parquet; --columns says
what columns hold that have other names or none. Each may be compressed by gzip, bzip2 or xz, or packed in a zip archive. What
could be read in two ways is refused, and the message names the option that decides: --timezone, --time-format, --columns,
--decimal, --months. --check says how files would be read, and stores nothing.

Without --symbol it is taken from the lines or from the file's name, where they tell it. A column seq is obeyed; without one the
service numbers the ticks of a stamp. A price beside a bid and an ask must be their mid: if it is something else, say
--columns -=price.

Quotes are stored as quotes, with bid and ask; --price bid, ask or mid stores one price of each, --price both two symbols,
EURUSD.BID and EURUSD.ASK. Where the service holds prices of a symbol within the time that quotes of it are of, or the other
way round, nothing is stored, unless --beside stores them beside those, or --replace deletes those first: no other symbol's,
and none before the first or after the last of the files. Beside others a column seq counts the ticks of the file's kind, where
its places are taken: they follow in its order, and are the same ones when the file comes again.

Files are read in the order in which they are named, best that of time. Sending a file twice adds nothing; a run that was
interrupted goes on where it stopped when the same command is given again. With --on-error skip a file that is damaged is
left out like a bad line.

Exit codes: 0 every tick is stored, 1 stopped by an error, 2 done but something was skipped, 130 interrupted.

Examples:
  $ fx-ticks import eurusd.csv.gz --symbol EURUSD
  $ fx-ticks import HISTDATA_COM_ASCII_EURUSD_T2024*.zip
  $ fx-ticks import EURUSD/2024/*/*/*.bi5 --on-error skip
  $ fx-ticks import EURUSD_202401020000_202401312359.csv --timezone Europe/Athens --check
  $ fx-ticks import kurse.csv --columns time=Zeit,bid=Geld,ask=Brief --symbol EURUSD --timezone Europe/Berlin
  $ zcat 2014-*.csv.gz | fx-ticks import - --symbol EURUSD --price mid --url http://ticks.example.com
`;

export function addImportCommand(program: Command, context: Context, finish: Finish): void {
  const command = program
    .command("import")
    .summary("store the ticks of files: CSV, MetaTrader, Dukascopy, HistData and others")
    .description("Stores the ticks of files: CSV, MetaTrader, Dukascopy, HistData and others (fx-ticks formats).")
    .argument("<files...>", "paths of the files, or - for standard input")
    .option("--symbol <symbol>", "symbol to store them as, such as EURUSD", parseSymbol)
    .addOption(new Option("--price <what>", "what of a quote to store; quote where absent").choices(PRICE_CHOICES))
    .addOption(new Option("--beside", "store quotes beside prices, or prices beside quotes").conflicts("replace"))
    .option("--replace", "delete the prices of the time that quotes are of first, or the other way round");
  addReadingOptions(command)
    .addOption(urlOption())
    .addOption(tokenOption(context.environment))
    .option("--shift <duration>", "move all times, by seconds or an ISO 8601 duration (P604W, -PT1H)", parseShift)
    .addOption(new Option("--on-error <what>", "at a bad line or file").choices(["stop", "skip"]).default("stop"))
    .option("--restart", "start over instead of going on where an earlier run stopped")
    .option("--check", "say how the files would be read, and store nothing")
    .addHelpText("after", DETAILS)
    .action(async (files: string[], { price: choice, shift: shiftUs = 0, check, ...flags }: Flags) => {
      const { symbol, url, token, onError, restart, beside, replace } = flags;
      const reading = readingOf(flags);
      if (check) return finish(await checkFiles({ files, symbol, choice, reading, shiftUs, onError }, context));
      const otherKind = beside ? "beside" : replace ? "replace" : "stop";
      const options = { files, symbol, url, token, onError, restart, reading, choice, shiftUs, otherKind } as const;
      finish(await importFiles(options, context));
    });
}
