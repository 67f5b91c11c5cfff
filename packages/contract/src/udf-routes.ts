import {
  UdfBars,
  UdfConfig,
  UdfError,
  UdfFound,
  UdfHistoryQuery,
  UdfNoData,
  UdfSearchQuery,
  UdfSymbol,
  UdfSymbolQuery,
} from "@fx-ohlc/schemas";
import {
  type AnswerDeclaration,
  type BodySchema,
  type Content,
  declareRoutes,
  listOf,
  type RouteDeclaration,
} from "@fx-ohlc/service-kit";

type Refusal = 400 | 404 | 416 | 422 | 503 | 504;

const WHY: Readonly<Record<Refusal, string>> = {
  400: "The request makes no sense.",
  404: "There is no such symbol.",
  416: "The answer has no such part.",
  422: "A parameter is not valid.",
  503: "The database is away.",
  504: "It took too long.",
};

/** A refusal in the protocol's words. */
function refusal(status: Refusal): AnswerDeclaration {
  const uncached = { "Cache-Control": "always" } as const;
  return {
    description: WHY[status],
    content: { "application/json": UdfError },
    headers: { ...uncached, ...OF_REFUSALS[status] },
  };
}

const OF_REFUSALS: Readonly<Partial<Record<Refusal, AnswerDeclaration["headers"]>>> = {
  416: { "Content-Range": "always" },
  503: { "Retry-After": "always" },
};

const json = (body: BodySchema): Content => ({ "application/json": body });

/** @param isLong whether an answer can be long enough to be worth compressing */
function udf(description: string, content: Content, refusals: readonly Refusal[], isLong = false) {
  const tagged = { ETag: "always", "Cache-Control": "always", Vary: "always", "X-Data-As-Of": "sometimes" } as const;
  const ranged = { ...tagged, "Accept-Ranges": "always" } as const;
  const headers: AnswerDeclaration["headers"] = isLong ? { ...ranged, "Content-Encoding": "sometimes" } : ranged;
  return {
    method: "GET",
    access: "read",
    tag: "tradingview",
    requestHeaders: ["If-None-Match", "Range", "If-Range"],
    answers: {
      200: { description, content, headers },
      206: {
        description: "The part that `Range` asks for.",
        content: Object.fromEntries(
          Object.keys(content).map((mediaType) => [mediaType, { schema: { type: "string" } }]),
        ),
        headers: { ...ranged, "Content-Range": "always" },
      },
      304: { description: "What is at hand still stands.", headers: tagged },
      ...Object.fromEntries([...refusals, 416 as const].map((status) => [status, refusal(status)])),
    },
    problems: [],
    refusals: { name: "Udf", content: json(UdfError), headers: { "Cache-Control": "always" } },
  } as const satisfies Partial<RouteDeclaration>;
}

/** TradingView's Universal Data Feed: `new UDFCompatibleDatafeed("…/udf")`. */
export const UDF_ROUTES = declareRoutes({
  getUdfConfig: {
    ...udf("It never changes.", json(UdfConfig), [400]),
    path: "/udf/config",
    summary: "What the feed can do",
  },
  getUdfTime: {
    ...udf("In seconds since 1970.", { "text/plain": { schema: { type: "string", pattern: "^\\d+$" } } }, [400]),
    path: "/udf/time",
    summary: "The server's clock",
  },
  getUdfSymbol: {
    ...udf("As the charting library wants it.", json(UdfSymbol), [400, 404, 422, 503, 504]),
    path: "/udf/symbols",
    summary: "A symbol's session, decimals and resolutions",
    queryDto: UdfSymbolQuery,
  },
  searchUdfSymbols: {
    ...udf("Those that begin with the text first.", json(listOf(UdfFound)), [400, 422, 503, 504], true),
    path: "/udf/search",
    summary: "Symbols with some text in their name",
    queryDto: UdfSearchQuery,
  },
  getUdfHistory: {
    ...udf(
      "With times from `from` to just before `to`, or the last `countback` before `to`; never more than the last 10,000.",
      json({ schema: (ref) => ({ anyOf: [ref(UdfBars), ref(UdfNoData)] }) }),
      [400, 422, 503, 504],
      true,
    ),
    path: "/udf/history",
    summary: "Bars for a chart",
    queryDto: UdfHistoryQuery,
  },
});
