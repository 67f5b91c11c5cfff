/** Longer than any price; without a bound a line of digits would be read as one. */
const LENGTH_MAX = 32;

/** Whether `text` is a plain decimal number greater than 0, such as 1.38817. */
export function isPositiveDecimal(text: string): boolean {
  return text.length <= LENGTH_MAX && /^\d+(?:\.\d+)?$/.test(text) && /[1-9]/.test(text);
}

/** What stands before the fraction of a number. */
export type DecimalMark = "." | ",";

const EXPONENT_MAX = 30;
const SPELLED = /^\+?(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d{1,3}))?$/;
/** Thousands are taken where nothing else can be meant: two marks, or two groups. */
const GROUPED = {
  ".": /^\d{1,3}(?:,\d{3})+\.\d+$|^\d{1,3}(?:,\d{3}){2,}$/,
  ",": /^\d{1,3}(?:\.\d{3})+,\d+$|^\d{1,3}(?:\.\d{3}){2,}$/,
};
/** Spaces of all widths in UTF-8 that was read as Latin-1, and apostrophes: they only ever separate thousands. */
const GAPS = /(?<=\d)(?: |\u00c2?\u00a0|\u00e2\u0080[\u0080-\u008a\u00af\u0099]|')(?=\d{3}(?:\D|$))/g;
/** 1,234 and 1.234 in a file that writes 1,5 could be thousands. */
const EITHER = { ".": /^[1-9]\d{0,2},\d{3}$/, ",": /^[1-9]\d{0,2}\.\d{3}$/ };

/** 1.23E-06 as 0.00000123, .5 as 0.5, +1 as 1; undefined for no number. */
function spelledOut(text: string): string | undefined {
  const [, whole = "", fraction = "", exponent = "0"] = SPELLED.exec(text) ?? [];
  const digits = whole + fraction;
  const shift = Number(exponent);
  if (digits === "" || Math.abs(shift) > EXPONENT_MAX) return undefined;
  const point = whole.length + shift;
  const padded = digits.padEnd(point, "0");
  const plain = point <= 0 ? `0.${"0".repeat(-point)}${digits}` : `${padded.slice(0, point)}.${padded.slice(point)}`;
  return plain.replace(/^0+(?=\d)/, "").replace(/\.$/, "");
}

/**
 * A number greater than 0 in any of its spellings, as a plain decimal: with an exponent, a sign, a mark without digits before it, a
 * decimal comma, or thousands that can be nothing else.
 *
 * @returns undefined for what is none, and for what could be two
 */
export function decimalText(text: string, mark: DecimalMark): string | undefined {
  if (mark === "." && isPositiveDecimal(text)) return text;
  let plain = text.trim().replace(GAPS, "");
  if (EITHER[mark].test(plain) && plain === text.trim()) return undefined;
  if (GROUPED[mark].test(plain)) plain = plain.replaceAll(mark === "." ? "," : ".", "");
  if (mark === ",") plain = plain.replace(",", ".");
  const spelled = spelledOut(plain);
  return spelled !== undefined && /[1-9]/.test(spelled) && spelled.length <= LENGTH_MAX * 2 ? spelled : undefined;
}

/**
 * Which mark a number shows to be the decimal one; "either" where it could be both, and undefined where there is none.
 *
 * @param quoted whether it may have stood between quotes, where only thousands have commas
 */
export function markOf(text: string, quoted: boolean): DecimalMark | "either" | undefined {
  const plain = text.trim();
  if (GROUPED["."].test(plain)) return ".";
  if (GROUPED[","].test(plain)) return ",";
  if (/^\+?\d*,\d+(?:[eE].*)?$/.test(plain)) return quoted && EITHER["."].test(plain) ? "either" : ",";
  return plain.includes(".") && !EITHER[","].test(plain) ? "." : undefined;
}

function fractionDigits(text: string): number {
  const point = text.indexOf(".");
  return point === -1 ? 0 : text.length - point - 1;
}

/** The number in units of its `decimals`-th decimal place. */
function scaled(text: string, decimals: number): bigint {
  const [whole = "", fraction = ""] = text.split(".");
  return BigInt(whole + fraction.padEnd(decimals, "0"));
}

/**
 * The middle of two decimal numbers, exact. Half of a sum with d decimals has at most d + 1 of them, so nothing is rounded;
 * in binary floating point (1.38817 + 1.38884) / 2 would not be 1.388505.
 */
export function middle(a: string, b: string): string {
  const decimals = Math.max(fractionDigits(a), fractionDigits(b));
  const halfSum = 5n * (scaled(a, decimals) + scaled(b, decimals));
  const digits = halfSum.toString().padStart(decimals + 2, "0");
  return `${digits.slice(0, -decimals - 1)}.${digits.slice(-decimals - 1)}`;
}

/** A whole number of points as the decimal a person would write: 113456 of 5 decimals is 1.13456, 100000 of them 1. */
export function pointsToDecimal(points: number, decimals: number): string {
  const digits = String(points).padStart(decimals + 1, "0");
  const whole = digits.slice(0, digits.length - decimals);
  const fraction = digits.slice(digits.length - decimals).replace(/0+$/, "");
  return fraction === "" ? whole : `${whole}.${fraction}`;
}
