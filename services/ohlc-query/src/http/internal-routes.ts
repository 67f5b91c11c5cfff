import { QUERY_ROUTES } from "@fx-ohlc/contract";
import { AnchorQuery, SymbolsQuery } from "@fx-ohlc/schemas";
import { declareRoutes } from "@fx-ohlc/service-kit";

const { getBars, getMinuteBars, getHourBars, getDayBars } = QUERY_ROUTES;
const hidden = true;
const access = "internal";
const internal = { method: "GET", access, tag: "internal", answers: {}, problems: [], hidden } as const;

/**
 * For gateways alone, and in no document: they tell clients of corrected bars and check the live ones, which an old read would
 * make wrong. The edge does not lead here.
 */
export const INTERNAL_ROUTES = declareRoutes({
  getAnchor: {
    ...internal,
    path: "/internal/anchor",
    summary: "Newest bars with the snapshot they were read under",
    queryDto: AnchorQuery,
  },
  getSymbolNames: {
    ...internal,
    path: "/internal/symbols",
    summary: "Names of symbols, a page of them",
    queryDto: SymbolsQuery,
  },
  getDatabase: { ...internal, path: "/internal/database", summary: "Which database the answers come from" },
  getClock: { ...internal, path: "/internal/clock", summary: "The database's clock", anyQuery: true },
  getFreshBars: { ...getBars, path: "/internal/ohlc", access, hidden },
  getFreshMinuteBars: { ...getMinuteBars, path: "/internal/ohlc/minute", access, hidden },
  getFreshHourBars: { ...getHourBars, path: "/internal/ohlc/hour", access, hidden },
  getFreshDayBars: { ...getDayBars, path: "/internal/ohlc/day", access, hidden },
});
