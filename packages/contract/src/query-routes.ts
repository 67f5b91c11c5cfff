import {
  BarJson,
  BarsQuery,
  DayBarsQuery,
  IntervalBarsQuery,
  LatestQuery,
  SymbolJson,
  TickJson,
  TicksQuery,
} from "@fx-ohlc/schemas";
import {
  type BodySchema,
  declareRoutes,
  listOf,
  type ResponseHeader,
  type RouteDeclaration,
} from "@fx-ohlc/service-kit";

type Headers = Readonly<Partial<Record<ResponseHeader, "always" | "sometimes">>>;

/** How every read is answered: with a tag, so that whoever has the answer already is sent nothing. */
function read(description: string, body: BodySchema, isPaged: boolean) {
  const tagged = { ETag: "always", "Cache-Control": "always" } as const;
  const headers: Headers = isPaged ? { ...tagged, Link: "sometimes" } : tagged;
  return {
    method: "GET",
    requestHeaders: ["If-None-Match"],
    answers: {
      200: { description, content: { "application/json": body }, headers },
      304: { description: "What is at hand still stands.", headers },
    },
    problems: ["malformed", "invalid", "unavailable"],
  } as const satisfies Partial<RouteDeclaration>;
}

const PAGE = "Ascending by bucket. More than `limit` of them are paged: follow `Link`.";
const bars = { ...read(PAGE, listOf(BarJson), true), tag: "bars" } as const;

/** The read side. */
export const QUERY_ROUTES = declareRoutes({
  getBars: {
    ...bars,
    path: "/ohlc",
    summary: "Bars of any interval",
    queryDto: IntervalBarsQuery,
  },
  getMinuteBars: { ...bars, path: "/ohlc/minute", summary: "Bars of a minute", queryDto: BarsQuery },
  getHourBars: { ...bars, path: "/ohlc/hour", summary: "Bars of an hour", queryDto: BarsQuery },
  getDayBars: {
    ...bars,
    path: "/ohlc/day",
    summary: "Bars of an FX day",
    description: "The day starts at the configured boundary, or where `day_start_hour` and `timezone` say.",
    queryDto: DayBarsQuery,
  },
  getCustomDayBars: {
    ...bars,
    path: "/ohlc/custom-day",
    summary: "Bars of an FX day, the same as /ohlc/day",
    queryDto: DayBarsQuery,
  },
  getLatestBars: {
    ...read("In the order of the symbols asked for.", listOf(BarJson), false),
    path: "/ohlc/latest",
    summary: "The newest bar of each symbol",
    description: "Complete or not; never one that starts after now.",
    tag: "bars",
    queryDto: LatestQuery,
  },
  getTicks: {
    ...read("Ascending by (time, seq). More than `limit` of them are paged: follow `Link`.", listOf(TickJson), true),
    path: "/ticks",
    summary: "Raw ticks",
    tag: "ticks",
    queryDto: TicksQuery,
  },
  getSymbols: {
    ...read("By name.", listOf(SymbolJson), false),
    path: "/symbols",
    summary: "What has ticks, and since when",
    tag: "bars",
    problems: ["malformed", "unavailable"],
  },
});
