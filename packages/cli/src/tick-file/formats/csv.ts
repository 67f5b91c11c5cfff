import { roleOf, rolesOf, type SaidColumns } from "../columns.js";
import type { Look } from "../text/look.js";
import { UnreadableError } from "../tick.js";
import { zoneOfName } from "../time/zone.js";
import { namesOf, type TextFormat } from "./text-format.js";

/** How much of a line a message shows. */
const SHOWN_LENGTH = 80;

/** Whether a line holds a time or a number: a header holds neither. */
function isData(fields: readonly string[]): boolean {
  return fields.some((field) => /^[+-]?(?:\d|[.,]\d)/.test(field));
}

function isHeaded(look: Look, said: SaidColumns | undefined): boolean {
  const first = namesOf(look);
  if (said === undefined || "named" in said) return true;
  const [time, date] = [said.inOrder.indexOf("time"), said.inOrder.indexOf("date")];
  return !/\d/.test(`${first[time] ?? ""}${first[date] ?? ""}`);
}

/** Whether a line names a time and a price, whatever separates its fields. */
export function isTickHeader(text: string): boolean {
  const names = /[,;\t|]/.test(text) ? text.split(/[,;\t|]/) : text.trim().split(/\s+/);
  const roles = names.map((name) => roleOf(name.replaceAll('"', "")));
  const hasPrice = roles.some((role) => role === "price" || role === "bid" || role === "ask");
  return hasPrice && roles.some((role) => role === "time" || role === "date");
}

/** Any text of columns: named in its header, or by whoever imports it. */
export const csv: TextFormat = {
  name: "csv",
  about:
    "any CSV: a header that names a time, and a price or a bid and an ask, or --columns; any delimiter and encoding",
  fits: () => true,
  isHeaded,
  table: (look, said) => {
    const names = namesOf(look);
    if (said !== undefined && "inOrder" in said) {
      const headed = isHeaded(look, said);
      const zone = headed ? zoneOfName(names[said.inOrder.indexOf("time")] ?? "") : undefined;
      return {
        names: headed ? names : undefined,
        model: "--columns",
        roles: said.inOrder,
        times: { zone, isZoneNamed: true },
      };
    }
    if (isData(names)) {
      const text = (look.lines[0] ?? "").slice(0, SHOWN_LENGTH);
      const line = look.linesBefore + 1;
      throw new UnreadableError(
        `line ${line} is no header with a time column: it says "${text}"; where there is none, say what the columns are, such as --columns time,bid,ask,-`,
      );
    }
    const roles = rolesOf(names, said);
    const zone = zoneOfName(names[roles.indexOf("time")] ?? "") ?? zoneOfName(names[roles.indexOf("date")] ?? "");
    return { names, model: "the header", roles, times: { zone, isZoneNamed: true } };
  },
};
