/**
 * A sum of spreads as the decimal that it is, (`high` × 2^53 + `low`) / 10^`scale`, in integers that doubles hold: no sum of doubles is
 * exact, nor the same in whatever order they come. Both parts have the same sign.
 */
export interface SpreadSum {
  readonly high: number;
  readonly low: number;
  readonly scale: number;
}

const HIGH_UNIT = 2n ** 53n;
/** What both parts hold together, some 31 digits. A sum has more only of sides that are ten orders of magnitude apart. */
const UNITS_MAX = HIGH_UNIT * HIGH_UNIT - 1n;
/** So many digits are always an integer that a double holds. */
const SHORT_DIGITS = 15;
/** Powers of ten that doubles hold. */
const POWERS = Array.from({ length: 23 }, (_, exponent) => Number(`1e${exponent}`));
/** Bits of a quotient that tell which double is nearest to it, and some more. */
const QUOTIENT_BITS = 66;

/** Reads what PostgreSQL writes for a numeric. */
export function parseSum(text: string): SpreadSum {
  const point = text.indexOf(".");
  const scale = point < 0 ? 0 : text.length - point - 1;
  const digits = text.replace(".", "");
  return digits.length <= SHORT_DIGITS ? { high: 0, low: Number(digits), scale } : sumOf(BigInt(digits), scale);
}

export function addSums(a: SpreadSum, b: SpreadSum): SpreadSum {
  const low = a.low + b.low;
  const isShort = a.scale === b.scale && a.high === 0 && b.high === 0 && Number.isSafeInteger(low);
  if (isShort) return { high: 0, low, scale: a.scale };
  const scale = Math.max(a.scale, b.scale);
  return sumOf(unitsAt(a, scale) + unitsAt(b, scale), scale);
}

/** The double that is nearest to a sum divided by a count. */
export function averageOf(sum: SpreadSum, count: number): number {
  const divisor = (POWERS[sum.scale] ?? Number.POSITIVE_INFINITY) * count;
  // The quotient of two integers that doubles hold is rounded once.
  if (sum.high === 0 && divisor <= Number.MAX_SAFE_INTEGER) return sum.low / divisor;
  return nearestTo(unitsAt(sum, sum.scale), 10n ** BigInt(sum.scale) * BigInt(count));
}

function unitsAt({ high, low, scale }: SpreadSum, wanted: number): bigint {
  return (BigInt(high) * HIGH_UNIT + BigInt(low)) * 10n ** BigInt(wanted - scale);
}

/** `units` / 10^`scale`. */
export function sumOf(units: bigint, scale: number): SpreadSum {
  let [rest, places] = [units, scale];
  for (; (rest > UNITS_MAX || rest < -UNITS_MAX) && places > 0; places -= 1) rest /= 10n;
  return { high: Number(rest / HIGH_UNIT), low: Number(rest % HIGH_UNIT), scale: places };
}

/** A quotient's last bit is set where something is left, so that it lies on the side of any tie where it belongs. */
function nearestTo(numerator: bigint, denominator: bigint): number {
  const size = numerator < 0n ? -numerator : numerator;
  const shift = Math.max(0, QUOTIENT_BITS + bitsOf(denominator) - bitsOf(size));
  const shifted = size << BigInt(shift);
  const rest = shifted % denominator === 0n ? 0n : 1n;
  const quotient = Number((shifted / denominator) | rest) * 2 ** -shift;
  return numerator < 0n ? -quotient : quotient;
}

function bitsOf(value: bigint): number {
  return value.toString(2).length;
}
