import { fxDayName } from "@fx-ohlc/schemas/calendar";
import type { Interval } from "@fx-ohlc/schemas/interval";
import { isOfDays } from "@fx-ohlc/schemas/interval";
import { US_PER_SECOND } from "@fx-ohlc/schemas/time";
import {
  defaultHorzScaleBehavior,
  type InternalHorzScaleItem,
  type TickMark,
  type TickMarkWeightValue,
  type TimeScalePoint,
} from "lightweight-charts";
import { bucketEndOf } from "../bars/buckets.js";
import type { Seconds } from "../bars/chart-bar.js";
import { BOUNDARIES, type BoundaryName } from "../boundaries.js";
import { dateTimeText, fullDateText, minuteText, namedDateText, secondText } from "../format/time.js";
import { wallClock, ZONES, type ZoneName } from "../format/zone.js";

/** What the axis goes by. */
export interface AxisLook {
  readonly zone: ZoneName;
  readonly boundary: BoundaryName;
  /** Undefined for a line of ticks. */
  readonly interval: Interval | undefined;
}

/** The library's weights of marks: the heaviest that have room are shown. */
const DAY = 50;
const MONTH = 60;
const YEAR = 70;
const MINUTE = 20;
const WITHIN_DAY: readonly (readonly [Seconds, number])[] = [
  [43_200, 33],
  [21_600, 32],
  [10_800, 31],
  [3_600, 30],
  [1_800, 22],
  [300, 21],
  [60, MINUTE],
  [1, 10],
];

/** The FX day of a time, as far as the axis needs it. */
interface Day {
  readonly name: string;
  readonly end: Seconds;
}

function dayOf(time: Seconds, boundary: BoundaryName): Day {
  const name = fxDayName(time * US_PER_SECOND, BOUNDARIES[boundary]);
  return { name, end: bucketEndOf(time, { interval: "1d", boundary }) };
}

/** How much a mark at a time matters after the point before it: days are FX days, hours those of the zone's clocks. */
export function weightOf(before: { day: string; wall: Seconds }, point: { day: string; wall: Seconds }): number {
  if (before.day.slice(0, 4) !== point.day.slice(0, 4)) return YEAR;
  if (before.day.slice(0, 7) !== point.day.slice(0, 7)) return MONTH;
  if (before.day !== point.day) return DAY;
  const found = WITHIN_DAY.find(([length]) => Math.floor(before.wall / length) !== Math.floor(point.wall / length));
  return found?.[1] ?? 0;
}

/** The time axis of one notion of day: a day begins on it where the chosen boundary has it, and is called what the API calls it. */
export class TimeAxis extends defaultHorzScaleBehavior() {
  #look: AxisLook = { zone: "utc", boundary: "22utc", interval: "1m" };
  #places: ReadonlySet<Seconds> = new Set();

  /** @returns whether that is another look: what is drawn has to be set anew then */
  setLook(look: AxisLook): boolean {
    const { zone, boundary, interval } = this.#look;
    this.#look = look;
    return look.zone !== zone || look.boundary !== boundary || isDaily(look.interval) !== isDaily(interval);
  }

  /** Empty places of the chart: nothing begins there, and a day without bars is not told. To be called before they are drawn. */
  setPlaces(times: ReadonlySet<Seconds>): void {
    this.#places = times;
  }

  override fillWeightsForPoints(
    points: readonly { -readonly [Key in keyof TimeScalePoint]: TimeScalePoint[Key] }[],
    from: number,
  ): void {
    const { zone, boundary } = this.#look;
    const [first, second = first] = points;
    if (first === undefined || second === undefined) return;
    const timeOf = ({ time }: TimeScalePoint): Seconds => Number(this.key(time));
    const before = points.slice(0, from).findLast((point) => !this.#places.has(timeOf(point)));
    // The first point has none before it: it counts as one of the same distance as the second has.
    let time = before === undefined ? timeOf(first) - Math.max(1, timeOf(second) - timeOf(first)) : timeOf(before);
    let day = dayOf(time, boundary);
    for (const point of points.slice(from)) {
      const next = timeOf(point);
      if (this.#places.has(next)) {
        point.timeWeight = 0 as TickMarkWeightValue; // As below.
        continue;
      }
      const nextDay = next < day.end ? day : dayOf(next, boundary);
      const weight = weightOf(
        { day: day.name, wall: wallClock(time, zone) },
        { day: nextDay.name, wall: wallClock(next, zone) },
      );
      point.timeWeight = weight as TickMarkWeightValue; // The library's brand of a number.
      time = next;
      day = nextDay;
    }
  }

  override formatTickmark({ time, weight }: TickMark): string {
    const seconds = Number(this.key(time));
    const { zone, boundary } = this.#look;
    if (this.#places.has(seconds)) return "";
    if (weight < MINUTE) return secondText(seconds, zone);
    if (weight < DAY) return minuteText(seconds, zone);
    const name = dayOf(seconds, boundary).name;
    if (weight >= YEAR) return name.slice(0, 4);
    const [weekday = "", day = "", month = ""] = namedDateText(name).split(" ");
    return weight >= MONTH ? month : isDaily(this.#look.interval) ? day : `${weekday} ${day}`;
  }

  /** What the crosshair says of a time. */
  override formatHorzItem(item: InternalHorzScaleItem): string {
    const seconds = Number(this.key(item));
    const { zone, boundary, interval } = this.#look;
    if (isDaily(interval)) return fullDateText(Date.parse(dayOf(seconds, boundary).name) / 1_000);
    const text =
      interval === undefined
        ? `${fullDateText(seconds, zone)} ${secondText(seconds, zone)}`
        : dateTimeText(seconds, zone);
    return `${text} ${ZONES[zone].text}`;
  }
}

function isDaily(interval: Interval | undefined): boolean {
  return interval !== undefined && isOfDays(interval);
}
