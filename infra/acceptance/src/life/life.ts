import type { DayBoundary } from "@fx-ohlc/schemas";
import { StreamAccount } from "./accounts.js";
import type { Backup } from "./database-host.js";
import { Ear } from "./ear.js";
import { type Facts, MarkWatch, readFacts } from "./facts.js";
import { LifeSystem } from "./life-system.js";
import { Model, type ModelTick, type SentTick } from "./model.js";

export const SYMBOLS = ["EURUSD", "GBPUSD", "XAUUSD"] as const;

/** An earlier moment, of the database and of what the model says of it. */
export interface Moment {
  readonly backup: Backup;
  readonly model: Model;
  readonly marks: MarkWatch;
}

/** One system, what it should hold, and who listens to it. */
export class Life {
  model: Model;
  readonly moments: Moment[] = [];
  /** Requests that were answered, for replays. */
  readonly requests: (readonly SentTick[])[] = [];
  /** What the event under way did, as far as clients must be told. */
  readonly created: ModelTick[] = [];
  readonly lost: ModelTick[] = [];
  /** What an event found wrong by itself. */
  readonly faults: string[] = [];
  readonly accounts: readonly StreamAccount[];

  private constructor(
    readonly system: LifeSystem,
    readonly random: () => number,
    public marks: MarkWatch,
  ) {
    this.model = new Model(system.boundary);
    const { url } = system.services.gateway;
    const paths = ["/ws", "/ws/ticks", "/ws/ohlc/minute"];
    this.accounts = paths.map((path) => new StreamAccount(new Ear(path, url, path, SYMBOLS)));
  }

  /** @param random for what does not change the course of events: which of several things is looked at */
  static async begin(boundary: DayBoundary, random: () => number): Promise<Life> {
    const system = await LifeSystem.create(boundary);
    const life = new Life(system, random, new MarkWatch(await readFacts(system.database.sql)));
    for (const { ear } of life.accounts) ear.open();
    return life;
  }

  facts(): Promise<Facts> {
    return readFacts(this.system.database.sql);
  }

  /** Clears what the last event did. */
  beginEvent(): void {
    this.created.length = 0;
    this.lost.length = 0;
    this.faults.length = 0;
    for (const account of this.accounts) account.begin();
  }

  noteCreated(ticks: readonly ModelTick[]): void {
    this.created.push(...ticks);
    for (const account of this.accounts) account.note(ticks);
  }

  async end(): Promise<void> {
    for (const { ear } of this.accounts) ear.close();
    await this.system.drop();
  }
}
