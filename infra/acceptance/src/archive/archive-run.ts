import { setTimeout as delay } from "node:timers/promises";
import { formatTime, type Micros, nowUs, US_PER_DAY, US_PER_HOUR } from "@fx-ohlc/schemas";
import { eventually } from "@fx-ohlc/testkit";
import { ShiftedClock } from "../clock/shifted-clock.js";
import { seededRandom } from "../random.js";
import { patientClient } from "../system.js";
import type { ArchiveWorld } from "./archive-world.js";
import { Incidents } from "./incidents.js";
import { Ledger } from "./ledger.js";
import { LedgerWriter, placesFrom } from "./ledger-writer.js";
import { type Answered, answerTo, Questions } from "./questions.js";
import { TELLS_OF_AWAY, UPHEAVALS, type Upheaval, upset } from "./upheaval.js";

/** Left alone while days are dropped, so that answers stay. */
const STILL = ["EURUSD", "005930"];
/** Written all the time. */
const LATE = "A:B";
/** The newest days that are never dropped here. */
const KEPT_DAYS = 3;
const QUESTIONS = 12;
/** A round has so many incidents and more, as long as nothing is dropped; but not for longer than this, ms. */
const INCIDENTS = 6;
const INCIDENTS_MS = 45_000;
/** How long a drop may take once they are over, ms. */
const DROPPED_WITHIN_MS = 240_000;
/** Readers leave the machine to others, ms. */
const ASK_EVERY_MS = 40;
const READ_EVERY_MS = 80;
/** Archivers whose clocks are wrong by so much harm nothing. */
const WRONG_BY_MS = -3 * 86_400_000;

export interface RunOptions {
  readonly seed: number;
  readonly rounds: number;
  readonly log: (line: string) => void;
}

/**
 * Rounds of one system. In each ticks are written, corrected and deleted; answers are remembered; a day more expires; and while it is
 * archived and dropped, with incidents at each step, readers ask the same again, and find every tick of a symbol that is written.
 */
export class ArchiveRun {
  private readonly random: () => number;
  private readonly ledger = new Ledger();
  private readonly writer: LedgerWriter;
  private readonly clock = new ShiftedClock(WRONG_BY_MS);
  private readonly incidents: Incidents;
  private readonly questions: Questions;
  private readonly startUs: Micros;
  private readonly endUs = nowUs();
  private readonly todayUs = Math.floor(nowUs() / US_PER_DAY) * US_PER_DAY;
  /** Whether readers may be told that something is away. */
  private mayBeAway = false;
  readonly counts = { answers: 0, readings: 0, away: 0 };

  constructor(
    private readonly world: ArchiveWorld,
    private readonly options: RunOptions,
  ) {
    this.random = seededRandom(options.seed);
    this.writer = new LedgerWriter(patientClient(world.ingest), this.ledger, this.random);
    this.startUs = this.todayUs - (KEPT_DAYS + options.rounds + 3) * US_PER_DAY;
    this.questions = new Questions(this.random, STILL, this.startUs, this.todayUs - US_PER_DAY);
    this.incidents = new Incidents({
      ...{ databaseUrl: world.system.database.url, archiveUrl: world.archiveUrl, sql: world.system.sql },
      // Every other run has archivers whose clocks are wrong.
      ...{ env: options.seed % 2 === 0 ? this.clock.env : {}, random: this.random, log: options.log },
      ...{ pauseMs: 600, withLongFreezes: options.rounds > 5 },
    });
  }

  async run(): Promise<void> {
    await this.fill();
    await this.incidents.start();
    // A busy machine would else spend its time on the first files of days that nobody asks for.
    await eventually(() => this.isArchived(), { timeoutMs: DROPPED_WITHIN_MS, what: "the days to be archived" });
    for (let round = 0; round < this.options.rounds; round += 1) await this.round(round);
    await this.finish();
  }

  async stop(): Promise<void> {
    await this.incidents.stop();
    this.clock.remove();
  }

  private async fill(): Promise<void> {
    for (const symbol of [...STILL, LATE]) {
      const places = [];
      for (let us = this.startUs; us < this.endUs; us += 60_000_000 * (10 + Math.floor(this.random() * 180)))
        places.push(...placesFrom(symbol, us, this.random));
      while (places.length > 0) await this.writer.post(places.splice(0, 5000));
    }
    await this.world.refreshed();
    await this.check("filled");
  }

  private async round(round: number): Promise<void> {
    const keepDays = KEPT_DAYS + this.options.rounds - round;
    const upheaval = this.pick(
      UPHEAVALS.filter((each) => this.world.server !== undefined || !each.includes("database")),
    );
    const startedAt = performance.now();
    this.incidents.begin();
    await this.write(12);
    await this.world.refreshed();
    await this.check(`round ${round}, written`);
    const edgeUs = this.todayUs - keepDays * US_PER_DAY;
    const before = await this.ask(this.questions.some(QUESTIONS, edgeUs));
    const bars = await this.world.bars(STILL);
    if (this.random() < 0.3) await this.world.setRetention(keepDays + 3);
    await this.world.setRetention(keepDays);
    await this.drop({ keepDays, upheaval, before, edgeUs });
    await this.world.refreshed();
    this.equal(`round ${round}: stored bars`, await this.world.bars(STILL), bars);
    await this.check(`round ${round}, dropped`);
    const ms = Math.round(performance.now() - startedAt);
    this.options.log(
      `round ${round}: ${keepDays} days kept, ${upheaval}, ${ms} ms, ${JSON.stringify({ incidents: this.incidents.count, ...this.counts, ...this.writer.counts })}`,
    );
  }

  private async write(acts: number): Promise<void> {
    const since = await this.droppedBefore();
    for (let act = 0; act < acts; act += 1) {
      const symbol = this.pick([...STILL, LATE]);
      if (this.random() < 0.5) await this.writer.change(symbol, formatTime(since));
      else await this.writer.post(placesFrom(symbol, since + this.random() * (this.endUs - since), this.random));
    }
  }

  /** Until what has expired is gone: reads, compares, writes late ticks, and lets things happen. */
  private async drop(of: { keepDays: number; upheaval: Upheaval; before: Map<string, Answered>; edgeUs: Micros }) {
    const { keepDays, upheaval, before, edgeUs } = of;
    this.mayBeAway = TELLS_OF_AWAY.has(upheaval);
    let isOver = false;
    const enough = this.incidents.count + INCIDENTS;
    const happening = upset(this.world, upheaval, keepDays, this.random);
    const loop = async (work: () => Promise<void>) => {
      while (!isOver) await work();
    };
    const others = Promise.all([
      loop(() => this.writeLate(edgeUs)),
      loop(() => this.compare(before)),
      loop(() => this.read(LATE, `while ${upheaval}`)),
      happening,
    ]);
    const untilDropped = async () => {
      const endAt = performance.now() + INCIDENTS_MS;
      const isEnough = async () => this.incidents.count >= enough && (await this.isDropped(edgeUs));
      while (performance.now() < endAt && !(await isEnough())) await delay(50);
      await this.incidents.end();
      await happening;
      await this.awaitDrop(edgeUs);
      // Once more all of it, with what is dropped in files.
      await this.compare(before);
      isOver = true;
    };
    try {
      await Promise.all([untilDropped(), others]);
    } finally {
      isOver = true;
      await Promise.allSettled([happening, others]);
      this.mayBeAway = false;
    }
  }

  private async awaitDrop(edgeUs: Micros): Promise<void> {
    const deadline = performance.now() + DROPPED_WITHIN_MS;
    while (!(await this.isDropped(edgeUs))) {
      if (performance.now() > deadline) throw new Error(`nothing is dropped: ${await this.why()}`);
      await delay(1000);
    }
  }

  private async why(): Promise<string> {
    const { sql } = this.world.system;
    return JSON.stringify(
      await sql`
      select dropped_before::text, whole_from::text, refused_because, confirmed_at::text, listed_before::text, held_because,
             (select min(time)::text from ticks) as oldest,
             (select json_agg(v) from (select symbol, date, version, archived, drawn_at from archive_versions
                                        where version is distinct from archived limit 10) v) as waiting
        from retention_mark, archive_state, maintenance`,
    );
  }

  private async isDropped(edgeUs: Micros): Promise<boolean> {
    const { sql } = this.world.system;
    const rows = await sql<{ is: boolean }[]>`
      select whole_from = dropped_before and dropped_before >= ${formatTime(edgeUs)}::timestamptz
             and not exists (select from ticks where time < dropped_before) as is
        from retention_mark`.catch(() => []);
    return rows[0]?.is === true;
  }

  private async isArchived(): Promise<boolean> {
    const waiting = await this.world.system.sql`
      select 1 from archive_state
       where listed_before < date_trunc('day', now(), 'UTC')
          or exists (select from archive_versions where version is distinct from archived)`;
    return waiting.length === 0;
  }

  private async droppedBefore(): Promise<Micros> {
    const rows = await this.world.system.sql<{ us: string }[]>`
      select (extract(epoch from dropped_before) * 1000000)::bigint::text as us from retention_mark`;
    return Math.max(Number(rows[0]?.us ?? 0), this.startUs);
  }

  /** Around where days are being dropped: some are refused, and some come seconds before it. */
  private async writeLate(edgeUs: Micros): Promise<void> {
    const us = edgeUs + (this.random() - 0.3) * US_PER_DAY;
    if (this.random() < 0.3) await this.writer.change(LATE, formatTime(edgeUs));
    else if (this.random() < 0.8) await this.writer.post(placesFrom(LATE, us, this.random));
    else await this.writer.post(placesFrom(LATE, nowUs() - US_PER_HOUR, this.random));
    await delay(this.random() * 200);
  }

  private async ask(paths: readonly string[]): Promise<Map<string, Answered>> {
    const answers = new Map<string, Answered>();
    for (const path of paths) {
      const answer = await answerTo(this.world.query.url, path);
      if (answer.status !== 200) throw new Error(`${path}: ${answer.status} ${answer.text.slice(0, 300)}`);
      answers.set(path, answer);
    }
    return answers;
  }

  private async compare(before: ReadonlyMap<string, Answered>): Promise<void> {
    for (const [path, { text }] of before) {
      const now = await this.answer(path);
      this.counts.answers += 1;
      await delay(ASK_EVERY_MS);
      if (now === undefined || this.isNone(now.status)) this.counts.away += 1;
      else if (now.text !== text)
        throw new Error(`${path} was\n${text.slice(0, 900)}\nand is\n${now.text.slice(0, 900)}`);
    }
  }

  /** Undefined: a stream that had begun broke off, for the database went. */
  private async answer(path: string): Promise<Answered | undefined> {
    try {
      return await answerTo(this.world.query.url, path);
    } catch (error) {
      if (this.mayBeAway) return undefined;
      throw error;
    }
  }

  /** No answer at all: something is away, or a busy machine takes too long. */
  private isNone(status: number): boolean {
    return status === 504 || (status === 503 && this.mayBeAway);
  }

  /** Every tick of a symbol. */
  private async read(symbol: string, when: string): Promise<void> {
    await delay(READ_EVERY_MS);
    const range = `start=${formatTime(this.startUs - US_PER_DAY)}&end=${formatTime(nowUs() + US_PER_HOUR)}`;
    const path = `/ticks?symbol=${encodeURIComponent(symbol)}&${range}&limit=all&format=ndjson`;
    const begunAt = performance.now();
    let text: string;
    try {
      const response = await fetch(this.world.query.url + path);
      if (this.isNone(response.status)) return;
      if (response.status !== 200) throw new Error(`${when}: ${path}: ${response.status} ${await response.text()}`);
      text = await response.text();
    } catch (error) {
      // A stream that has begun breaks off when the database goes.
      if (!this.mayBeAway) throw error;
      return;
    }
    this.counts.readings += 1;
    const faults = this.ledger.faults(
      symbol,
      text.split("\n").filter(Boolean).map(readTick),
      begunAt,
      performance.now(),
    );
    if (faults.length > 0) throw new Error(`${when}: ${faults.length} faults: ${faults.slice(0, 8).join("; ")}`);
  }

  private async check(when: string): Promise<void> {
    for (const symbol of [...STILL, LATE]) await this.read(symbol, when);
  }

  /** In the end files and table are what the entries say. */
  private async finish(): Promise<void> {
    const deadline = performance.now() + DROPPED_WITHIN_MS;
    for (;;) {
      const differences = await this.world.differences();
      if (differences.length === 0) break;
      if (performance.now() > deadline)
        throw new Error(`the archive is not what it should be: ${differences.slice(0, 9).join("; ")}`);
      await delay(500);
    }
    for (const line of this.incidents.report()) this.options.log(line);
    this.options.log(`steps that nobody was both killed and frozen at: ${this.incidents.spared.join(", ") || "none"}`);
  }

  private equal(what: string, now: readonly string[], before: readonly string[]): void {
    const [old, fresh] = [new Set(before), new Set(now)];
    const lost = before.filter((each) => !fresh.has(each));
    const added = now.filter((each) => !old.has(each));
    if (lost.length + added.length > 0)
      throw new Error(
        `${what} changed: ${lost.length} lost, ${added.length} added: ${lost.slice(0, 3)} -> ${added.slice(0, 3)}`,
      );
  }

  private pick<T>(items: readonly T[]): T {
    const item = items[Math.floor(this.random() * items.length)];
    if (item === undefined) throw new RangeError("nothing to pick from");
    return item;
  }
}

function readTick(line: string): [place: string, value: string] {
  const tick = JSON.parse(line) as {
    time: string;
    seq: number;
    price: number;
    bid?: number | null;
    ask?: number | null;
  };
  const isQuote = tick.bid !== undefined && tick.bid !== null;
  return [`${tick.time} ${tick.seq}`, isQuote ? `${tick.bid} ${tick.ask}` : String(tick.price)];
}
