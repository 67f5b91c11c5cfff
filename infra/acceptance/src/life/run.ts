import type { DayBoundary } from "@fx-ohlc/schemas";
import { seededRandom } from "../random.js";
import { type LifeEvent, lifeOf } from "./event.js";
import { Life, SYMBOLS } from "./life.js";
import { history, step, UTC_2200 } from "./told-life.js";

export const EVENTS_PER_LIFE = 30;

/** A life that can be lived again: its events come from the seed unless they are given. */
export interface LifePlan {
  readonly seed: number;
  readonly events?: readonly LifeEvent[] | undefined;
}

const NEW_YORK_1700: DayBoundary = { hour: 17, timezone: "America/New_York" };
/** One life in so many has the days of the market itself. */
const NEW_YORK_EVERY = 5;
/** What went wrong with a life, and how to live it again. */
export class LifeError extends Error {
  override readonly name = "LifeError";

  constructor({ seed }: LifePlan, events: readonly LifeEvent[], faults: readonly string[]) {
    const shown = faults.join("\n  ");
    super(
      `the life of seed ${seed} went wrong at event ${events.length}, ${events.at(-1)?.kind} (LIFE_SEED=${seed}):\n  ${shown}\n` +
        `LIFE_EVENTS='${JSON.stringify(events)}'`,
    );
  }
}

/**
 * Lives one life: a system is made, things happen to it one after the other, and after each of them everything is compared.
 *
 * @throws LifeError at the first difference
 */
export async function live(plan: LifePlan): Promise<void> {
  const random = seededRandom(plan.seed);
  const boundary = plan.seed % NEW_YORK_EVERY === 0 ? NEW_YORK_1700 : UTC_2200;
  const events = [...history(random), ...(plan.events ?? lifeOf(random, EVENTS_PER_LIFE))];
  const life = await Life.begin(boundary, random);
  try {
    for (const [index, event] of events.entries()) {
      const faults = await step(life, event);
      if (faults.length > 0)
        throw new LifeError(plan, events.slice(SYMBOLS.length, index + 1), [...faults, ...life.system.logs]);
    }
  } finally {
    await life.end();
  }
}
