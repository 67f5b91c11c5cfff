/** One measurement of each side. */
export interface Round {
  readonly ours: number;
  readonly theirs: number;
}

/**
 * Measures two sides in turn, so that whatever else the machine does meanwhile falls on both. The first measurement of each
 * only warms up and is thrown away.
 */
export async function alternate(
  rounds: number,
  signal: AbortSignal,
  sides: { ours(): Promise<number>; theirs(): Promise<number> },
): Promise<Round[]> {
  const measured: Round[] = [];
  for (let round = 0; round <= rounds; round += 1) {
    signal.throwIfAborted();
    const theirs = await sides.theirs();
    signal.throwIfAborted();
    const ours = await sides.ours();
    if (round > 0) measured.push({ ours, theirs });
  }
  return measured;
}

/** The middle value, or the mean of the two in the middle; NaN of nothing. */
export function median(values: readonly number[]): number {
  return quantile(values, 0.5);
}

/**
 * The value below which a share of all values lies, interpolated between its neighbours; NaN of nothing.
 *
 * @param share 0 to 1
 */
export function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  const place = (sorted.length - 1) * share;
  const below = sorted[Math.floor(place)] ?? Number.NaN;
  const above = sorted[Math.ceil(place)] ?? Number.NaN;
  return below + (above - below) * (place - Math.floor(place));
}
