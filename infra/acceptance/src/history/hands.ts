import { migrate } from "@fx-ohlc/database";
import type { TestService } from "@fx-ohlc/testkit";
import type { System } from "../system.js";
import type { Dice } from "./dice.js";

const DAY_MS = 86_400_000;
/** Drops the oldest place of an arena and no other. */
const KEEP_DAYS = 300;
/** What a refresh by hand may meet: the system's own, or the end of a leader. */
const BESIDE_ANOTHER: ReadonlySet<unknown> = new Set(["55P03", "40001", "40P01"]);

/** Whoever else has to do with stored bars: those who kill, and operators. */
export class Hands {
  constructor(
    private readonly system: System,
    private readonly engine: "timescaledb" | "postgres",
    private readonly spare: TestService,
    private readonly dice: Dice,
  ) {}

  async act(): Promise<void> {
    const acts = [
      () => this.#killLeader(),
      () => this.#killSpare(),
      () => this.#retain(KEEP_DAYS),
      () => this.#retain(0),
    ];
    if (this.engine === "timescaledb")
      acts.push(
        () => this.#refresh(),
        () => this.#refresh(),
        () => this.#refreshBars(),
      );
    await this.dice.pick(acts)();
  }

  /** Ends the sessions of whoever refreshes and drops, in the middle of whatever they do; the next one leads. */
  async #killLeader(): Promise<void> {
    await this.system.sql`
      select pg_terminate_backend(pid) from pg_stat_activity
       where datname = current_database() and application_name like 'fx maintenance%'`;
  }

  async #killSpare(): Promise<void> {
    await this.spare.kill9();
    await this.spare.start();
  }

  async #retain(retentionDays: number): Promise<void> {
    await migrate({ url: this.system.database.url, engine: "auto", retentionDays });
  }

  /** TimescaleDB's own, over some days whose ticks are all there, one level alone. */
  async #refresh(): Promise<void> {
    const fromMs = Date.now() - (1 + this.dice.below(60)) * DAY_MS;
    const [from, to] = [fromMs, fromMs + 3 * DAY_MS].map((ms) => new Date(ms).toISOString());
    const level = this.dice.pick(["minute", "hour", "day"]);
    await this.#call(
      `call refresh_continuous_aggregate('ohlc_${level}', '${from}'::timestamptz,
         least('${to}'::timestamptz, now() - interval '12 minutes'), options => '{"buckets_per_batch": 0}')`,
    );
  }

  /** The way that the guide gives. */
  async #refreshBars(): Promise<void> {
    await this.#call(`call refresh_bars('${this.dice.pick(["minute", "hour", "day"])}', '-infinity', 'infinity')`);
  }

  async #call(statement: string): Promise<void> {
    await this.system.sql.unsafe(statement).catch((error: { code?: unknown }) => {
      if (!BESIDE_ANOTHER.has(error.code)) throw error;
    });
  }
}
