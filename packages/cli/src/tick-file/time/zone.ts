import { isTimezone, type Micros, US_PER_MINUTE } from "@fx-ohlc/schemas";
import { Temporal } from "temporal-polyfill";
import { dateUs, offsetUs } from "./wall-time.js";

/** A clock by which times without an offset are meant. */
export interface Zone {
  /** As a person writes it. */
  readonly name: string;
  /** The instant at which the clock reads that; text says why there is none. */
  instant(wallUs: Micros): Micros | string;
}

const FIXED = /^(?:UTC|GMT|Z)?(?:([+-])(\d{1,2})(?::?(\d{2}))?)?$/i;

/** Names that headers give zones by and that Java, which writes them, knows: those of summer time keep it. */
const ABBREVIATIONS: Readonly<Record<string, string>> = {
  EET: "Europe/Athens",
  CET: "Europe/Brussels",
  MET: "Europe/Brussels",
  WET: "Europe/Lisbon",
};

/** Zones move by quarters of an hour at least, since clocks tell UTC. */
const STEP_US = 15 * US_PER_MINUTE;

/** Clocks that change: each quarter of an hour is asked once, since ticks come in the order of time. */
class NamedZone implements Zone {
  #stepUs = Number.NaN;
  #offset: Micros | string = "";

  constructor(readonly name: string) {}

  instant(wallUs: Micros): Micros | string {
    const stepUs = Math.floor(wallUs / STEP_US) * STEP_US;
    if (stepUs !== this.#stepUs) {
      this.#stepUs = stepUs;
      this.#offset = this.#offsetAt(stepUs);
    }
    return typeof this.#offset === "string" ? this.#offset : wallUs - this.#offset;
  }

  #offsetAt(wallUs: Micros): Micros | string {
    const wall = Temporal.Instant.fromEpochMilliseconds(wallUs / 1000)
      .toZonedDateTimeISO("UTC")
      .toPlainDateTime();
    const [earlier, later] = (["earlier", "later"] as const).map((disambiguation) =>
      wall.toZonedDateTime(this.name, { disambiguation }),
    );
    if (earlier === undefined || later === undefined) return "";
    if (earlier.epochMilliseconds === later.epochMilliseconds) return wallUs - earlier.epochMilliseconds * 1000;
    const twice = earlier.toPlainDateTime().equals(wall);
    return twice
      ? `happens twice in ${this.name}, where clocks are set back: give it with an offset`
      : `does not exist in ${this.name}, where clocks are set forward`;
  }
}

class FixedZone implements Zone {
  constructor(
    readonly name: string,
    private readonly offsetUs: Micros,
  ) {}

  instant(wallUs: Micros): Micros {
    return wallUs - this.offsetUs;
  }
}

export const UTC: Zone = new FixedZone("UTC", 0);

/** A zone by its IANA name, an offset such as +02:00, UTC, or what headers call it; undefined for what is none. */
export function zoneOf(name: string): Zone | undefined {
  const known = ABBREVIATIONS[name.toUpperCase()] ?? name;
  const fixed = FIXED.exec(known);
  if (fixed !== null && known !== "") {
    const [, sign, hours, minutes] = fixed;
    if (sign === undefined) return UTC;
    const us = offsetUs(sign, Number(hours), Number(minutes ?? 0));
    return Number.isNaN(us) ? undefined : new FixedZone(`UTC${sign}${hours?.padStart(2, "0")}:${minutes ?? "00"}`, us);
  }
  return isTimezone(known) ? new NamedZone(known) : undefined;
}

const ZONE_IN_NAME = /(?:^|[^a-z])((?:UTC|GMT)(?:\s*[+-]\d{1,2}(?::?\d{2})?)?)(?:$|[^a-z])/i;
const ZONE_IN_BRACKETS = /\(([^()]+)\)/;

/** The zone that a column's name says: `Gmt time`, `time_utc`, `Time (EET)`, `Time (Europe/Berlin)`. */
export function zoneOfName(header: string): Zone | undefined {
  const plain =
    ZONE_IN_NAME.exec(header.replaceAll("_", " "))?.[1] ?? /(?:time|date|stamp)(utc|gmt)$/i.exec(header)?.[1];
  const said = plain ?? ZONE_IN_BRACKETS.exec(header)?.[1];
  const name = said?.replace(/\s/g, "") ?? "";
  // EST is New York's time to some and that of its winter to others: such names are asked for.
  return FIXED.test(name) || name.includes("/") || ABBREVIATIONS[name.toUpperCase()] !== undefined
    ? zoneOf(name)
    : undefined;
}

/** Midnight of YYYYMMDD on a wall; NaN for no date. */
export function compactDateUs(text: string): Micros {
  return dateUs(Number(text.slice(0, 4)), Number(text.slice(4, 6)), Number(text.slice(6, 8)));
}
