import {
  BAR_FORMATS,
  BarJson,
  BarsQuery,
  DayBarsQuery,
  FILE_FORMATS,
  FilledBar,
  GapJson,
  GapsQuery,
  IntervalBarsQuery,
  type JsonSchema,
  LatestQuery,
  QualityJson,
  QualityQuery,
  type RefTo,
  RevisionJson,
  RevisionsQuery,
  type Shape,
  SymbolJson,
  SymbolsQuery,
  TickJson,
  TicksQuery,
} from "@fx-ohlc/schemas";
import {
  type BodySchema,
  type Content,
  declareRoutes,
  listOf,
  type ProblemCode,
  type RouteDeclaration,
} from "@fx-ohlc/service-kit";

/** The media type of each format that has one of its own; ccxt's candles are JSON. */
export const MEDIA_TYPES = {
  json: "application/json",
  csv: "text/csv",
  ndjson: "application/x-ndjson",
  columns: "application/vnd.fx-ohlc.columns+json",
  parquet: "application/vnd.apache.parquet",
  arrow: "application/vnd.apache.arrow.stream",
} as const;

const TEXT = { schema: { type: "string" } };
const FILE = { schema: { type: "string", format: "binary" } };

/** A table in every format. */
function table(json: BodySchema, row: Shape): Content {
  return {
    [MEDIA_TYPES.json]: json,
    [MEDIA_TYPES.csv]: TEXT,
    [MEDIA_TYPES.ndjson]: TEXT,
    [MEDIA_TYPES.columns]: { columnsOf: row },
    [MEDIA_TYPES.parquet]: FILE,
    [MEDIA_TYPES.arrow]: FILE,
  };
}

/** What is answered where what was known is dropped with its ticks. */
const OF_THE_PAST = ["gone"] as const;

/** How every table is answered: with a tag, so that whoever has the answer already is sent nothing. */
function read(description: string, content: Content, isPaged: boolean, more: readonly ProblemCode[] = []) {
  const always = { "Cache-Control": "always", Vary: "always", "X-Data-As-Of": "sometimes" } as const;
  const link = { Link: "sometimes" } as const;
  // An answer of any length has no tag: it is sent before its end is known.
  const headers = {
    ...always,
    ...({ ETag: "sometimes", "Content-Encoding": "sometimes", "Accept-Ranges": "sometimes" } as const),
  } as const;
  const part = { ...always, ETag: "always", "Content-Range": "always", "Accept-Ranges": "always" } as const;
  const unchanged = { ...always, ETag: "always" } as const;
  return {
    method: "GET",
    access: "read",
    requestHeaders: ["Accept-Encoding", "If-None-Match", "Range", "If-Range"],
    answers: {
      200: { description, content, headers: isPaged ? { ...headers, ...link } : headers },
      206: {
        description: "The part that `Range` asks for; of `limit=all` there are none.",
        content: Object.fromEntries(Object.keys(content).map((mediaType) => [mediaType, TEXT])),
        headers: isPaged ? { ...part, ...link } : part,
      },
      304: { description: "What is at hand still stands.", headers: isPaged ? { ...unchanged, ...link } : unchanged },
    },
    problems: [...more, "malformed", "not_acceptable", "range_not_satisfiable", "invalid", "unavailable", "timeout"],
  } as const satisfies Partial<RouteDeclaration>;
}

const CANDLE: JsonSchema = {
  description: "`format=ccxt`: milliseconds, open, high, low, close, and the count of ticks as the volume.",
  type: "array",
  prefixItems: Array.from({ length: 6 }, () => ({ type: ["number", "null"] })),
  minItems: 6,
  maxItems: 6,
};

function listOfOne(rows: readonly JsonSchema[]): JsonSchema {
  return { anyOf: rows.map((items) => ({ type: "array", items })) };
}

/** Bars as they are, with nulls where there are no prices, or as candles. */
const BARS = { schema: (ref: RefTo) => listOfOne([ref(BarJson), ref(FilledBar), CANDLE]) };
const LATEST = { schema: (ref: RefTo) => listOfOne([ref(BarJson), ref(FilledBar)]) };

const PAGE = `By symbol, in the order of their names, then by bucket; all of one page is of one moment. More than \`limit\` of them are paged: follow \`Link\`. Formats: ${[...BAR_FORMATS, ...FILE_FORMATS].join(", ")}; a suffix of the path says it, too (\`/ohlc.csv\`).`;
const bars = { ...read(PAGE, table(BARS, FilledBar), true, OF_THE_PAST), tag: "bars" } as const;

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
    ...read("In the order of the symbols asked for.", table(LATEST, FilledBar), false, OF_THE_PAST),
    path: "/ohlc/latest",
    summary: "The newest bar of each symbol",
    description: "Complete or not; never one that starts after now.",
    tag: "bars",
    queryDto: LatestQuery,
  },
  getTicks: {
    ...read(
      "Ascending by (time, seq). More than `limit` of them are paged: follow `Link`.",
      table(listOf(TickJson), TickJson),
      true,
      OF_THE_PAST,
    ),
    path: "/ticks",
    summary: "Raw ticks",
    tag: "ticks",
    queryDto: TicksQuery,
  },
  getRevisions: {
    ...read(
      "In the order of `at`: each once everything before it is there, so that `after` and `since` miss nothing. More than `limit` of them are paged: follow `Link`.",
      table(listOf(RevisionJson), RevisionJson),
      true,
      OF_THE_PAST,
    ),
    path: "/revisions",
    summary: "What was corrected, deleted or came late",
    description:
      "What was done to ticks of a range, when, and by whom. Of ticks that retention has dropped nobody knows any more.",
    tag: "ticks",
    queryDto: RevisionsQuery,
  },
  getQuality: {
    ...read("In the order of the symbols asked for.", table(listOf(QualityJson), QualityJson), false),
    path: "/quality",
    summary: "What is missing, came late, was corrected or looks wrong",
    description:
      "Up to 100 symbols, told from bars of a minute; one that nobody ever sent has no row. Ticks are read only for `outliers=true`. Of symbols and days, as many as they are multiplied, there may be 4,000; with `outliers=true`, 100.",
    tag: "ticks",
    queryDto: QualityQuery,
  },
  getGaps: {
    ...read("Ascending. More than `limit` of them are paged: follow `Link`.", table(listOf(GapJson), GapJson), true),
    path: "/quality/gaps",
    summary: "When ticks are missing, and why",
    description: "Minutes without a tick while the market was open. Up to 4,000 days.",
    tag: "ticks",
    queryDto: GapsQuery,
  },
  getSymbols: {
    ...read(
      "By name. More than `limit` of them are paged: follow `Link`.",
      table(listOf(SymbolJson), SymbolJson),
      true,
    ),
    path: "/symbols",
    summary: "Which symbols there are, and since when",
    tag: "symbols",
    queryDto: SymbolsQuery,
  },
});
