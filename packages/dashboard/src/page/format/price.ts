/** Decimals a price may have here: what doubles of this size still tell apart. */
const DECIMALS_MAX = 8;

/** A price as it is shown, cut where its parts look different: `1` `.12` `34` `5`. */
export interface PriceParts {
  readonly whole: string;
  /** From the point to the pips. */
  readonly lead: string;
  /** The two digits traders watch. */
  readonly pips: string;
  /** Fractions of a pip. */
  readonly rest: string;
}

function writtenDecimals(price: number): number {
  const text = String(price);
  return text.includes("e") ? DECIMALS_MAX : (text.split(".")[1]?.length ?? 0);
}

function usualDecimals(price: number): number {
  if (price < 20) return 5;
  return price < 1_000 ? 3 : 2;
}

/**
 * How many decimals a symbol's prices are shown with: what is usual for their size, or more where some price has more.
 *
 * @param known what was found so far
 */
export function decimalsFor(price: number, known?: number): number {
  const needed = Math.min(writtenDecimals(price), DECIMALS_MAX);
  return Math.max(known ?? usualDecimals(price), needed);
}

/** Where the pips end, in decimals: the fourth, or the second of prices with few. */
function pipDecimals(decimals: number): number {
  if (decimals >= 4) return 4;
  return decimals >= 2 ? 2 : 0;
}

export function priceText(price: number, decimals: number): string {
  return price.toFixed(decimals);
}

export function priceParts(price: number, decimals: number): PriceParts {
  const [whole = "", fraction = ""] = priceText(price, decimals).split(".");
  const end = pipDecimals(decimals);
  if (end === 0) return { whole, lead: fraction === "" ? "" : `.${fraction}`, pips: "", rest: "" };
  return {
    whole,
    lead: `.${fraction.slice(0, end - 2)}`,
    pips: fraction.slice(end - 2, end),
    rest: fraction.slice(end),
  };
}

/** A change with its sign: `+0.12`, `−0.05`, `0.00`. */
function signed(change: number, decimals: number): string {
  const rounded = Math.abs(change).toFixed(decimals);
  const sign = Number(rounded) === 0 ? "" : change > 0 ? "+" : "−";
  return sign + rounded;
}

/** Change in per cent: `+0.12%`. */
export function changeText(from: number, to: number): string {
  return `${signed(((to - from) / from) * 100, 2)}%`;
}

/** What lies between both sides of a quote, in pips: `0.6`, below zero where the ask is below the bid. */
export function spreadText(spread: number, pip: number): string {
  return (spread / pip).toFixed(1).replace("-", "−");
}

/** Change in pips with one decimal. */
export function pipsText(from: number, to: number, decimals: number): string {
  return signed((to - from) * 10 ** pipDecimals(decimals), 1);
}
