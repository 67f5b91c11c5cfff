import type { IncomingMessage } from "node:http";
import type { LeanHandler } from "@fx-ohlc/service-kit";
import { getAnchor } from "./anchor-route.js";
import { type Answer, AnswerSender } from "./answer.js";
import { type BarDependencies, getBars, getDayBars, getIntervalBars, getLatestBars } from "./bar-routes.js";
import { getSymbols, getTicks } from "./tick-routes.js";
import { getUdfConfig, getUdfHistory, getUdfSearch, getUdfSymbol, getUdfTime, withUdfErrors } from "./udf-routes.js";

/** Where reads are answered from. */
export interface ReadSources {
  /** The primary: what must hold everything that was committed before it was asked for. */
  readonly primary: BarDependencies;
  /** A standby where there is one: what may be as old as its replication lag. */
  readonly history: BarDependencies;
}

/**
 * Every read of the service. None has a parameter in its path, so all are answered before Express, which costs as much as the
 * query itself.
 *
 * What is below `/internal` is for gateways: they tell clients of corrected bars and check the live ones, which an old read
 * would make wrong.
 */
export function readRoutes({ primary, history }: ReadSources): Record<string, LeanHandler> {
  const reads: Record<string, (req: IncomingMessage) => Promise<Answer>> = {
    "/ohlc": getIntervalBars(history),
    "/ohlc/minute": getBars(history, "1m"),
    "/ohlc/hour": getBars(history, "1h"),
    "/ohlc/day": getDayBars(history),
    "/ohlc/custom-day": getDayBars(history),
    "/ohlc/latest": getLatestBars(primary),
    "/ticks": getTicks(history.reader),
    "/symbols": getSymbols(history.reader),
    "/udf/config": withUdfErrors(getUdfConfig),
    "/udf/time": withUdfErrors(getUdfTime),
    "/udf/symbols": withUdfErrors(getUdfSymbol(history)),
    "/udf/search": withUdfErrors(getUdfSearch(history)),
    "/udf/history": withUdfErrors(getUdfHistory(history)),
    "/internal/anchor": getAnchor(primary.reader),
    "/internal/ohlc/minute": getBars(primary, "1m"),
    "/internal/ohlc/hour": getBars(primary, "1h"),
    "/internal/ohlc/day": getDayBars(primary),
  };
  const sender = new AnswerSender();
  const answering =
    (read: (req: IncomingMessage) => Promise<Answer>): LeanHandler =>
    async (req, res) =>
      sender.send(req, res, await read(req));
  return Object.fromEntries(Object.entries(reads).map(([path, read]) => [`GET ${path}`, answering(read)]));
}
