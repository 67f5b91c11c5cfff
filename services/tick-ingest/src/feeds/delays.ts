import type { Micros } from "@fx-ohlc/schemas";

/** Delays by bucket, each an eighth of a factor e wide: a quantile is off by 6 % at most, from a millisecond on. */
export type DelayCounts = Map<number, number>;

const BUCKETS_PER_E = 8;

/** The bucket of a delay; negative for one that is negative, of a producer whose clock is ahead. */
export function delayBucket(us: Micros): number {
  const bucket = Math.ceil(Math.log1p(Math.abs(us) / 1000) * BUCKETS_PER_E);
  return us < 0 ? -bucket : bucket;
}

/** What stands for the delays of a bucket, in milliseconds with three digits. */
function delayMs(bucket: number): number {
  const ms = Math.expm1((Math.abs(bucket) - 0.5) / BUCKETS_PER_E);
  return bucket === 0 ? 0 : Number((Math.sign(bucket) * ms).toPrecision(3));
}

export function countDelay(counts: DelayCounts, bucket: number, count = 1): void {
  counts.set(bucket, (counts.get(bucket) ?? 0) + count);
}

export function countOf(counts: DelayCounts): number {
  let sum = 0;
  for (const count of counts.values()) sum += count;
  return sum;
}

/** The delay that a part of all were not above, in milliseconds; null without any. */
export function delayQuantileMs(counts: DelayCounts, part: number): number | null {
  const wanted = countOf(counts) * part;
  let passed = 0;
  for (const [bucket, count] of [...counts].sort(([a], [b]) => a - b)) {
    passed += count;
    if (passed >= wanted) return delayMs(bucket);
  }
  return null;
}
