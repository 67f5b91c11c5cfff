import { withDeadline } from "@fx-ohlc/service-kit";
import { type Look, Monitor } from "./monitor.js";
import type { PoolOptions } from "./sql.js";
import { DatabaseUnavailableError, unavailableBecause } from "./unavailable.js";

/** Less than a look over the other way may take, so that a silent server here does not hide one that answers there. */
const TIMEOUT_MS = 700;

export const TWO_DATABASES = "DATABASE_URL and DATABASE_DIRECT_URL lead to two databases";

/**
 * The way past a pooler, by which bars are refreshed. It has to lead to the same database: ticks that are written to one and
 * refreshed in another would vanish from the bars.
 *
 * While nothing answers here, what was compared before holds, and ticks are written: their bars wait.
 */
export class DirectWay {
  private readonly monitor: Monitor;
  private comparedFacts: string | undefined;
  private silence: string | undefined;

  constructor(options: PoolOptions) {
    this.monitor = new Monitor(options);
  }

  get problems(): readonly string[] {
    return this.silence === undefined ? [] : [this.silence];
  }

  /** @throws DatabaseUnavailableError when it leads to another database, or when that was never found out */
  async compare({ state }: Look): Promise<void> {
    const other = await this.look();
    if (other === undefined) {
      if (this.comparedFacts === state.facts) return;
      throw new DatabaseUnavailableError(this.silence);
    }
    this.comparedFacts = other.state.facts === state.facts ? state.facts : undefined;
    if (this.comparedFacts === undefined) throw new DatabaseUnavailableError(TWO_DATABASES);
  }

  async end(): Promise<void> {
    await this.monitor.end(0);
  }

  private async look(): Promise<Look | undefined> {
    try {
      const look = await withDeadline(this.monitor.look(), TIMEOUT_MS, "the database");
      this.silence = undefined;
      return look;
    } catch (error) {
      this.silence = `DATABASE_DIRECT_URL: ${unavailableBecause(error).message}`;
      // A question that is never answered would be in the way of the next one.
      this.monitor.renew();
      return undefined;
    }
  }
}
