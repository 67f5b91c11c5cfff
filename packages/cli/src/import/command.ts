import { type Command, Option } from "commander";
import { parseShift, parseSymbol, parseUrl } from "../arguments.js";
import type { Context, Finish } from "../terminal.js";
import { PRICE_SIDES, type PriceSide } from "../tick-file/columns.js";
import { importFile } from "./import-file.js";

interface Flags {
  readonly symbol: string;
  readonly price?: PriceSide;
  readonly url: string;
  readonly shift?: number;
  readonly onError: "stop" | "skip";
  readonly restart?: true;
}

const DETAILS = `
The file is CSV, plain or gzip, with a header: time,price or time,bid,ask (in any order; other columns are ignored).
Times are RFC 3339 with Z or an offset. Sending a file twice adds nothing; a run that was interrupted goes on where it
stopped when the same command is given again.

Exit codes: 0 every tick is stored, 1 stopped by an error, 2 done but some lines were skipped, 130 interrupted.

Examples:
  $ fx-ticks import eurusd.csv.gz --symbol EURUSD --price mid
  $ fx-ticks import eurusd.csv.gz --symbol EURUSD.BID --price bid --url http://ticks.example.com
  $ zcat 2014-*.csv.gz | fx-ticks import - --symbol EURUSD --price bid --on-error skip
`;

export function addImportCommand(program: Command, context: Context, finish: Finish): void {
  program
    .command("import")
    .summary("store the ticks of a CSV file")
    .description("Stores the ticks of a CSV file.")
    .argument("<file>", "path of the file, or - for standard input")
    .requiredOption("--symbol <symbol>", "symbol to store them as, such as EURUSD", parseSymbol)
    .addOption(new Option("--price <side>", "which price of a quote to take").choices(PRICE_SIDES))
    .option("--url <url>", "address of the system", parseUrl, "http://localhost:8000")
    .option("--shift <duration>", "move all times, by seconds or an ISO 8601 duration (P604W, -PT1H)", parseShift)
    .addOption(new Option("--on-error <what>", "at a bad line").choices(["stop", "skip"]).default("stop"))
    .option("--restart", "start over instead of going on where an earlier run stopped")
    .addHelpText("after", DETAILS)
    .action(async (file: string, flags: Flags) => {
      const { symbol, price: side, url, shift: shiftUs = 0, onError, restart = false } = flags;
      finish(await importFile({ file, symbol, side, url, shiftUs, onError, restart }, context));
    });
}
