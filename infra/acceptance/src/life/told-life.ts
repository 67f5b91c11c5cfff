import type { DayBoundary } from "@fx-ohlc/schemas";
import { seededRandom } from "../random.js";
import { act } from "./acts/acts.js";
import { check } from "./check.js";
import type { LifeEvent, Place } from "./event.js";
import { Life, SYMBOLS } from "./life.js";

export const UTC_2200: DayBoundary = { hour: 22, timezone: "UTC" };

/** Ticks of each symbol that are there at the beginning. */
const HISTORY_TICKS = 60;

/** Ticks over the days of the first history, so that there is something to lose. */
export function history(random: () => number): LifeEvent[] {
  return SYMBOLS.map((_, symbol) => {
    const places: Place[] = Array.from({ length: HISTORY_TICKS }, (_place, index) => ({
      around: "days",
      at: (index + random()) / HISTORY_TICKS,
    }));
    return { kind: "post", symbol, places, prices: places.map(() => 1 + Math.floor(random() * 200) / 1_000) };
  });
}

/** Lets one event happen, and returns what is not as it should be after it. */
export async function step(life: Life, event: LifeEvent): Promise<string[]> {
  life.beginEvent();
  life.marks.allow(await life.facts());
  try {
    await act(life, event);
    return await check(life);
  } catch (error) {
    return [...life.faults, error instanceof Error ? (error.stack ?? error.message) : String(error)];
  }
}

/** A life whose events a test tells one by one, with everything compared after each of them. */
export class ToldLife {
  private constructor(readonly life: Life) {}

  /** With ticks of 25 days. */
  static async begin(): Promise<ToldLife> {
    const random = seededRandom(1);
    const told = new ToldLife(await Life.begin(UTC_2200, random));
    await told.happens(...history(random));
    return told;
  }

  /** @throws Error at the first difference */
  async happens(...events: readonly LifeEvent[]): Promise<void> {
    for (const event of events) {
      const faults = await step(this.life, event);
      if (faults.length > 0) throw new Error(`after ${JSON.stringify(event)}:\n${faults.join("\n")}`);
    }
  }

  /** Compares everything once more, after something that is no event. @throws Error at the first difference */
  async isAsItShouldBe(): Promise<void> {
    const faults = await check(this.life);
    if (faults.length > 0) throw new Error(faults.join("\n"));
  }
}
