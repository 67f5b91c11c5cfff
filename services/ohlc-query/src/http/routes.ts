import type { IncomingMessage } from "node:http";
import type { LeanHandler } from "@fx-ohlc/service-kit";
import { getAnchor } from "./anchor-route.js";
import { type Answer, sendAnswer } from "./answer.js";
import { type BarDependencies, getBars, getDayBars, getIntervalBars, getLatestBars } from "./bar-routes.js";
import { getSymbols, getTicks } from "./tick-routes.js";

/**
 * Every read of the service. None has a parameter in its path, so all are answered before Express, which costs as much as the
 * query itself.
 */
export function readRoutes(dependencies: BarDependencies): Record<string, LeanHandler> {
  const { reader } = dependencies;
  const reads: Record<string, (req: IncomingMessage) => Promise<Answer>> = {
    "/ohlc": getIntervalBars(dependencies),
    "/ohlc/minute": getBars(dependencies, "1m"),
    "/ohlc/hour": getBars(dependencies, "1h"),
    "/ohlc/day": getDayBars(dependencies),
    "/ohlc/custom-day": getDayBars(dependencies),
    "/ohlc/latest": getLatestBars(dependencies),
    "/ticks": getTicks(reader),
    "/symbols": getSymbols(reader),
    "/internal/anchor": getAnchor(reader),
  };
  return Object.fromEntries(Object.entries(reads).map(([path, read]) => [`GET ${path}`, answering(read)]));
}

function answering(read: (req: IncomingMessage) => Promise<Answer>): LeanHandler {
  return async (req, res) => sendAnswer(req, res, await read(req));
}
