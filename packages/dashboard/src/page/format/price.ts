/** Decimals a price may have here: what doubles of this size still tell apart. */
const DECIMALS_MAX = 10;

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
  const [mantissa = "", exponent] = String(price).split("e");
  const decimals = mantissa.split(".")[1]?.length ?? 0;
  return Math.max(0, decimals - Number(exponent ?? 0));
}

function usualDecimals(price: number): number {
  if (price < 20) return 5;
  return price < 1_000 ? 3 : 2;
}

/**
 * How many decimals a symbol's prices are shown with: what is usual for their size, or more where some price has more.
 *
 * @param known what the system says of the symbol, or what was found so far
 */
export function decimalsFor(price: number, known?: number): number {
  const needed = Math.min(writtenDecimals(price), DECIMALS_MAX);
  return Math.max(known ?? usualDecimals(price), needed);
}

/** Where the pips end, in decimals; undefined where a symbol has none, or one that is no digit of its prices. */
function pipDecimals(pip: number | undefined, decimals: number): number | undefined {
  const end = pip === undefined ? 0 : Math.round(-Math.log10(pip));
  return end >= 2 && end <= decimals ? end : undefined;
}

/** `157,403,029.90`. */
export function priceText(price: number, decimals: number): string {
  const [whole = "", fraction] = price.toFixed(decimals).split(".");
  const grouped = whole.replace(/\B(?=(\d{3})+$)/g, ",");
  return fraction === undefined ? grouped : `${grouped}.${fraction}`;
}

/** @param pip of the symbol; nothing is emphasised where it has none */
export function priceParts(price: number, decimals: number, pip?: number): PriceParts {
  const [whole = "", fraction = ""] = priceText(price, decimals).split(".");
  const end = pipDecimals(pip, decimals);
  if (end === undefined) return { whole, lead: fraction === "" ? "" : `.${fraction}`, pips: "", rest: "" };
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
  return sign + priceText(Number(rounded), decimals);
}

/** From so many per cent on a change is told in thousands, or millions. */
const COMPACT_FROM = 100_000;
const COMPACT = new Intl.NumberFormat("en", { notation: "compact", maximumSignificantDigits: 3 });

/** Change in per cent, in about as many digits whatever its size: `+0.12%`, `+123.4%`, `+12,345%`, `+128K%`. */
export function changeText(from: number, to: number): string {
  const change = ((to - from) / from) * 100;
  const size = Math.abs(change);
  if (size >= COMPACT_FROM) return `${change > 0 ? "+" : "−"}${COMPACT.format(size)}%`;
  return `${signed(change, size < 100 ? 2 : size < 1_000 ? 1 : 0)}%`;
}

/** What lies between both sides of a quote, in pips: `0.6`, below zero where the ask is below the bid. */
export function spreadText(spread: number, pip: number): string {
  return priceText(spread / pip, 1).replace("-", "−");
}

/** Change in pips with one decimal and their name; of a symbol without pips, in its price. */
export function moveText(from: number, to: number, decimals: number, pip?: number): string {
  return pip === undefined ? signed(to - from, decimals) : `${signed((to - from) / pip, 1)} pips`;
}
