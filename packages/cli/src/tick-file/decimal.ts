/** Longer than any price; without a bound a line of digits would be read as one. */
const LENGTH_MAX = 32;

/** Whether `text` is a plain decimal number greater than 0, such as 1.38817. */
export function isPositiveDecimal(text: string): boolean {
  return text.length <= LENGTH_MAX && /^\d+(?:\.\d+)?$/.test(text) && /[1-9]/.test(text);
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

/** A positive number as JavaScript writes it, without an exponent: 1e-7 is 0.0000001. */
export function plainDecimal(value: number): string {
  const text = String(value);
  const [mantissa = "", exponent] = text.split("e");
  if (exponent === undefined) return text;
  const [whole = "", fraction = ""] = mantissa.split(".");
  const digits = whole + fraction;
  const point = whole.length + Number(exponent);
  return point > 0 ? digits.padEnd(point, "0") : `0.${"0".repeat(-point)}${digits}`;
}
