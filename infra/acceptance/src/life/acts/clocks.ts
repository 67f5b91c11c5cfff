import type { EventOf } from "../event.js";
import type { Life } from "../life.js";

const HOUR_S = 3_600;

/** Everything stands still for some hours, the world does not. */
export async function outage(life: Life, { hours, killed }: EventOf<"outage">): Promise<void> {
  const { system } = life;
  await system.halt(killed);
  await system.database.setClock(system.database.aheadS + hours * HOUR_S);
  system.setServiceClocks(system.aheadS + hours * HOUR_S);
  life.marks.allow(await life.facts());
  await system.startAll();
}

/** The clocks of the services jump while they run, the database's stays. */
export async function serviceClock({ system }: Life, { aheadS }: EventOf<"service-clock">): Promise<void> {
  system.setServiceClocks(system.database.aheadS + aheadS);
  await system.untilClocksAreKnown();
}

/** The database's clock jumps while everything runs. */
export async function databaseClock(life: Life, { aheadS }: EventOf<"database-clock">): Promise<void> {
  const { system } = life;
  await system.database.setClock(system.aheadS + aheadS);
  life.marks.allow(await life.facts());
  await system.untilClocksAreKnown();
}

/** Somebody sets all clocks right. */
export async function clocksRight(life: Life): Promise<void> {
  const { system } = life;
  const aheadS = Math.min(system.aheadS, system.database.aheadS);
  await system.database.setClock(aheadS);
  system.setServiceClocks(aheadS);
  await system.untilClocksAreKnown();
}
