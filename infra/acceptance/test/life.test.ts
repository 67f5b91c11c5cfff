import { env } from "node:process";
import type { LifeEvent } from "../src/life/event.js";
import { live } from "../src/life/run.js";

/** Some two minutes on two cores; the whole is LIFE_SEQUENCES=200. */
const LIVES_DEFAULT = 3;
/** A life of 30 events takes half a minute, ms. */
const LIFE_TIMEOUT_MS = 300_000;

const first = Number(env.LIFE_SEED ?? 1);
const lives = Number(env.LIFE_SEQUENCES ?? (env.LIFE_SEED === undefined ? LIVES_DEFAULT : 1));
/** What LifeError prints. */
const events = env.LIFE_EVENTS === undefined ? undefined : (JSON.parse(env.LIFE_EVENTS) as LifeEvent[]);

test.each(Array.from({ length: lives }, (_, index) => first + index))(
  "no bar and no tick is other than a model says, whatever happens to the system: life %i",
  (seed) => live({ seed, events }),
  LIFE_TIMEOUT_MS,
);
