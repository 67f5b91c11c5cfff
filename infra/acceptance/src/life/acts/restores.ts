import type { EventOf } from "../event.js";
import type { Life } from "../life.js";
import type { Model, ModelTick } from "../model.js";

/** Backups that are kept of one life: each is a database. */
const BACKUPS_MAX = 3;

/** The services are cut off for as long as the copy takes. */
export async function backup(life: Life): Promise<void> {
  if (life.moments.length >= BACKUPS_MAX) return;
  const { system, model } = life;
  const facts = await life.facts();
  life.moments.push({
    backup: await system.database.backup(),
    model: model.copy(),
    marks: life.marks.copy(facts),
  });
  await system.untilReady();
}

/** What one state has and another has not. */
function without(model: Model, other: Model): ModelTick[] {
  return model.ticks().filter(({ symbol, timeUs, seq, price }) => other.priceAt(symbol, timeUs, seq) !== price);
}

/** The database goes back to an earlier moment, while everybody goes on or everybody is stopped. */
export async function restore(life: Life, { pick, isMigrated, isStopped }: EventOf<"restore">): Promise<void> {
  const moment = life.moments[Math.floor(pick * life.moments.length)];
  if (moment === undefined) return;
  const { system } = life;
  if (isStopped) await system.halt(false);
  await system.database.restore(moment.backup);
  // As the guide's own restore does it, without any setting.
  if (isMigrated) await system.migrate({});
  life.lost.push(...without(life.model, moment.model));
  // They were gone with the database, and are back: to be told of them again is no invention.
  const back = without(moment.model, life.model);
  for (const account of life.accounts) account.note(back);
  life.model = moment.model.copy();
  life.marks = moment.marks.copy(await life.facts());
  life.marks.allow(await life.facts());
  if (isStopped) await system.startAll();
  await system.untilReady();
}

export async function redis({ system }: Life, { what }: EventOf<"redis">): Promise<void> {
  await system.redis[what]();
  await system.untilReady();
}

export async function gateway({ system }: Life, { killed }: EventOf<"gateway">): Promise<void> {
  const { gateway: service } = system.services;
  await (killed ? service.kill9() : service.stop());
  await service.start();
}
