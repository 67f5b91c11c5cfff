import type { FieldError } from "./field-error.js";
import { type SpreadSum, sumOf } from "./spread-sum.js";

/** What a tick says it costs: one price, or the two sides of a quote. */
export interface Cost {
  readonly price?: unknown;
  readonly bid?: unknown;
  readonly ask?: unknown;
}

/** The two sides of a quote; neither of a single price. */
export interface Sides {
  readonly bid?: number | undefined;
  readonly ask?: number | undefined;
}

/** A price, and the sides that it is the mid of where it is a quote's. */
export interface CheckedCost extends Sides {
  readonly price: number;
}

/** What a tick costs as JSON writes it: within an object, for this is made for every tick. */
export function costJson({ price, bid, ask }: CheckedCost): string {
  return bid === undefined ? `"price":${price}` : `"price":${price},"bid":${bid},"ask":${ask}`;
}

/** What somebody says a tick costs, once {@link costProblems} has found nothing wrong with it. */
export function costOf({ price, bid, ask }: Sides & { readonly price?: number | undefined }): CheckedCost {
  if (bid !== undefined && ask !== undefined) return { price: midOf(bid, ask), bid, ask };
  if (price === undefined) throw new TypeError("a tick that costs nothing was not refused");
  return { price };
}

/** Why a price, or one side of a quote, is refused, or undefined when it is one. */
export function priceProblem(price: unknown): string | undefined {
  if (typeof price !== "number") return "must be a number";
  return Number.isFinite(price) && price > 0 ? undefined : "must be a finite number greater than 0";
}

const MISSING_COST = "is required, or bid and ask: a number greater than 0";

function sideProblem(side: unknown, other: string): string | undefined {
  return side === undefined ? `is missing beside ${other}: a quote has both sides` : priceProblem(side);
}

/** Why the price of a quote is refused that has sides: what the services answer of a quote names its mid, and can be sent again. */
function besideProblem({ price, bid, ask }: Cost): string | undefined {
  if (price === undefined) return undefined;
  const problem = priceProblem(price);
  if (problem !== undefined || !isPrice(bid) || !isPrice(ask)) return problem;
  const mid = midOf(bid, ask);
  return price === mid ? undefined : `must be the mid of bid and ask, which is ${mid}, or be left out`;
}

function isPrice(value: unknown): value is number {
  return priceProblem(value) === undefined;
}

/** What is wrong with each of `price`, `bid` and `ask`. A crossed quote, whose ask is below its bid, is one. */
export function costProblems({ price, bid, ask }: Cost): FieldError[] {
  if (price === undefined && bid === undefined && ask === undefined) return problems("price", MISSING_COST);
  if (bid === undefined && ask === undefined) return problems("price", priceProblem(price));
  return [
    ...problems("price", besideProblem({ price, bid, ask })),
    ...problems("bid", sideProblem(bid, "ask")),
    ...problems("ask", sideProblem(ask, "bid")),
  ];
}

function problems(field: string, message: string | undefined): FieldError[] {
  return message === undefined ? [] : [{ field, message }];
}

/** Nearly all prices have at most so many decimals. */
const SCALES = [
  { digits: 6, scale: 1e6 },
  { digits: 9, scale: 1e9 },
  { digits: 12, scale: 1e12 },
] as const;
/** Five times the sum of two such is still an integer that a double holds exactly. */
const SCALED_MAX = 450_000_000_000_000;

/**
 * How many decimals two prices have, at most, of which they are an integer of 15 digits at most: no other decimal of that length is
 * the same double. Undefined where there is no such integer.
 */
function scaleOf(bid: number, ask: number): (typeof SCALES)[number] | undefined {
  for (const each of SCALES) {
    const scaledBid = Math.round(bid * each.scale);
    const scaledAsk = Math.round(ask * each.scale);
    const isShort = scaledBid <= SCALED_MAX && scaledAsk <= SCALED_MAX;
    if (isShort && scaledBid / each.scale === bid && scaledAsk / each.scale === ask) return each;
  }
  return undefined;
}

/**
 * The price of a quote: the middle between its sides, as decimals are reckoned with. That of 1.37615 and 1.37618 is 1.376165,
 * where doubles give 1.3761649999999999. (Dividing two integers that doubles hold exactly rounds once, as reading the decimal does.)
 */
export function midOf(bid: number, ask: number): number {
  const found = scaleOf(bid, ask);
  if (found === undefined) return midOfDecimals(decimalOf(bid), decimalOf(ask));
  const { scale } = found;
  return ((Math.round(bid * scale) + Math.round(ask * scale)) * 5) / (scale * 10);
}

/** What lies between the sides of a quote, as decimals are reckoned with: below zero where its ask is below its bid. */
export function spreadOf(bid: number, ask: number): SpreadSum {
  const found = scaleOf(bid, ask);
  if (found === undefined) return spreadOfDecimals(decimalOf(bid), decimalOf(ask));
  const { scale, digits } = found;
  return { high: 0, low: Math.round(ask * scale) - Math.round(bid * scale), scale: digits };
}

/** `digits` times ten to the power of `exponent`. */
interface Decimal {
  readonly digits: bigint;
  readonly exponent: number;
}

/** The shortest decimal that is read as this double, which is what was sent unless that was longer. */
function decimalOf(value: number): Decimal {
  const [mantissa = "", exponent = "0"] = String(value).split("e");
  const [whole = "", fraction = ""] = mantissa.split(".");
  return { digits: BigInt(whole + fraction), exponent: Number(exponent) - fraction.length };
}

function midOfDecimals(a: Decimal, b: Decimal): number {
  const exponent = Math.min(a.exponent, b.exponent);
  return Number(`${(digitsAt(a, exponent) + digitsAt(b, exponent)) * 5n}e${exponent - 1}`);
}

function spreadOfDecimals(bid: Decimal, ask: Decimal): SpreadSum {
  const exponent = Math.min(0, bid.exponent, ask.exponent);
  return sumOf(digitsAt(ask, exponent) - digitsAt(bid, exponent), -exponent);
}

function digitsAt({ digits, exponent }: Decimal, wanted: number): bigint {
  return digits * 10n ** BigInt(exponent - wanted);
}
