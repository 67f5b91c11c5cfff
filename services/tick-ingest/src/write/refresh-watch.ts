import { setTimeout as sleep } from "node:timers/promises";
import { type Database, inSession, stillQueued } from "@fx-ohlc/database";

/** How often it is looked whether bars hold what somebody waits for. */
const POLL_INTERVAL_MS = 20;

interface Wait {
  readonly ids: readonly number[];
  readonly deadlineMs: number;
  resolve(isRefreshed: boolean): void;
  reject(error: unknown): void;
}

/** Waits for refreshes, all that are waited for by one statement at a time, however many corrections there are. */
export class RefreshWatch {
  readonly #waits = new Set<Wait>();
  #isLooking = false;

  constructor(private readonly database: Database) {}

  /**
   * Waits until the worker is done with some queue rows.
   *
   * @returns false when it still is not after `timeoutMs`
   */
  async done(ids: readonly number[], timeoutMs: number): Promise<boolean> {
    if (ids.length === 0) return true;
    return new Promise((resolve, reject) => {
      this.#waits.add({ ids, deadlineMs: performance.now() + timeoutMs, resolve, reject });
      if (!this.#isLooking) void this.#look();
    });
  }

  async #look(): Promise<void> {
    this.#isLooking = true;
    while (this.#waits.size > 0) {
      const waits = [...this.#waits];
      try {
        const ids = waits.flatMap((wait) => wait.ids);
        const queued = await inSession(this.database.sql, (sql) => stillQueued(sql, ids));
        for (const wait of waits)
          this.#judge(
            wait,
            wait.ids.some((id) => queued.has(id)),
          );
      } catch (error) {
        for (const wait of waits) {
          this.#waits.delete(wait);
          wait.reject(error);
        }
      }
      await sleep(POLL_INTERVAL_MS);
    }
    this.#isLooking = false;
  }

  #judge(wait: Wait, isQueued: boolean): void {
    if (isQueued && performance.now() < wait.deadlineMs) return;
    this.#waits.delete(wait);
    wait.resolve(!isQueued);
  }
}
