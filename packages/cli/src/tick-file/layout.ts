import { type Micros, normalizeSymbol, SYMBOL_RULE } from "@fx-ohlc/schemas";
import { isPositiveDecimal } from "./decimal.js";
import { chosenPrices, type PriceChoice, type PriceName, priceNames, type Quote, takesQuotes } from "./quote.js";
import { UnreadableError } from "./tick.js";

/** Reads one line; a string is the reason why it cannot be read. */
export type LineReader = (text: string) => Quote | string;

/** Where the lines of a text hold what. */
export interface Layout {
  /** Fields in a line. */
  readonly fieldCount: number;
  /** What has that many of them, as messages call it: `the header`. */
  readonly model: string;
  /** Whether fields may be quoted or stand between spaces. */
  readonly padded: boolean;
  readonly time: { readonly index: number; readonly rule: string; parse(text: string): Micros | undefined };
  /** Where each line names its symbol; undefined when none does. */
  readonly symbolIndex: number | undefined;
  readonly prices: Readonly<Partial<Record<PriceName, number>>>;
  /** What is said when a price that was asked for is not among them. */
  lacks(name: PriceName): string;
}

/** The fields of a line without their quotes and the spaces around them. */
export function trimmedFields(text: string): string[] {
  return text.split(",").map((field) => field.trim().replace(/^"(.*)"$/, "$1"));
}

function fieldsOf(text: string, { padded }: Layout): string[] {
  return padded && (text.includes('"') || text.includes(" ")) ? trimmedFields(text) : text.split(",");
}

function symbolOf(fields: readonly string[], { symbolIndex }: Layout): string | undefined {
  return symbolIndex === undefined ? undefined : normalizeSymbol(fields[symbolIndex]);
}

/**
 * Makes the reader of a text's lines.
 *
 * @param choice which prices to take; when absent both sides, or the price where there are none
 * @throws UnreadableError when the text does not hold them
 */
export function lineReader(layout: Layout, choice: PriceChoice | undefined): LineReader {
  const { fieldCount, model, time, symbolIndex } = layout;
  const columnOf = (name: PriceName) => {
    const index = layout.prices[name];
    if (index === undefined) throw new UnreadableError(layout.lacks(name));
    return { name, index };
  };
  const chosen = priceNames(choice, (name) => layout.prices[name] !== undefined).map(columnOf);
  // An export of quotes and prices has both: a price has no sides there.
  const hasBoth = takesQuotes(choice) && chosen.length === 2 && layout.prices.price !== undefined;
  const single = hasBoth ? [columnOf("price")] : undefined;
  return (text) => {
    const fields = fieldsOf(text, layout);
    if (fields.length !== fieldCount) return `has ${fields.length} fields, ${model} ${fieldCount}`;
    const timeUs = time.parse(fields[time.index] ?? "");
    if (timeUs === undefined) return `time ${time.rule}`;
    const symbol = symbolOf(fields, layout);
    if (symbolIndex !== undefined && symbol === undefined) return `symbol ${SYMBOL_RULE}`;
    const isEmpty = single !== undefined && chosen.every(({ index }) => fields[index] === "");
    const columns = isEmpty ? single : chosen;
    const bad = columns.find(({ index }) => !isPositiveDecimal(fields[index] ?? ""));
    if (bad !== undefined) return `${bad.name} must be a decimal number greater than 0`;
    const prices = columns.map(({ index }) => fields[index] ?? "");
    return { timeUs, symbol, prices: chosenPrices(choice, prices) };
  };
}
