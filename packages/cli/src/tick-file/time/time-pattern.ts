import type { Micros } from "@fx-ohlc/schemas";
import { clockUs, dateUs, fractionUs, hourOf12, monthOfName, offsetUs, type WallTime } from "./wall-time.js";

/** What a part of a pattern stands for. */
type Field =
  | "year"
  | "year2"
  | "month"
  | "name"
  | "day"
  | "hour"
  | "hour12"
  | "minute"
  | "second"
  | "fraction"
  | "half"
  | "zone";

const TEXTS: Readonly<Record<Field, string>> = {
  year: String.raw`(\d{4})`,
  year2: String.raw`(\d{2})`,
  month: String.raw`(\d{1,2})`,
  name: "([A-Za-z]{3,9})",
  day: String.raw`(\d{1,2})`,
  hour: String.raw`(\d{1,2})`,
  hour12: String.raw`(\d{1,2})`,
  minute: String.raw`(\d{1,2})`,
  second: String.raw`(\d{1,2})`,
  fraction: String.raw`(\d+)`,
  half: String.raw`([AaPp])\.?[Mm]\.?`,
  zone: String.raw`(Z|UTC|GMT|(?:UTC|GMT)?[+-]\d{1,2}(?::?\d{2})?)`,
};

/** As strptime writes them. */
const PERCENT: Readonly<Record<string, Field>> = {
  "%Y": "year",
  "%y": "year2",
  "%m": "month",
  "%b": "name",
  "%B": "name",
  "%d": "day",
  "%e": "day",
  "%H": "hour",
  "%I": "hour12",
  "%M": "minute",
  "%S": "second",
  "%f": "fraction",
  "%L": "fraction",
  "%p": "half",
  "%z": "zone",
};

/** As Java, .NET, Excel and Moment write them, the longest first. */
const LETTERS: readonly (readonly [RegExp, Field])[] = [
  [/^(?:yyyy|YYYY)/, "year"],
  [/^(?:yy|YY)/, "year2"],
  [/^MMMM?/, "name"],
  [/^MM?/, "month"],
  [/^(?:dd?|DD?)/, "day"],
  [/^HH?/, "hour"],
  [/^hh?/, "hour12"],
  [/^mm?/, "minute"],
  [/^ss?/, "second"],
  [/^(?:S+|f+|F+)/, "fraction"],
  [/^(?:a|A|tt)/, "half"],
  [/^(?:X+|x+|Z+|zzz)/, "zone"],
];

const escaped = (text: string) => text.replace(/[\\^$.*+?()[\]{}|/]/g, String.raw`\$&`);

type Piece = readonly [length: number, piece: Field | string];

function percentPiece(rest: string): Piece {
  const field = PERCENT[rest.slice(0, 2)];
  if (field !== undefined) return [2, field];
  if (rest.startsWith("%") && rest[1] !== "%") throw new RangeError(`${rest.slice(0, 2)} is not known in it`);
  return rest.startsWith("%%") ? [2, escaped("%")] : [1, escaped(rest[0] ?? "")];
}

function letterPiece(rest: string): Piece {
  const quoted = /^'([^']*)'|^\[([^\]]*)\]/.exec(rest);
  if (quoted !== null) return [quoted[0].length, escaped(quoted[1] ?? quoted[2] ?? "")];
  for (const [pattern, field] of LETTERS) {
    const length = pattern.exec(rest)?.[0].length;
    if (length !== undefined) return [length, field];
  }
  if (/^[A-SU-Za-z]/.test(rest)) throw new RangeError(`${rest[0]} is not known in it: put text between apostrophes`);
  return [1, escaped(rest[0] ?? "")];
}

const isField = (piece: string): piece is Field => Object.hasOwn(TEXTS, piece);

function needs(fields: readonly Field[]): void {
  const has = (...some: Field[]) => some.some((field) => fields.includes(field));
  if (!has("year", "year2") || !has("month", "name") || !has("day")) throw new RangeError("it has no whole date");
  if (!has("hour", "hour12") || !has("minute")) throw new RangeError("it has no time of day");
  if (has("hour12") && !has("half")) throw new RangeError("hours of 12 need AM or PM (%p, a)");
  if (new Set(fields).size !== fields.length) throw new RangeError("it names something twice");
}

function zoneUs(text: string | undefined): Micros | undefined {
  if (text === undefined) return undefined;
  const [, sign, hours, minutes] = /([+-])(\d{1,2}):?(\d{2})?$/.exec(text) ?? [];
  return sign === undefined ? 0 : offsetUs(sign, Number(hours), Number(minutes ?? 0));
}

/**
 * Makes the reader of times that are written as a pattern says: `%d/%m/%Y %H:%M:%S.%f` as strptime has it, or `dd/MM/yyyy
 * HH:mm:ss.SSS` as Java and spreadsheets have it.
 *
 * @throws RangeError when it is no such pattern
 */
export function patternReader(pattern: string): (text: string) => WallTime | undefined {
  const next = pattern.includes("%") ? percentPiece : letterPiece;
  const fields: Field[] = [];
  let source = "";
  for (let rest = pattern; rest !== ""; ) {
    const [length, piece] = next(rest);
    if (isField(piece)) fields.push(piece);
    source += isField(piece) ? TEXTS[piece] : piece;
    rest = rest.slice(length);
  }
  needs(fields);
  const expression = new RegExp(`^${source}$`);
  return (text) => {
    const match = expression.exec(text);
    if (match === null) return undefined;
    return wallTimeOf((field) => (fields.includes(field) ? match[fields.indexOf(field) + 1] : undefined));
  };
}

/** Two digits are of 1970 to 2069. */
function yearOf(four: string | undefined, two: string | undefined): number {
  if (four !== undefined) return Number(four);
  return Number(two) + (Number(two) < 70 ? 2000 : 1900);
}

function wallTimeOf(said: (field: Field) => string | undefined): WallTime | undefined {
  const name = said("name");
  const month = name === undefined ? Number(said("month")) : monthOfName(name);
  const half = said("half");
  const hour = half === undefined ? Number(said("hour")) : hourOf12(Number(said("hour12") ?? said("hour")), half);
  const date = dateUs(yearOf(said("year"), said("year2")), month, Number(said("day")));
  const clock = clockUs(hour, Number(said("minute")), Number(said("second") ?? 0), fractionUs(said("fraction") ?? ""));
  const offset = zoneUs(said("zone"));
  const wallUs = date + clock;
  return Number.isNaN(wallUs + (offset ?? 0)) ? undefined : { wallUs, offsetUs: offset };
}
