import type { Express, RequestHandler } from "express";
import { entryOf } from "./grouping.js";
import { Problem } from "./problem.js";

/** The methods each path pattern answers, as the routes added so far and the lean ones say. */
function methodsByPath(app: Express, leanRoutes: readonly string[]): Map<string, Set<string>> {
  const paths = new Map<string, Set<string>>();
  const add = (path: string, method: string) => {
    const methods = entryOf(paths, path, () => new Set<string>()).add(method);
    if (method === "GET") methods.add("HEAD");
  };
  for (const { route } of app.router.stack) {
    for (const { method } of route?.stack ?? []) if (route !== undefined) add(route.path, method.toUpperCase());
  }
  for (const lean of leanRoutes) {
    const [method = "", path = ""] = lean.split(" ");
    add(path, method);
  }
  return paths;
}

/** Answers known paths with the wrong method: 405 with `Allow` (RFC 9110 §15.5.6), and OPTIONS with `Allow` alone. */
export function addMethodGuards(app: Express, leanRoutes: readonly string[]): void {
  for (const [path, methods] of methodsByPath(app, leanRoutes)) {
    const allow = [...methods, "OPTIONS"].join(", ");
    app.all(path, (req, res) => {
      res.setHeader("Allow", allow);
      if (req.method !== "OPTIONS") throw new Problem("method_not_allowed", `This path answers ${allow}.`);
      res.writeHead(204).end();
    });
  }
}

/** The last route: nothing has this path. */
export const noSuchRoute: RequestHandler = () => {
  throw new Problem("not_found", "There is nothing at this path.");
};
