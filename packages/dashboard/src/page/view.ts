import { INTERVALS, type Interval, parseInterval } from "@fx-ohlc/schemas/interval";
import { normalizeSymbol } from "@fx-ohlc/schemas/symbol";
import { type Seconds, SIDES, type Side } from "./bars/chart-bar.js";
import { BOUNDARY_NAMES, type BoundaryName } from "./boundaries.js";
import { ZONE_NAMES, type ZoneName } from "./format/zone.js";
import { PAGE_NAMES, type PageName, QUALITY_DAYS, type QualityDays } from "./pages/page-name.js";
import { parseStudies, type StudySpec, studiesText } from "./studies/study-spec.js";

/** What the page shows: all of it is in its address, so that a view can be shared. */
export interface View {
  readonly page: PageName;
  /** What the quality view looks back on. */
  readonly days: QualityDays;
  /** Undefined until one is known: the first of the watchlist then. */
  readonly symbol: string | undefined;
  readonly interval: Interval;
  readonly boundary: BoundaryName;
  readonly mode: Mode;
  /** What the candles are of. */
  readonly side: Side;
  /** Whose clocks tell the times. */
  readonly zone: ZoneName;
  readonly style: ChartStyle;
  readonly scale: ChartScale;
  /** Indicators, in the order they are drawn. */
  readonly studies: readonly StudySpec[];
  /** A second symbol, both then in per cent. */
  readonly compared: string | undefined;
  /** What is in sight; undefined while that is the newest. */
  readonly range: TimeRange | undefined;
}

export const CHART_STYLES = ["candles", "heikin", "line", "area"] as const;
export type ChartStyle = (typeof CHART_STYLES)[number];

export const CHART_SCALES = ["linear", "log", "percent"] as const;
export type ChartScale = (typeof CHART_SCALES)[number];

export interface TimeRange {
  readonly from: Seconds;
  readonly to: Seconds;
}

/** The intervals of a chart. */
export const CHART_INTERVALS = INTERVALS;

export type Mode = "candles" | "ticks";

export const DEFAULT_VIEW: View = {
  page: "chart",
  days: 7,
  symbol: undefined,
  interval: "1m",
  boundary: "22utc",
  mode: "candles",
  side: "mid",
  zone: "utc",
  style: "candles",
  scale: "linear",
  studies: [],
  compared: undefined,
  range: undefined,
};

/** Reads a view from the query of an address; what is missing or unknown there takes its default. */
export function viewOf(search: string): View {
  const query = new URLSearchParams(search);
  return {
    page: PAGE_NAMES.find((name) => name === query.get("view")) ?? DEFAULT_VIEW.page,
    days: QUALITY_DAYS.find((days) => String(days) === query.get("days")) ?? DEFAULT_VIEW.days,
    symbol: normalizeSymbol(query.get("symbol")),
    interval: chartInterval(query.get("interval")) ?? DEFAULT_VIEW.interval,
    boundary: BOUNDARY_NAMES.find((name) => name === query.get("day")) ?? DEFAULT_VIEW.boundary,
    mode: query.get("mode") === "ticks" ? "ticks" : "candles",
    side: SIDES.find((side) => side === query.get("price")) ?? DEFAULT_VIEW.side,
    zone: ZONE_NAMES.find((zone) => zone === query.get("tz")) ?? DEFAULT_VIEW.zone,
    style: CHART_STYLES.find((style) => style === query.get("style")) ?? DEFAULT_VIEW.style,
    scale: CHART_SCALES.find((scale) => scale === query.get("scale")) ?? DEFAULT_VIEW.scale,
    studies: parseStudies(query.get("ind")),
    compared: normalizeSymbol(query.get("vs")),
    range: rangeOf(query.get("from"), query.get("to")),
  };
}

/** RFC 3339 with a zone, both: one alone says how wide nothing. */
function rangeOf(from: string | null, to: string | null): TimeRange | undefined {
  const range = { from: Date.parse(from ?? "") / 1_000, to: Date.parse(to ?? "") / 1_000 };
  return range.from < range.to ? range : undefined;
}

function timeText(time: Seconds): string {
  return new Date(Math.round(time) * 1_000).toISOString().replace(".000", "");
}

function chartInterval(raw: unknown): Interval | undefined {
  const interval = parseInterval(raw);
  return CHART_INTERVALS.find((known) => known === interval);
}

/** The query of a view's address: only what differs from the default, in a fixed order. */
export function searchOf(view: View): string {
  const query = new URLSearchParams();
  if (view.page !== DEFAULT_VIEW.page) query.set("view", view.page);
  if (view.days !== DEFAULT_VIEW.days) query.set("days", String(view.days));
  if (view.symbol !== undefined) query.set("symbol", view.symbol);
  if (view.interval !== DEFAULT_VIEW.interval) query.set("interval", view.interval);
  if (view.boundary !== DEFAULT_VIEW.boundary) query.set("day", view.boundary);
  if (view.mode !== DEFAULT_VIEW.mode) query.set("mode", view.mode);
  if (view.side !== DEFAULT_VIEW.side) query.set("price", view.side);
  if (view.zone !== DEFAULT_VIEW.zone) query.set("tz", view.zone);
  if (view.style !== DEFAULT_VIEW.style) query.set("style", view.style);
  if (view.scale !== DEFAULT_VIEW.scale) query.set("scale", view.scale);
  if (view.studies.length > 0) query.set("ind", studiesText(view.studies));
  if (view.compared !== undefined) query.set("vs", view.compared);
  if (view.range !== undefined) {
    query.set("from", timeText(view.range.from));
    query.set("to", timeText(view.range.to));
  }
  return query.size === 0 ? "" : `?${query}`;
}
