import type { IncomingMessage } from "node:http";
import { QUERY_ROUTES, UDF_ROUTES } from "@fx-ohlc/contract";
import {
  type BoundRoute,
  bindRoutes,
  type Handler,
  type Handlers,
  type RouteDeclaration,
  type RouteDeclarations,
  type RouteParameters,
} from "@fx-ohlc/service-kit";
import { getAnchor, getClock } from "./anchor-route.js";
import { type Answer, AnswerSender } from "./answer.js";
import type { BarSources } from "./bar-answer.js";
import { getBars, getDayBars, getIntervalBars, getLatestBars } from "./bar-routes.js";
import { getDatabase } from "./database-route.js";
import { INTERNAL_ROUTES } from "./internal-routes.js";
import { getSymbols, getTicks } from "./tick-routes.js";
import { getUdfConfig, getUdfHistory, getUdfSearch, getUdfSymbol, getUdfTime, withUdfErrors } from "./udf-routes.js";

/** Where reads are answered from. */
export interface ReadSources {
  /** The primary: what must hold everything that was committed before it was asked for. */
  readonly primary: BarSources;
  /** A standby where there is one: what may be as old as its replication lag. */
  readonly history: BarSources;
}

/** Answers a request whose query has been checked. */
type Read<R extends RouteDeclaration> = (req: IncomingMessage, query: RouteParameters<R>["query"]) => Promise<Answer>;
type Reads<D extends RouteDeclarations> = { readonly [Id in keyof D]: Read<D[Id]> };

/** Every route of the service. */
export function queryRoutes({ primary, history }: ReadSources): BoundRoute[] {
  const sender = new AnswerSender();
  const bind = <D extends RouteDeclarations>(declarations: D, reads: Reads<D>) =>
    bindRoutes(declarations, answering(sender, reads));
  return [
    ...bind(QUERY_ROUTES, {
      getBars: getIntervalBars(history),
      getMinuteBars: getBars(history, "1m"),
      getHourBars: getBars(history, "1h"),
      getDayBars: getDayBars(history),
      getCustomDayBars: getDayBars(history),
      getLatestBars: getLatestBars(primary),
      getTicks: getTicks(history.reader),
      getSymbols: getSymbols(history.reader),
    }),
    ...bind(UDF_ROUTES, {
      getUdfConfig,
      getUdfTime: getUdfTime(history),
      getUdfSymbol: getUdfSymbol(history),
      searchUdfSymbols: getUdfSearch(history),
      getUdfHistory: getUdfHistory(history),
    }).map(withUdfErrors),
    ...bind(INTERNAL_ROUTES, {
      getAnchor: getAnchor(primary.reader),
      getDatabase: getDatabase(primary.reader),
      getClock: getClock(primary.reader),
      getFreshMinuteBars: getBars(primary, "1m"),
      getFreshHourBars: getBars(primary, "1h"),
      getFreshDayBars: getDayBars(primary),
    }),
  ];
}

function answering<D extends RouteDeclarations>(sender: AnswerSender, reads: Reads<D>): Handlers<D> {
  const handlers = Object.entries<Read<RouteDeclaration>>(reads).map(([id, read]): [string, Handler] => [
    id,
    async (req, res, { query }) => sender.send(req, res, await read(req, query)),
  ]);
  return Object.fromEntries(handlers) as Handlers<D>; // One for each of the reads, under its id.
}
