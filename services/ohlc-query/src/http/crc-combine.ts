/** The polynomial of CRC-32, its highest power in the lowest bit, as zlib has it. */
const POLYNOMIAL = 0xedb88320;
/** x to the power of 0. */
const ONE = 0x80000000;

/** The product of two polynomials modulo that of CRC-32; `a` is not 0. */
function product(a: number, b: number): number {
  let sum = 0;
  let factor = b;
  for (let power = ONE; ; power >>>= 1) {
    if ((a & power) !== 0) {
      sum ^= factor;
      if ((a & (power - 1)) === 0) return sum;
    }
    factor = (factor & 1) === 0 ? factor >>> 1 : (factor >>> 1) ^ POLYNOMIAL;
  }
}

/** x to the power of 8, of 16, of 32 and so on: what one more byte, two, four … multiply a checksum by. */
const SHIFTS = Array.from({ length: 32 }, () => 0);
for (let i = 0, shift = 0x00800000; i < SHIFTS.length; i += 1, shift = product(shift, shift)) SHIFTS[i] = shift;

/** What `length` more bytes multiply a checksum by. */
function shiftBy(length: number): number {
  let shift = ONE;
  for (let i = 0, rest = length; rest > 0; i += 1, rest = Math.floor(rest / 2)) {
    if (rest % 2 === 1) shift = product(SHIFTS[i] ?? ONE, shift);
  }
  return shift;
}

/**
 * The CRC-32 of bytes that follow others, from the checksums of both: what zlib's C calls `crc32_combine`, which Node does not
 * offer. It takes a microsecond, where the bytes themselves may be megabytes.
 *
 * @param length of the bytes that `next` was made of
 * @see https://github.com/madler/zlib/blob/v1.3.1/crc32.c
 */
export function combineCrc(crc: number, next: number, length: number): number {
  return (product(shiftBy(length), crc) ^ next) >>> 0;
}
