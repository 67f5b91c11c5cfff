import type { TickInput } from "@fx-ohlc/client";
import { seededRandom } from "../random.js";

const MINUTE_MS = 60_000;
/** As long as a market is closed. */
const WEEKEND_MS = 49 * 60 * MINUTE_MS;

export interface SeedOptions {
  readonly symbol: string;
  readonly minutes: number;
  /** The last tick's time, ms since 1970. */
  readonly endMs: number;
  /** How many of the minutes come before a weekend. */
  readonly beforeWeekend: number;
}

/** Three ticks in each minute of a random walk, with a weekend in it. */
export function seedTicks({ symbol, minutes, endMs, beforeWeekend }: SeedOptions): TickInput[] {
  const random = seededRandom(5);
  let price = 1.1;
  return Array.from({ length: minutes * 3 }, (_, at) => {
    const minute = Math.floor(at / 3);
    const gapMs = minute < beforeWeekend ? WEEKEND_MS : 0;
    const ms = endMs - (minutes - 1 - minute) * MINUTE_MS - gapMs - (2 - (at % 3)) * 1_000;
    price = Number((price + (random() - 0.5) / 2_000).toFixed(5));
    return { symbol, time: new Date(ms).toISOString(), price };
  });
}
