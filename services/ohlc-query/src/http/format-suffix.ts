import type { IncomingMessage } from "node:http";
import { TABLE_FORMATS } from "@fx-ohlc/schemas";

/** Tables by path: `/ohlc.csv`, `/ohlc/minute.parquet`, `/ticks.csv`. */
const SUFFIXED = new RegExp(
  `^(/(?:ohlc(?:/[a-z-]+)?|ticks|symbols|revisions|archive|quality(?:/gaps)?))\\.(${TABLE_FORMATS.join("|")})(/?(?:\\?|$))`,
);

/**
 * A suffix says the format, for programs that look at the name of what they open: it is taken out of the path of a request, and is
 * what `format` says from then on.
 */
export function takeSuffix(req: IncomingMessage): void {
  const { url = "" } = req;
  const [, path, format, rest = ""] = SUFFIXED.exec(url) ?? [];
  if (path === undefined) return;
  const query = url.includes("?") ? url.slice(url.indexOf("?") + 1) : "";
  req.url = `${path}${rest.startsWith("/") ? "/" : ""}?${query === "" ? "" : `${query}&`}format=${format}`;
}
