import { type Command, InvalidArgumentError, Option } from "commander";
import { isEncoding } from "./tick-file/bytes/encoding.js";
import { ROLES, type Role, type SaidColumns } from "./tick-file/columns.js";
import { MONTH_COUNTS, type MonthCount } from "./tick-file/formats/dukascopy-path.js";
import { FORMAT_NAMES } from "./tick-file/formats/formats.js";
import type { FilesOptions } from "./tick-file/tick-files.js";
import { checkTimeFormat } from "./tick-file/time/time-reader.js";
import { type Zone, zoneOf } from "./tick-file/time/zone.js";

/** What is said of how files are to be read. */
export interface ReadingFlags {
  readonly format?: string;
  readonly columns?: SaidColumns;
  readonly encoding?: string;
  readonly decimal?: "point" | "comma";
  readonly timeFormat?: string;
  readonly timezone?: Zone;
  readonly points?: number;
  readonly months?: MonthCount;
}

/** The same, as {@link FilesOptions} has it. */
export type Reading = Pick<
  FilesOptions,
  "format" | "columns" | "encoding" | "mark" | "timeFormat" | "timezone" | "decimals" | "months"
>;

const isRole = (text: string): text is Role => ROLES.some((role) => role === text);

function parseRole(raw: string): Role {
  const role = raw.trim().toLowerCase();
  if (isRole(role)) return role;
  throw new InvalidArgumentError(
    `${raw === "" ? "A column without a name" : raw} is none of ${ROLES.join(", ")} and -.`,
  );
}

/** Reads `time,bid,ask,-` (what the columns hold, in their order) or `time=Zeit,bid=Geld,-=seq` (what they are called). */
export function parseColumns(raw: string): SaidColumns {
  const parts = raw.split(",").map((part) => part.trim());
  const withNames = parts.filter((part) => part.includes("="));
  if (withNames.length > 0 && withNames.length < parts.length)
    throw new InvalidArgumentError("It must be a list of columns in their order, or each with its name (bid=Geld).");
  const roles = parts.map((part) => (/^-(?:=|$)/.test(part) ? undefined : parseRole(part.split("=", 1)[0] ?? "")));
  const twice = roles.find((role, index) => role !== undefined && roles.indexOf(role) !== index);
  if (twice !== undefined) throw new InvalidArgumentError(`${twice} is there twice.`);
  if (withNames.length === 0) {
    if (!roles.includes("time") && !roles.includes("date")) throw new InvalidArgumentError("It must have a time.");
    return { inOrder: roles.includes("time") ? roles : roles.map((role) => (role === "date" ? "time" : role)) };
  }
  const names = parts.map((part) => part.slice(part.indexOf("=") + 1));
  const named = roles.flatMap((role, index) => (role === undefined ? [] : [[role, names[index] ?? ""] as const]));
  return { named: new Map(named), ignored: names.filter((_, index) => roles[index] === undefined) };
}

function parseEncoding(raw: string): string {
  if (!isEncoding(raw))
    throw new InvalidArgumentError("It must be an encoding such as utf-8, utf-16le or windows-1251.");
  return raw;
}

function parseTimezone(raw: string): Zone {
  const zone = zoneOf(raw);
  if (zone === undefined)
    throw new InvalidArgumentError(
      "It must be a zone such as UTC, Europe/Athens or America/New_York, or an offset such as +02:00.",
    );
  return zone;
}

function parseTimeFormat(raw: string): string {
  try {
    checkTimeFormat(raw);
  } catch (error) {
    throw new InvalidArgumentError(
      `It must be dmy, mdy, s, ms, us, ns, or a pattern such as '%d/%m/%Y %H:%M:%S.%f' or 'dd/MM/yyyy HH:mm:ss.SSS': ${(error as Error).message}.`,
    );
  }
  return raw;
}

/** Decimals of a scale such as 100000; only powers of ten make decimals of points. */
function parsePoints(raw: string): number {
  if (!/^10{0,9}$/.test(raw)) throw new InvalidArgumentError("It must be 1, 10, 100, 1000 and so on.");
  return raw.length - 1;
}

/** Adds the options that say how files are to be read. */
export function addReadingOptions(command: Command): Command {
  return command
    .addOption(new Option("--format <format>", "what the files hold: see fx-ticks formats").choices(FORMAT_NAMES))
    .option(
      "--columns <list>",
      "what columns hold: time,bid,ask,- in their order, or time=Zeit,bid=Geld by name",
      parseColumns,
    )
    .option("--timezone <zone>", "of times without one: UTC, Europe/Athens, +02:00", parseTimezone)
    .option("--time-format <format>", "of times: dmy, mdy, a unit (s, ms, us, ns) or a pattern", parseTimeFormat)
    .addOption(new Option("--decimal <mark>", "what stands before the fraction of numbers").choices(["point", "comma"]))
    .option("--encoding <encoding>", "of text without a byte order mark that is not UTF-8", parseEncoding)
    .option("--points <number>", "points in a price of 1 in bi5 files, where it is not 100000 or 1000", parsePoints)
    .addOption(new Option("--months <count>", "how the paths of bi5 files count months").choices(MONTH_COUNTS));
}

const MARKS = { point: ".", comma: "," } as const;

/** The options that say how files are to be read, as their reader takes them. */
export function readingOf(flags: ReadingFlags): Reading {
  const { format, columns, encoding, decimal, timeFormat, timezone, points: decimals, months } = flags;
  const mark = decimal === undefined ? undefined : MARKS[decimal];
  return { format, columns, encoding, mark, timeFormat, timezone, decimals, months };
}

/** What makes two readings the same. */
export function readingKey({ columns, timezone, ...reading }: Reading): string {
  const said =
    columns === undefined ? undefined : "inOrder" in columns ? columns.inOrder : [[...columns.named], columns.ignored];
  return JSON.stringify({ ...reading, columns: said, timezone: timezone?.name });
}
