import type { IncomingMessage, ServerResponse } from "node:http";
import { type TickRules, unitOfPrecision, type WriteQuery } from "@fx-ohlc/schemas";
import { type AllowedOrigins, type Caller, isOriginAllowed, Problem, spanOf, summary } from "@fx-ohlc/service-kit";
import type { Feeds } from "../feeds/feeds.js";
import { hearingOf } from "../feeds/named-feed.js";
import type { GroupCommit } from "../write/group-commit.js";
import { bodyForm } from "./body-form.js";
import { storeLines } from "./bulk-route.js";
import { LineProtocol } from "./line-protocol.js";
import { ERRORS_LISTED_MAX } from "./refusals.js";

/** What either route takes. */
interface Parameters {
  readonly query: WriteQuery;
  readonly caller: Caller;
}

/** Whatever a client calls lines of this protocol, which has no media type of its own. */
const ACCEPTED = { mediaTypes: [], gzip: true };

/** `POST /write` and `POST /api/v2/write`: Influx line protocol, streamed and stored as other lines are. */
export function postLineProtocol(
  commits: GroupCommit,
  rules: () => TickRules,
  feeds: Feeds,
  allowed: AllowedOrigins,
): (req: IncomingMessage, res: ServerResponse, parameters: Parameters) => Promise<void> {
  return async (req, res, { query: { precision, strict }, caller }) => {
    refuseForeignPages(req, allowed);
    const form = bodyForm(req, ACCEPTED);
    const hear = hearingOf(req, caller, feeds);
    const format = new LineProtocol(rules, unitOfPrecision(precision), strict === "1");
    const options = { commits, format, onError: "stop" as const, rules, caller, hear, span: spanOf(res) };
    await storeLines(req, form, options, (errors, refusal) => {
      const listed = errors.slice(0, ERRORS_LISTED_MAX);
      const detail = summary(listed);
      // Telegraf writes that member into its log, and no other.
      const extensions = { ...refusal.extensions, error: detail };
      return new Problem("malformed", detail, { ...refusal, errors: listed, extensions });
    });
    res.writeHead(204, { "X-Ignored": format.ignored });
    res.end();
  };
}

/** A browser lets any page post text, or nothing, and asks nobody first as it does for JSON. */
export function refuseForeignPages(req: IncomingMessage, allowed: AllowedOrigins): void {
  if (isOriginAllowed(req.headers, allowed)) return;
  throw new Problem("forbidden", "Pages of this origin may not write.");
}
