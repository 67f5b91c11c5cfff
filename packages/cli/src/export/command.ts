import type { BarKind, FileFormat } from "@fx-ohlc/client";
import {
  type AnyInterval,
  BAR_PRICES,
  INCLUDED_NAMES,
  type IncludedName,
  intervalProblem,
  type Micros,
  parseAnyInterval,
  parseInterval,
  takesDayBoundary,
} from "@fx-ohlc/schemas";
import { type Command, InvalidArgumentError, Option } from "commander";
import { parseInstant, parseSymbol } from "../arguments.js";
import { tokenOption, urlOption } from "../connection.js";
import type { Context, Finish } from "../terminal.js";
import { EXPORT_FORMATS, type ExportOptions, exportFile } from "./export-file.js";

type Flags = Pick<ExportOptions, "symbol" | "url" | "token"> &
  Omit<BarKind, "interval"> & {
    readonly interval?: AnyInterval;
    readonly start?: Micros;
    readonly end?: Micros;
    readonly asOf?: Micros;
    readonly format?: FileFormat;
  };

const DETAILS = `
Without --interval it writes ticks (time, symbol, price, seq; of a symbol that has quotes also bid, ask, empty for what is a
single price); with it, bars (bucket, symbol, open, high, low, close, tick_count, complete; of equally many ticks, such as 100t,
also seq; from 1d on also date). Of quotes --price bid or ask takes the prices of that side, and --include puts both sides and what
lies between them beside. The file is what the service answers to GET /ticks or /ohlc with limit=all. Times are in UTC: text in CSV,
NDJSON and JSON, timestamps in Parquet.

The format is that of the file's name: .csv, .ndjson, .jsonl, .json or .parquet; .gz behind all but the last compresses them. The
file has its name only when it is whole; one that was there before is replaced then.

Exit codes: 0 the file is whole, 1 stopped by an error, 130 interrupted.

Examples:
  $ fx-ticks export eurusd.parquet --symbol EURUSD --interval 1m
  $ fx-ticks export days.csv --symbol EURUSD --interval 1d --timezone America/New_York --day-start-hour 17
  $ fx-ticks export spreads.parquet --symbol EURUSD --interval 5m --include bid,ask,spread
  $ fx-ticks export - --format csv --symbol EURUSD --start 2014-05-05 --end 2014-05-06T12:00:00Z | gzip > ticks.csv.gz
`;

const FORMAT_OF_EXTENSION: Readonly<Record<string, FileFormat>> = {
  csv: "csv",
  ndjson: "ndjson",
  jsonl: "ndjson",
  json: "json",
  parquet: "parquet",
};

function parseIntervalFlag(raw: string): AnyInterval {
  const interval = parseAnyInterval(raw);
  if (interval === undefined) throw new InvalidArgumentError(`It ${intervalProblem(raw)}.`);
  return interval;
}

function parseIncluded(raw: string): IncludedName[] {
  const asked = raw.split(",").map((name) => name.trim());
  const named = INCLUDED_NAMES.filter((name) => asked.includes(name));
  if (named.length < new Set(asked).size) {
    throw new InvalidArgumentError(`It must be a list of ${INCLUDED_NAMES.join(", ")}.`);
  }
  return named;
}

function parseHour(raw: string): number {
  if (!/^(?:1?\d|2[0-3])$/.test(raw)) throw new InvalidArgumentError("It must be an hour from 0 to 23.");
  return Number(raw);
}

/** The format that a file's name asks for. */
function formatOfName(file: string): FileFormat {
  const [, extension = ""] = /\.([a-z]+)(?:\.gz)?$/i.exec(file) ?? [];
  const format = FORMAT_OF_EXTENSION[extension.toLowerCase()];
  if (format === undefined)
    throw new Error(`which format ${file} should have is not known: add --format csv, ndjson, json or parquet`);
  return format;
}

/** What kind of bars is asked for, if any. @throws Error when the flags do not go together */
function barsOf({ interval, dayStartHour, timezone, price, include }: Flags): BarKind | undefined {
  const hasBoundary = dayStartHour !== undefined || timezone !== undefined;
  const ofTime = parseInterval(interval);
  if (hasBoundary && (ofTime === undefined || !takesDayBoundary(ofTime))) {
    throw new Error("--day-start-hour and --timezone are for bars of 45m, and of 2h and more");
  }
  if (interval !== undefined) return { interval, dayStartHour, timezone, price, include };
  if (price !== undefined || include !== undefined)
    throw new Error("--price and --include are for bars: add --interval");
  return undefined;
}

/** @throws Error when the flags do not go together */
function optionsOf(file: string, flags: Flags, context: Context): ExportOptions {
  const { symbol, url, token, start: startUs = 0, end: endUs, format = formatOfName(file) } = flags;
  const gzip = /\.gz$/i.test(file);
  if (format === "parquet" && gzip) throw new Error("Parquet files are compressed inside: leave out .gz");
  if (format === "parquet" && file === "-" && context.terminal.screen !== undefined) {
    throw new Error("a Parquet file is nothing for a terminal: name a file, or pipe it somewhere");
  }
  return { symbol, url, token, file, startUs, endUs, format, gzip, asOfUs: flags.asOf, bars: barsOf(flags) };
}

export function addExportCommand(program: Command, context: Context, finish: Finish): void {
  program
    .command("export")
    .summary("write ticks or bars to a file: CSV, NDJSON, JSON, Parquet")
    .description("Writes the ticks or bars of a symbol to a file.")
    .argument("<file>", "path of the file, or - for standard output")
    .requiredOption("--symbol <symbol>", "symbol to write, such as EURUSD", parseSymbol)
    .option(
      "--interval <interval>",
      "write bars of that length, such as 1m, 4h, 1d, or of so many ticks, 100t, instead of ticks",
      parseIntervalFlag,
    )
    .addOption(
      new Option("--price <side>", "what of quotes the bars' prices are of; mid where absent").choices(BAR_PRICES),
    )
    .option("--include <list>", "what of quotes stands beside: bid,ask,spread", parseIncluded)
    .option("--start <time>", "from then on, a date or a time; from the beginning when absent", parseInstant)
    .option("--end <time>", "up to just before then; up to now when absent", parseInstant)
    .option("--as-of <time>", "as it was known then, at least a minute ago", parseInstant)
    .option("--timezone <zone>", "IANA zone in which days start, for bars of 45m, and of 2h and more")
    .option("--day-start-hour <hour>", "hour at which they start there", parseHour)
    .addOption(new Option("--format <format>", "instead of what the file's name says").choices(EXPORT_FORMATS))
    .addOption(urlOption())
    .addOption(tokenOption(context.environment))
    .addHelpText("after", DETAILS)
    .action(async (file: string, flags: Flags) => {
      finish(await exportFile(optionsOf(file, flags, context), context));
    });
}
