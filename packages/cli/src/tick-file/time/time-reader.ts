import { LATEST_US, type Micros, parseTime, US_PER_DAY } from "@fx-ohlc/schemas";
import { EPOCH_UNITS, type EpochUnit, epochTime, epochUnit, UNIT_NAMES } from "./epoch.js";
import { patternReader } from "./time-pattern.js";
import { type DateOrder, dayAndMonth, type NoWallTime, type WallTime, wallTime } from "./wall-time.js";
import type { Zone } from "./zone.js";

/** Reads a time; a text is what is wrong with it, which follows "time". */
export type TimeReader = (text: string) => Micros | string;

/** What the command line says of times. */
export interface TimeOptions {
  /** `dmy`, `mdy`, a unit of epoch numbers, or a pattern. */
  readonly timeFormat?: string | undefined;
  readonly timezone?: Zone | undefined;
}

/** What a format says of its times. */
export interface KnownTimes {
  readonly zone?: Zone | undefined;
  readonly order?: DateOrder | undefined;
  /** The same, of a format that is known by its look only: a line that shows the other order shows that it is another format. */
  readonly usualOrder?: DateOrder | undefined;
  /** Whether the zone is what the file's header says, not what such files usually are. */
  readonly isZoneNamed?: boolean | undefined;
  /** How it spells them, where nothing else may stand: what a bad one is told. */
  readonly rule?: string | undefined;
  /** Where it spells them as nobody else does. */
  read?(text: string): WallTime | NoWallTime;
}

export interface Times {
  readonly read: TimeReader;
  /** What was found out about them, for the summary; undefined where there was nothing to find out. */
  readonly said: string | undefined;
}

const HALF_YEAR_US = 182 * US_PER_DAY;

const isOrder = (text: string | undefined): text is DateOrder => text === "dmy" || text === "mdy";
const isUnit = (text: string | undefined): text is EpochUnit => EPOCH_UNITS.some((unit) => unit === text);

/** @throws RangeError when it is nothing that --time-format takes */
export function checkTimeFormat(format: string): void {
  if (!isOrder(format) && !isUnit(format)) patternReader(format);
}

const ZONE_ASKED = "has no zone: say which one it is of, such as --timezone UTC or --timezone Europe/Athens";
const ORDER_ASKED =
  "may have its day or its month first, and nothing in the file decides: say --time-format dmy or --time-format mdy";
const SPELLING_ASKED = "is in a spelling that is not known: say which, such as --time-format '%d/%m/%y %H:%M:%S.%f'";

/**
 * Which of day and month dates such as 01/02/2024 have first, where the texts show it; undefined where they do not.
 *
 * @throws Error when some have the day first and others the month
 */
export function orderOf(texts: Iterable<string>): DateOrder | undefined {
  let order: DateOrder | undefined;
  for (const text of texts) {
    const [first, second] = dayAndMonth(text) ?? [0, 0];
    const shown = first > 12 ? "dmy" : second > 12 ? "mdy" : undefined;
    if (shown !== undefined && order !== undefined && shown !== order)
      throw new Error(`its dates have the day first and the month first, as ${text} does: say --time-format`);
    order ??= shown;
  }
  return order;
}

/** Whether times are such that {@link orderOf} must say how to read them. */
export function needsOrder(text: string | undefined, { timeFormat }: TimeOptions, known: KnownTimes): boolean {
  const isSaid = timeFormat !== undefined || known.order !== undefined || known.read !== undefined;
  return !isSaid && text !== undefined && dayAndMonth(text) !== undefined;
}

/**
 * What is known of times once the file was searched for their order: nothing, where it shows another one than the format has.
 *
 * @param order what the file shows
 * @param isSearched whether all of the file was searched; if not, the usual order is not certain
 */
export function settledTimes(
  known: KnownTimes,
  { timeFormat }: TimeOptions,
  order: DateOrder | undefined,
  isSearched: boolean,
): KnownTimes {
  const { usualOrder, ...rest } = known;
  if (usualOrder === undefined) return known;
  const shown = isOrder(timeFormat) ? timeFormat : order;
  if (shown !== undefined && shown !== usualOrder) return {};
  return shown !== undefined || isSearched ? { ...rest, order: usualOrder } : rest;
}

function epochTimes(unit: EpochUnit, byMagnitude: boolean): Times {
  const read = (text: string) => {
    const us = byMagnitude && epochUnit(text) !== unit ? undefined : epochTime(text, unit);
    if (us !== undefined && us > LATEST_US)
      return `is beyond all times that are stored as a number of ${UNIT_NAMES[unit]} since 1970: --time-format says so`;
    return us ?? `must be a number of ${UNIT_NAMES[unit]} since 1970, as those before it`;
  };
  return { read, said: `times are ${UNIT_NAMES[unit]} since 1970` };
}

function problemOf(found: NoWallTime | undefined, known: KnownTimes): string {
  if (found === "order") return ORDER_ASKED;
  return known.rule === undefined ? SPELLING_ASKED : `must be ${known.rule}`;
}

function wallTimes(
  wallOf: (text: string) => WallTime | NoWallTime | undefined,
  zone: Zone | undefined,
  known: KnownTimes,
): TimeReader {
  return (text) => {
    const wall = wallOf(text);
    if (typeof wall !== "object") return problemOf(wall, known);
    if (wall.offsetUs !== undefined) return wall.wallUs - wall.offsetUs;
    return zone === undefined ? ZONE_ASKED : zone.instant(wall.wallUs);
  };
}

/** RFC 3339 is what nearly all times are, and read first for it is read fastest. */
function rfcOr(read: TimeReader): TimeReader {
  return (text) => parseTime(text) ?? read(text);
}

/**
 * Finds out how times are to be read.
 *
 * @param first of them
 * @param order of dates such as 01/02/2024, where the file shows it
 * @throws Error when that is not certain; its message names the option that says it
 */
export function timesOf(
  first: string | undefined,
  options: TimeOptions,
  known: KnownTimes,
  order: DateOrder | undefined,
): Times {
  const { timeFormat, timezone } = options;
  if (isUnit(timeFormat)) return epochTimes(timeFormat, false);
  const unit = first === undefined || known.read !== undefined ? undefined : epochUnit(first);
  if (timeFormat === undefined && unit !== undefined) return epochTimes(unit, true);
  if (known.isZoneNamed === true) refuseOtherZone(first, known.zone, timezone);
  const zone = timezone ?? known.zone;
  const isPattern = timeFormat !== undefined && !isOrder(timeFormat);
  const inOrder = isOrder(timeFormat) ? timeFormat : (known.order ?? order);
  const wallOf = isPattern ? patternReader(timeFormat) : (known.read ?? ((text: string) => wallTime(text, inOrder)));
  const read = wallTimes(wallOf, zone, isPattern ? { rule: `written as ${timeFormat}` } : known);
  const isSaid = isPattern || known.read !== undefined || known.rule !== undefined;
  const reader = isSaid ? read : rfcOr(read);
  if (first === undefined) return { read: reader, said: undefined };
  const problem = reader(first);
  if (problem === ZONE_ASKED || problem === ORDER_ASKED) throw new Error(`time ${first} ${problem}`);
  return { read: reader, said: saidOf(first, wallOf, zone, inOrder) };
}

/** @throws Error where a header and the command line say zones whose clocks differ, then or half a year later */
function refuseOtherZone(first: string | undefined, named: Zone | undefined, said: Zone | undefined): void {
  if (named === undefined || said === undefined || first === undefined) return;
  const wall = wallTime(first, "dmy");
  if (typeof wall !== "object" || wall.offsetUs !== undefined) return;
  const isSame = [0, HALF_YEAR_US].every((us) => named.instant(wall.wallUs + us) === said.instant(wall.wallUs + us));
  if (!isSame)
    throw new Error(
      `its header says that times are of ${named.name}, --timezone that they are of ${said.name}: leave it out, or mend the header`,
    );
}

function saidOf(
  first: string,
  wallOf: (text: string) => WallTime | NoWallTime | undefined,
  zone: Zone | undefined,
  order: DateOrder | undefined,
): string | undefined {
  const wall = wallOf(first);
  if (typeof wall !== "object") return undefined;
  const said: string[] = [];
  if (order !== undefined && dayAndMonth(first) !== undefined)
    said.push(`dates have the ${order === "dmy" ? "day" : "month"} first`);
  if (wall.offsetUs === undefined && zone !== undefined) said.push(`times are of ${zone.name}`);
  return said.length === 0 ? undefined : said.join(", ");
}
