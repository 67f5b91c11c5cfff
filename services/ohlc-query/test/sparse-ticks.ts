import type { TestTick } from "./read-side.js";

/** A repeatable sequence of numbers in [0, 1). */
function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 1_103_515_245 + 12_345) % 2 ** 31;
    return state / 2 ** 31;
  };
}

/** Two weeks around each change of New York's clocks in 2024: a tick every 17 minutes on average, none on Saturdays. */
export function ticksAroundClockChanges(seed: number): TestTick[] {
  const ticks: TestTick[] = [];
  const next = random(seed);
  for (const start of [Date.UTC(2024, 2, 4), Date.UTC(2024, 9, 28)]) {
    for (let ms = start; ms < start + 14 * 86_400_000; ms += Math.ceil(next() * 34 * 60_000)) {
      const price = Math.round((1.05 + next() / 10) * 1e5) / 1e5;
      if (new Date(ms).getUTCDay() !== 6) ticks.push({ time: new Date(ms).toISOString(), price });
    }
  }
  return ticks;
}
