import { checkDto, type DtoClass, readPlainQuery } from "@fx-ohlc/schemas";
import { invalid, malformed } from "./problem.js";

/** The query string of a request target, without its question mark. */
function queryText(target: string): string {
  const mark = target.indexOf("?");
  return mark < 0 ? "" : target.slice(mark + 1);
}

function parameters(text: string): Record<string, string> {
  // URLSearchParams lets malformed escapes through; this throws the URIError that is answered as 400.
  if (text.includes("%")) decodeURIComponent(text);
  const values = new Map<string, string>();
  for (const [name, value] of new URLSearchParams(text)) {
    if (values.has(name)) {
      throw malformed([{ field: name, message: "must be given once" }]);
    }
    values.set(name, value);
  }
  return Object.fromEntries(values);
}

/**
 * Checks the query string of a request target (`req.url`) against a DTO class.
 *
 * @throws Problem 400 for a malformed escape, an unknown or a repeated parameter, 422 naming every invalid value
 */
export function readQuery<T extends object>(dto: DtoClass<T>, target: string): T {
  const text = queryText(target);
  const plain = readPlainQuery(dto, text);
  if (plain !== undefined) return plain;
  const checked = checkDto(dto, parameters(text));
  if (checked.ok) return checked.value;
  throw checked.unknownField ? malformed(checked.errors) : invalid(checked.errors);
}

/**
 * For a path without parameters.
 *
 * @throws Problem 400 for any parameter
 */
export function refuseQuery(target: string): void {
  if (!target.includes("?")) return;
  const errors = Object.keys(parameters(queryText(target))).map((field) => ({ field, message: "unknown parameter" }));
  if (errors.length > 0) throw malformed(errors);
}
