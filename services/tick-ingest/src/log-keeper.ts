import type { Database, LogPosition } from "@fx-ohlc/database";
import { type Logger, type RedisStore, repeat } from "@fx-ohlc/service-kit";
import { refusalWords } from "./publish/refusals.js";

/** So much may be lost to a restore that nobody notices, when every process is started anew after it. */
const INTERVAL_MS = 1000;

/** Kept on Redis: how far the database's log was seen, by any process of the deployment. */
function keyOf(databaseId: string): string {
  return `fx:${databaseId}:log`;
}

function positionOf(text: unknown): LogPosition | undefined {
  const [, bytes, of] = /^(\d+) (.+)$/.exec(typeof text === "string" ? text : "") ?? [];
  return of === undefined ? undefined : { of, bytes: Number(bytes) };
}

/**
 * Keeps on Redis how far the database's log went, so that a process that starts after the database's disk was put back to an
 * earlier moment finds out. Redis may have gone back as well: then this knows less, and says nothing wrong.
 */
export class LogKeeper {
  private stopStepping: (() => Promise<void>) | undefined;
  private refusal: string | undefined;
  private isComplained = false;

  constructor(
    private readonly database: Database,
    private readonly redis: RedisStore,
    private readonly logger: Logger,
  ) {}

  start(): void {
    this.stopStepping = repeat(INTERVAL_MS, () =>
      this.step().then(
        () => this.worked(),
        (error: unknown) => this.failed(error),
      ),
    );
  }

  /** What Redis has against being written to, though it answers; seen once a second, also while there is nothing to publish. */
  get problems(): readonly string[] {
    return this.refusal === undefined ? [] : [this.refusal];
  }

  async stop(): Promise<void> {
    await this.stopStepping?.();
  }

  private async step(): Promise<void> {
    if (!this.redis.isReady || !this.database.available) return;
    const key = keyOf(this.database.settings.databaseId);
    const kept = positionOf(await this.redis.clientOf(key).get(key));
    if (kept !== undefined) this.database.noteLog(kept);
    const seen = this.database.logPosition;
    if (seen === undefined) return;
    const isKept = kept !== undefined && seen.of === kept.of && seen.bytes <= kept.bytes;
    // Written all the same: a Redis that is full, or a replica, says so.
    const { of, bytes } = isKept ? kept : seen;
    await this.redis.clientOf(key).set(key, `${bytes} ${of}`);
  }

  private worked(): void {
    this.isComplained = false;
    this.refusal = undefined;
  }

  /** A line when it begins, not one a second. */
  private failed(error: unknown): void {
    this.refusal = refusalWords(error);
    if (!this.isComplained) this.logger.warn("the log's position is not kept", { error });
    this.isComplained = true;
  }
}
