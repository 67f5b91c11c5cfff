/** Seconds over which a rate is taken: short enough to follow a burst, long enough to be read. */
const RATE_SPAN_MS = 5_000;

export interface RateSample {
  readonly atMs: number;
  readonly total: number;
}

/** Samples of a growing total with one more, as far back as a rate needs them. */
export function withSample(samples: readonly RateSample[], sample: RateSample): readonly RateSample[] {
  const kept = samples.filter(({ atMs }) => sample.atMs - atMs <= RATE_SPAN_MS);
  return [...kept, sample];
}

/** Growth per second over the samples; undefined while there is only one. */
export function rateOf(samples: readonly RateSample[]): number | undefined {
  const [first] = samples;
  const last = samples.at(-1);
  if (first === undefined || last === undefined || last.atMs === first.atMs) return undefined;
  return ((last.total - first.total) * 1_000) / (last.atMs - first.atMs);
}

/** Ages kept for a median. */
const AGES_MAX = 51;
/** An older tick was not on its way: somebody stored it late. */
const AGE_MAX_MS = 60_000;

/** Times from a tick's own stamp to the screen with one more taken in. */
export function withAge(ages: readonly number[], ageMs: number): readonly number[] {
  return ageMs > AGE_MAX_MS ? ages : [...ages, ageMs].slice(-AGES_MAX);
}

export function median(values: readonly number[]): number | undefined {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)];
}

/**
 * What a server's clock is ahead of this one, ms, by an answer that it stamped some time between question and answer: 0 when
 * the two clocks may well be the same.
 */
export function clockOffset(stampMs: number, askedAtMs: number, answeredAtMs: number): number {
  if (stampMs < askedAtMs) return stampMs - askedAtMs;
  return Math.max(0, stampMs - answeredAtMs);
}
