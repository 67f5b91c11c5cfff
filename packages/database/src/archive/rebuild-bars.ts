import { setTimeout as sleep } from "node:timers/promises";
import { MaintenanceWorker } from "../maintenance-worker.js";
import type { Engine } from "../settings.js";
import type { Sql } from "../sql.js";

const POLL_MS = 200;
/** A refresh of one range takes seconds. */
const STALLED_MS = 300_000;

/**
 * Waits until the bars hold every tick that is stored. Where no service looks after bars, this process does meanwhile.
 *
 * @throws what refreshing failed with last, when nothing has been refreshed for minutes
 */
export async function eventuallyRefreshed(
  { url, sql }: { readonly url: string; readonly sql: Sql },
  engine: Engine,
): Promise<void> {
  if (engine === "postgres") return;
  let failure: unknown;
  const worker = new MaintenanceWorker({
    url,
    onError: (error) => {
      failure = error;
    },
  });
  worker.start();
  try {
    for (let [waiting, since] = [Number.POSITIVE_INFINITY, performance.now()]; waiting > 0; ) {
      const [row] = await sql<{ count: number }[]>`select count(*)::int as count from refresh_queue`;
      const count = row?.count ?? 0;
      if (count < waiting) since = performance.now();
      waiting = count;
      if (performance.now() - since > STALLED_MS) throw failure ?? new Error("the bars are not refreshed");
      if (waiting > 0) await sleep(POLL_MS);
    }
  } finally {
    await worker.stop();
  }
}
