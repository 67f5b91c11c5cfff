import { type Micros, parseTime, TIME_RULE } from "@fx-ohlc/schemas";
import { isPositiveDecimal, middle } from "./decimal.js";

/** Which price of a quote to take. */
export const PRICE_SIDES = ["bid", "ask", "mid"] as const;
export type PriceSide = (typeof PRICE_SIDES)[number];

/** What a line says: when, and at which price, as decimal text so that no digit is lost on the way. */
export interface Quote {
  readonly timeUs: Micros;
  readonly price: string;
}

/** Reads one line; a string is the reason why it cannot be read. */
export type LineReader = (text: string) => Quote | string;

const BYTE_ORDER_MARK = "\u00ef\u00bb\u00bf";

function fieldsOf(text: string): string[] {
  return text.split(",").map((field) => field.trim().replace(/^"(.*)"$/, "$1"));
}

/** The columns a price is made of, by the names of the header. */
function priceColumns(names: readonly string[], side: PriceSide | undefined): string[] {
  if (side === "mid") return ["bid", "ask"];
  if (side !== undefined) return [side];
  if (names.includes("price")) return ["price"];
  throw new Error("the file has no price column: choose one with --price bid, --price ask or --price mid");
}

function indexOfColumn(names: readonly string[], name: string): number {
  const index = names.indexOf(name);
  if (index === -1)
    throw new Error(`line 1 is no header with a ${name} column: it says "${names.join(",").slice(0, 80)}"`);
  return index;
}

/**
 * Makes the reader of a file's lines from its header: `time,price` or `time,bid,ask`, in any order, other columns ignored.
 *
 * @param side which price to take; may be left out when there is a price column
 * @throws Error when the header lacks a column
 */
export function lineReader(header: string, side: PriceSide | undefined): LineReader {
  const names = fieldsOf(header.replace(BYTE_ORDER_MARK, "").toLowerCase());
  const timeIndex = indexOfColumn(names, "time");
  const columns = priceColumns(names, side).map((name) => ({ name, index: indexOfColumn(names, name) }));
  return (text) => {
    const fields = text.includes('"') || text.includes(" ") ? fieldsOf(text) : text.split(",");
    if (fields.length !== names.length) return `has ${fields.length} fields, the header ${names.length}`;
    const timeUs = parseTime(fields[timeIndex]);
    if (timeUs === undefined) return `time ${TIME_RULE}`;
    const bad = columns.find(({ index }) => !isPositiveDecimal(fields[index] ?? ""));
    if (bad !== undefined) return `${bad.name} must be a decimal number greater than 0`;
    const [first = "", second] = columns.map(({ index }) => fields[index] ?? "");
    return { timeUs, price: second === undefined ? first : middle(first, second) };
  };
}
