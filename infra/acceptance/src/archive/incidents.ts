import { setTimeout as delay } from "node:timers/promises";
import type postgres from "postgres";
import { type ArchiverOptions, ArchiverProcess, type Verdict } from "./archiver-process.js";

/** Archivers that run side by side. */
const ARCHIVERS = 2;
/** One upload in so many is torn, and one step with the store in so many fails. */
const TORN_EVERY = 10;
const FAILS_EVERY = 40;
/** Longer than any request to a store may take here, and shorter than an archiver's lease, ms. */
const STALL_MS = 3000;
/** Past an archiver's lease, and past what a follower waits for before it ends a silent leader, ms. */
const LONG_FREEZE_MS = 24_000;
/** A follower looks once a second, ms. */
const TAKEN_OVER_WITHIN_MS = 5000;
/** What an archiver does first when it leads; before it there are few steps, and all of them often. */
const LEADS = 'after sql update "archive_state" set holder';
const AT_START = 0.05;
/** The archivers' advisory lock. */
const OFFICE_LOCK = 5_064_227;

type Act =
  | "kill"
  | "kill soon"
  | "freeze"
  | "freeze while another takes over"
  | "stall"
  | "fail"
  | "cut"
  | "end sessions";

const WITH_EVERYTHING: readonly Act[] = ["kill", "kill soon", "freeze", "freeze while another takes over", "stall"];
const WITH_STORE: readonly Act[] = [...WITH_EVERYTHING, "fail"];
const WITH_DATABASE: readonly Act[] = [...WITH_EVERYTHING, "cut", "end sessions"];

export interface IncidentOptions extends Omit<ArchiverOptions, "decide" | "onSaid"> {
  readonly random: () => number;
  readonly sql: postgres.Sql;
  /** How long there is none after one, ms at most. */
  readonly pauseMs: number;
  /** Whether one may freeze for so long that its lease runs out. */
  readonly withLongFreezes: boolean;
  readonly log: (line: string) => void;
}

/**
 * Archivers that are killed, frozen, cut off and let down at each step of their work, before it and after it: steps that have had the
 * least come first. Whoever is killed is started again.
 */
export class Incidents {
  private readonly archivers = new Set<ArchiverProcess>();
  private spare: Promise<ArchiverProcess> | undefined;
  /** How often each thing was done at each step. */
  private readonly done = new Map<string, Map<Act | "met", number>>();
  private readonly said = new Map<string, number>();
  private isOn = false;
  private isOver = false;
  private nextAt = 0;
  private busy = 0;
  /** How many there were. */
  count = 0;

  constructor(private readonly options: IncidentOptions) {}

  async start(): Promise<void> {
    await Promise.all(Array.from({ length: ARCHIVERS }, () => this.startOne()));
  }

  begin(): void {
    this.isOn = true;
  }

  /** From now on nothing happens any more. One archiver is started anew, so that nobody waits for what has failed often. */
  async end(): Promise<void> {
    this.isOn = false;
    while (this.busy > 0) await delay(20);
    const [oldest] = this.archivers;
    if (oldest !== undefined) await this.replace(oldest);
  }

  async stop(): Promise<void> {
    this.isOver = true;
    this.isOn = false;
    const spare = await this.spare;
    await Promise.all([...this.archivers, ...(spare === undefined ? [] : [spare])].map((archiver) => archiver.kill9()));
  }

  /** What was done where, and what archivers said. */
  *report(): Iterable<string> {
    for (const [step, acts] of [...this.done].sort()) {
      const { met = 0, ...counts } = Object.fromEntries(acts);
      const texts = Object.entries(counts).map(([act, count]) => `${act} ${count}`);
      yield `${step} (${met}): ${texts.join(", ")}`;
    }
    for (const [text, count] of this.said) yield `${count} times said: ${text}`;
  }

  /** Steps that nobody was killed or frozen at. */
  get spared(): string[] {
    const isSpared = (acts: Map<Act | "met", number>) =>
      !["kill", "kill soon"].some((act) => acts.has(act as Act)) ||
      ![...acts.keys()].some((act) => act.startsWith("freeze"));
    return [...this.done].filter(([, acts]) => isSpared(acts)).map(([step]) => step);
  }

  private async startOne(): Promise<void> {
    if (this.isOver) return;
    const archiver = await (this.spare ?? this.load());
    this.spare = this.load();
    this.archivers.add(archiver);
    archiver.begin();
  }

  private load(): Promise<ArchiverProcess> {
    return ArchiverProcess.start({
      ...this.options,
      decide: (archiver, step) => this.decide(archiver, step),
      onSaid: (said) => {
        const text = said.replace(/[0-9a-f]{16}|\d+/g, "#").slice(0, 120);
        if (!this.said.has(text)) this.options.log(`  said: ${text}`);
        this.said.set(text, (this.said.get(text) ?? 0) + 1);
      },
    });
  }

  private async replace(archiver: ArchiverProcess): Promise<void> {
    this.archivers.delete(archiver);
    await archiver.kill9();
    await this.startOne();
  }

  private async decide(archiver: ArchiverProcess, step: string): Promise<Verdict> {
    const acts = this.done.get(step) ?? new Map<Act | "met", number>();
    this.done.set(step, acts);
    acts.set("met", (acts.get("met") ?? 0) + 1);
    archiver.hasLed ||= step.startsWith(LEADS);
    if (!this.isOn) return "go";
    if (step.startsWith("after store upload") && this.happens(1 / TORN_EVERY)) return "tear";
    if (step.includes("store") && this.happens(1 / FAILS_EVERY)) return "fail";
    const had = [...acts].reduce((sum, [act, count]) => (act === "met" ? sum : sum + count), 0);
    const share = archiver.hasLed ? 1 : AT_START;
    if (performance.now() < this.nextAt || !this.happens(share / (1 + had))) return "go";
    const act = this.rarest(step.includes(" store ") ? WITH_STORE : WITH_DATABASE, acts);
    acts.set(act, (acts.get(act) ?? 0) + 1);
    this.nextAt = performance.now() + this.options.random() * this.options.pauseMs;
    this.busy += 1;
    this.count += 1;
    try {
      return await this.act(act, archiver);
    } finally {
      this.busy -= 1;
    }
  }

  private happens(probability: number): boolean {
    return this.options.random() < probability;
  }

  private rarest(acts: readonly Act[], counts: ReadonlyMap<Act | "met", number>): Act {
    const least = Math.min(...acts.map((act) => counts.get(act) ?? 0));
    const rarest = acts.filter((act) => (counts.get(act) ?? 0) === least);
    return rarest[Math.floor(this.options.random() * rarest.length)] ?? "kill";
  }

  private async act(act: Act, archiver: ArchiverProcess): Promise<Verdict> {
    switch (act) {
      case "kill":
        await this.replace(archiver);
        return "cut";
      case "kill soon":
        // Within what the step does: a file is being renamed, a statement being run.
        void delay(this.options.random() * 4).then(() => this.replace(archiver));
        return "go";
      case "freeze":
        archiver.freeze();
        await delay(this.freezeMs());
        archiver.thaw();
        return "go";
      case "freeze while another takes over":
        archiver.freeze();
        await this.takeOver();
        archiver.thaw();
        return "go";
      case "stall":
        await delay(this.options.random() * STALL_MS);
        return this.happens(0.5) ? "fail" : "go";
      case "end sessions":
        await this.endSessions();
        return "go";
      default:
        return act;
    }
  }

  private freezeMs(): number {
    if (this.options.withLongFreezes && this.happens(0.05)) return LONG_FREEZE_MS;
    return 50 + this.options.random() * 500;
  }

  /** What a follower does that has waited for long enough, without the wait. */
  private async takeOver(): Promise<void> {
    const { sql } = this.options;
    const holder = async () => (await sql<{ holder: string }[]>`select holder from archive_state`)[0]?.holder;
    try {
      const before = await holder();
      await sql`
        select pg_terminate_backend(pid) from pg_locks
         where locktype = 'advisory' and granted and classid = 0 and objid = ${OFFICE_LOCK} and objsubid = 1
           and database = (select oid from pg_database where datname = current_database())`;
      const deadline = performance.now() + TAKEN_OVER_WITHIN_MS;
      while ((await holder()) === before && performance.now() < deadline) await delay(20);
      await delay(this.options.random() * 400);
    } catch {
      // The database is away itself.
    }
  }

  private async endSessions(): Promise<void> {
    const share = this.options.random();
    await this.options.sql`
      select pg_terminate_backend(pid) from pg_stat_activity
       where datname = current_database() and application_name like 'fx archive%' and random() < ${share}`.catch(
      () => {},
    );
  }
}
