import { normalizeSymbol, SYMBOL_RULE, TICKS_PER_STAMP_MAX } from "@fx-ohlc/schemas";
import { encodingHint, type Role, type Roles } from "./columns.js";
import { type DecimalMark, decimalText, middle } from "./decimal.js";
import type { Facts } from "./place.js";
import { chosenPrices, type PriceChoice, type PriceName, priceNames, type Quote, takesQuotes } from "./quote.js";
import { UnreadableError } from "./tick.js";
import type { KnownTimes, TimeReader } from "./time/time-reader.js";

/** What rows of fields hold, whatever they were read from. */
export interface Table {
  /** The format's name. */
  readonly format: string;
  readonly roles: Roles;
  /** What its header calls the columns; undefined when it has none. */
  readonly names: readonly string[] | undefined;
  /** What has as many fields as a row, as messages call it: `the header`. */
  readonly model: string;
  /** Whether rows may have fewer fields than the table has columns, or more. */
  readonly isLoose?: boolean;
  readonly times: KnownTimes;
  /** Whether an empty bid or ask is that of the row before. */
  readonly carries?: boolean;
  /** Of all rows, where the format's files are named by it. */
  readonly symbol?: string | undefined;
}

/** Reads one row; a text is the reason why it cannot be read, undefined that it holds no tick. */
export type RowReader = (fields: readonly string[]) => Quote | string | undefined;

export interface RowOptions {
  readonly choice: PriceChoice | undefined;
  readonly time: TimeReader;
  readonly mark: DecimalMark;
  /** Told of each row that is left out because it has no prices, and none before it to carry. */
  onUnpriced?(): void;
}

/** Pairs as no stored symbol writes them, but files do: C:EUR-USD, EUR USD. */
const PAIR = /^(?:(?:C|X|FX):([A-Z]{3,4})[-/]([A-Z]{3,4})|([A-Z]{3}) ?\/? ([A-Z]{3}))$/i;

/** The symbol that a field names. */
export function symbolOfField(field: string): string | undefined {
  const [, first, second, third, fourth] = PAIR.exec(field) ?? [];
  return normalizeSymbol(
    first === undefined ? (third === undefined ? field : `${third}${fourth}`) : `${first}${second}`,
  );
}

function noColumn({ names, model }: Table, name: string): string {
  if (names === undefined) return `${model} has no ${name}`;
  return `line 1 is no header with a ${name} column: it says "${names.join(",").slice(0, 80)}"; if it names it otherwise, say --columns ${name}=NAME${encodingHint(names)}`;
}

/** @throws UnreadableError when a table lacks what a tick needs */
function priceColumns(table: Table, choice: PriceChoice | undefined) {
  const has = (name: PriceName) => table.roles.includes(name);
  return priceNames(choice, has).map((name) => {
    if (!has(name)) throw new UnreadableError(noColumn(table, name));
    return { name, index: table.roles.indexOf(name) };
  });
}

/** A field without what surrounds it: nearly all have nothing. */
function trimmed(field: string | undefined): string {
  if (field === undefined || field === "") return "";
  return field.charCodeAt(0) > 0x20 && field.charCodeAt(field.length - 1) > 0x20 ? field : field.trim();
}

/** @returns the text of a row's time, of its one column or of its date and its time */
function timeText({ roles }: Table): (fields: readonly string[]) => string {
  const time = roles.indexOf("time");
  const date = roles.indexOf("date");
  if (date === -1) return (fields) => trimmed(fields[time]);
  return (fields) => `${trimmed(fields[date])} ${trimmed(fields[time])}`;
}

/** The sides of the row before, by symbol, for what is left blank. */
class Carried {
  readonly #sides = new Map<string, Map<PriceName, string>>();

  /** @returns a side as it is now; undefined when it was never said */
  side(symbol: string | undefined, name: PriceName, text: string): string | undefined {
    const key = symbol ?? "";
    const sides = this.#sides.get(key) ?? new Map<PriceName, string>();
    this.#sides.set(key, sides);
    if (text !== "") sides.set(name, text);
    return sides.get(name);
  }
}

/** A column of that name may be an exchange's own. */
const SEQ_RULE = `seq must be a whole number from 0 to ${TICKS_PER_STAMP_MAX - 1}, its place within a stamp; if it is something else, say --columns -=seq`;

function parseSeq(text: string): number | undefined {
  const seq = /^\d{1,4}$/.test(text) ? Number(text) : TICKS_PER_STAMP_MAX;
  return seq < TICKS_PER_STAMP_MAX ? seq : undefined;
}

/** Why the price that stands beside both sides of a quote is refused, as the service refuses it. */
function besideProblem(text: string, [bid = "", ask = ""]: readonly string[], mark: DecimalMark): string | undefined {
  if (text === "") return undefined;
  const price = decimalText(text, mark);
  if (price === undefined) return "price must be a decimal number greater than 0";
  const mid = middle(bid, ask);
  if (Number(price) === Number(mid)) return undefined;
  return `price ${price} must be the mid of bid and ask, which is ${Number(mid)}; if it is something else, say --columns -=price`;
}

const isRest = (fields: readonly string[], width: number) => fields.slice(width).every((field) => field.trim() === "");

/**
 * Makes the reader of a table's rows.
 *
 * @throws UnreadableError when the table lacks a column
 */
export function rowReader(table: Table, { choice, time, mark, onUnpriced }: RowOptions): RowReader {
  const { roles, model, isLoose = false, carries = false } = table;
  if (!roles.includes("time")) throw new UnreadableError(noColumn(table, "time"));
  const chosen = priceColumns(table, choice);
  // An export of quotes and prices has both: a price has no sides there.
  const isPlain = (table.names?.[roles.indexOf("price")] ?? "price").toLowerCase() === "price";
  const hasBoth = takesQuotes(choice) && chosen.length === 2 && roles.includes("price") && isPlain;
  const single = hasBoth ? [{ name: "price", index: roles.indexOf("price") } as const] : undefined;
  const besideIndex = hasBoth ? roles.indexOf("price") : -1;
  const [width, symbolIndex, seqIndex] = [roles.length, roles.indexOf("symbol"), roles.indexOf("seq")];
  const textOfTime = timeText(table);
  const carried = carries ? new Carried() : undefined;
  return (fields) => {
    if (fields.length !== width && !isLoose && !(fields.length > width && isRest(fields, width)))
      return `has ${fields.length} fields, ${model} ${width}`;
    const at = textOfTime(fields);
    const timeUs = time(at);
    if (typeof timeUs === "string") return isRest(fields, 0) ? undefined : `time ${at.slice(0, 40)} ${timeUs}`;
    const symbol = symbolIndex === -1 ? table.symbol : symbolOfField(trimmed(fields[symbolIndex]));
    if (symbolIndex !== -1 && symbol === undefined) return `symbol ${SYMBOL_RULE}`;
    const seq = seqIndex === -1 ? undefined : parseSeq(trimmed(fields[seqIndex]));
    if (seqIndex !== -1 && seq === undefined) return SEQ_RULE;
    const isEmpty = single !== undefined && chosen.every(({ index }) => trimmed(fields[index]) === "");
    const columns = isEmpty && carried === undefined ? single : chosen;
    const prices: string[] = [];
    let [blank, unknown] = [0, 0];
    // All sides are seen, also behind one that is not known: a later row may leave them blank.
    for (const { name, index } of columns) {
      const said = trimmed(fields[index]);
      if (said === "") blank += 1;
      const text = carried === undefined ? said : carried.side(symbol, name, said);
      if (text === undefined) {
        unknown += 1;
        continue;
      }
      const price = decimalText(text, mark);
      if (price === undefined) return `${name} must be a decimal number greater than 0`;
      prices.push(price);
    }
    if (carried !== undefined && (unknown > 0 || blank === columns.length)) {
      onUnpriced?.();
      return undefined;
    }
    if (besideIndex !== -1 && columns === chosen) {
      const problem = besideProblem(trimmed(fields[besideIndex]), prices, mark);
      if (problem !== undefined) return problem;
    }
    return { timeUs, symbol, seq, prices: chosenPrices(choice, prices) };
  };
}

/** What a table's columns were taken for, and which were not. */
export function factsOf(table: Table): Pick<Facts, "format" | "columns" | "ignored"> {
  const names = table.names ?? table.roles.map((role) => role ?? "-");
  const shown = (role: Role | undefined, index: number) => {
    const name = names[index] ?? "";
    return role === undefined
      ? []
      : [table.names === undefined || name.toLowerCase() === role ? role : `${role} (${name})`];
  };
  const unused = table.names === undefined ? [] : table.names.filter((_, index) => table.roles[index] === undefined);
  return {
    format: table.format,
    columns: table.roles.flatMap(shown).join(", "),
    ignored: unused.map((name) => (name === "" ? "a column without a name" : name)),
  };
}
