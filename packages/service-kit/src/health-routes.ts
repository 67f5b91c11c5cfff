import type { Express } from "express";
import type { Health } from "./health.js";
import { sendJson } from "./send.js";

/** A probe's answer must never come from a cache. */
const UNCACHED = { "Cache-Control": "no-store" };

/** `/health` for people and monitors, `/live` and `/ready` for orchestrators. */
export function addHealthRoutes(app: Express, health: Health): void {
  app.get("/health", async (_req, res) => {
    const report = await health.report();
    sendJson(res, report.status === "healthy" ? 200 : 503, report, UNCACHED);
  });
  app.get("/live", (_req, res) => sendJson(res, 200, { status: "alive" }, UNCACHED));
  app.get("/ready", async (_req, res) => {
    const ready = await health.isReady();
    sendJson(res, ready ? 200 : 503, { status: ready ? "ready" : "not_ready" }, UNCACHED);
  });
}
