import type { Express } from "express";
import { PROBLEMS, Problem, type ProblemCode } from "./problem.js";
import { sendJson } from "./send.js";

function isProblemCode(code: string): code is ProblemCode {
  return Object.hasOwn(PROBLEMS, code);
}

/** A problem's `type` can be followed: it leads to what the code means. */
export function addProblemRoutes(app: Express): void {
  app.get("/problems/:code", (req, res) => {
    const { code } = req.params;
    if (!isProblemCode(code)) throw new Problem("not_found", "There is no such problem type.");
    sendJson(res, 200, { type: `/problems/${code}`, ...PROBLEMS[code] });
  });
}
