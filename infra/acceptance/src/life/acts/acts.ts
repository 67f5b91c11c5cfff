import type { EventOf, LifeEvent } from "../event.js";
import type { Life } from "../life.js";
import { clocksRight, databaseClock, outage, serviceClock } from "./clocks.js";
import { put, removeRange, removeStamp } from "./corrections.js";
import { killMaintenance, maintain, settings } from "./maintenance.js";
import { operator } from "./operators.js";
import { backup, gateway, redis, restore } from "./restores.js";
import { killWriter, post, postNow, postRun, replay } from "./ticks.js";

const ACTS: { readonly [Kind in LifeEvent["kind"]]: (life: Life, event: EventOf<Kind>) => Promise<void> } = {
  post,
  "post-run": postRun,
  "post-now": postNow,
  replay,
  put,
  delete: removeRange,
  "delete-stamp": removeStamp,
  settings,
  outage,
  maintain,
  "service-clock": serviceClock,
  "database-clock": databaseClock,
  "clocks-right": clocksRight,
  "kill-writer": killWriter,
  "kill-maintenance": killMaintenance,
  backup,
  restore,
  redis,
  operator,
  gateway,
};

/** Lets one event happen, to the system and to the model. */
export function act<Kind extends LifeEvent["kind"]>(life: Life, event: EventOf<Kind>): Promise<void> {
  const does: (life: Life, event: EventOf<Kind>) => Promise<void> = ACTS[event.kind as Kind];
  return does(life, event);
}
