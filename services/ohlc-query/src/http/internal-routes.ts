import { QUERY_ROUTES } from "@fx-ohlc/contract";
import { SymbolsOrAllQuery } from "@fx-ohlc/schemas";
import { declareRoutes } from "@fx-ohlc/service-kit";

const { getMinuteBars, getHourBars, getDayBars } = QUERY_ROUTES;
const hidden = true;

/**
 * For gateways alone, and in no document: they tell clients of corrected bars and check the live ones, which an old read would
 * make wrong. The edge does not lead here.
 */
export const INTERNAL_ROUTES = declareRoutes({
  getAnchor: {
    method: "GET",
    path: "/internal/anchor",
    summary: "Newest bars with the snapshot they were read under",
    tag: "internal",
    queryDto: SymbolsOrAllQuery,
    answers: {},
    problems: [],
    hidden,
  },
  getDatabase: {
    method: "GET",
    path: "/internal/database",
    summary: "Which database the answers come from",
    tag: "internal",
    answers: {},
    problems: [],
    hidden,
  },
  getClock: {
    method: "GET",
    path: "/internal/clock",
    summary: "The database's clock",
    tag: "internal",
    anyQuery: true,
    answers: {},
    problems: [],
    hidden,
  },
  getFreshMinuteBars: { ...getMinuteBars, path: "/internal/ohlc/minute", hidden },
  getFreshHourBars: { ...getHourBars, path: "/internal/ohlc/hour", hidden },
  getFreshDayBars: { ...getDayBars, path: "/internal/ohlc/day", hidden },
});
