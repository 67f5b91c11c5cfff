import type { TestService } from "@fx-ohlc/testkit";
import postgres from "postgres";
import { seededRandom } from "../random.js";
import { type Database, impatientClient, System } from "../system.js";
import { Arena } from "./arena.js";
import { Dice } from "./dice.js";
import { Hands } from "./hands.js";
import { Journal } from "./journal.js";
import { type GivenAnswer, Judge, type Verdict } from "./judge.js";
import { Questions } from "./questions.js";
import { Reader } from "./reader.js";
import { metricOf } from "./still-history.js";
import { HistoryWriter } from "./writer.js";

export interface RunOptions {
  readonly reads: number;
  readonly seed: number;
  /** A primary, and a standby that the replicas read from. Default: a database of the run's server for everything. */
  readonly servers?: { readonly primary: Database; readonly standbyUrl: string };
  /** What readers are given in place of a replica's own URL. */
  readonly through?: (url: string) => Promise<string>;
}

/** A wrong answer with all there is to find out why. */
export interface WrongAnswer {
  readonly answer: GivenAnswer;
  readonly verdict: Verdict;
}

/** What a run was made of. */
export interface RunAccount {
  readonly reads: number;
  readonly commits: number;
  readonly unchanged: number;
  /** Looks into the replicas' memory that found what they looked for, and those that did not. */
  readonly hits: number;
  readonly misses: number;
  /** Answers that one of several states could have been of. */
  readonly contested: number;
  readonly wrong: readonly WrongAnswer[];
}

const REPLICAS = 2;
const READERS = 8;
const WRITERS = 2;
/** While there are writes; then none come for as many reads, in which answers are kept that the next writes make wrong. */
const READS_PER_WRITE = 3;
const PHASE_READS = 48;
const READS_PER_ACT = 120;
/** Pages that follow one another. */
const PAGES_MAX = 4;

/** Writers, readers and others at once on one system, every answer held against the journal of its database. */
export class HistoryRun {
  readonly #writes: Promise<void>[] = Array.from({ length: WRITERS }, () => Promise.resolve());
  readonly #wrong: WrongAnswer[] = [];
  #acting: Promise<void> = Promise.resolve();
  #isActing = false;
  #reads = 0;
  #contested = 0;

  private constructor(
    private readonly system: System,
    private readonly journalSql: postgres.Sql,
    private readonly journal: Journal,
    private readonly writers: readonly HistoryWriter[],
    private readonly replicas: readonly TestService[],
    private readonly readers: readonly Reader[],
    private readonly questions: Questions,
    private readonly hands: Hands,
    private readonly options: RunOptions,
  ) {}

  static async begin(options: RunOptions): Promise<HistoryRun> {
    const { servers } = options;
    const system = await (servers === undefined ? System.create() : System.create(async () => servers.primary));
    const journalSql = postgres(system.database.url, { max: 1, onnotice: () => undefined });
    try {
      return await HistoryRun.#on(system, journalSql, options);
    } catch (error) {
      await journalSql.end({ timeout: 2 });
      await system.stop();
      throw error;
    }
  }

  static async #on(system: System, journalSql: postgres.Sql, options: RunOptions): Promise<HistoryRun> {
    const engine = await system.engine();
    const journal = await Journal.keep(journalSql, engine);
    const { servers } = options;
    const readEnv: Record<string, string> = servers === undefined ? {} : { DATABASE_READ_URL: servers.standbyUrl };
    // The spare one starts first, so that it leads until it is killed.
    const spare = await system.start("tick-ingest");
    const [ingest, ...queries] = await Promise.all([
      system.start("tick-ingest"),
      ...Array.from({ length: REPLICAS }, () => system.start("ohlc-query", readEnv)),
    ]);
    const random = seededRandom(options.seed);
    const [arena, dice] = [new Arena(Date.now()), new Dice(random)];
    const writers = Array.from({ length: WRITERS }, () => new HistoryWriter(impatientClient(ingest), arena, dice));
    await Promise.all(writers.map((writer) => writer.begin()));
    const readers = await Promise.all(queries.map((query) => readerOf(query, journal, options)));
    const hands = new Hands(system, engine, spare, dice);
    return new HistoryRun(
      system,
      journalSql,
      journal,
      writers,
      queries,
      readers,
      new Questions(arena, dice),
      hands,
      options,
    );
  }

  async run(): Promise<RunAccount> {
    await Promise.all(Array.from({ length: READERS }, (_, index) => this.#read(index)));
    await Promise.all([...this.#writes, this.#acting]);
    return {
      reads: this.#reads,
      commits: this.journal.commits,
      unchanged: this.readers.reduce((sum, { unchanged }) => sum + unchanged, 0),
      hits: await this.#sum("ohlc_cache_hits_total"),
      misses: await this.#sum("ohlc_cache_misses_total"),
      contested: this.#contested,
      wrong: this.#wrong,
    };
  }

  async end(): Promise<void> {
    await this.journalSql.end({ timeout: 2 });
    await this.system.stop();
  }

  /** One after the other: a service that is killed takes its time to come back. */
  #act(): void {
    if (this.#isActing) return;
    this.#isActing = true;
    this.#acting = this.hands.act().finally(() => {
      this.#isActing = false;
    });
  }

  /** A counter of all replicas. */
  async #sum(metric: string): Promise<number> {
    const values = await Promise.all(this.replicas.map((replica) => metricOf(replica, metric)));
    return values.reduce<number>((sum, value = 0) => sum + value, 0);
  }

  /** One reader after another question, each followed through its pages, or left. */
  async #read(index: number): Promise<void> {
    const reader = this.readers[index % this.readers.length];
    if (reader === undefined) throw new RangeError("no replica");
    const judge = new Judge(this.journal);
    while (this.#reads < this.options.reads) {
      let asking = this.questions.next();
      for (let pages = 0; pages < PAGES_MAX; pages += 1) {
        await this.#othersGoOn();
        const answer = await reader.ask(asking);
        const verdict = judge.judge(answer);
        this.#note(answer, verdict);
        if (verdict.is === "right") reader.note(answer, verdict.number);
        const next = nextPath(answer);
        if (next === undefined) break;
        asking = this.questions.asking(next);
      }
    }
  }

  #note(answer: GivenAnswer, verdict: Verdict): void {
    this.#reads += 1;
    if (verdict.is === "wrong") this.#wrong.push({ answer, verdict });
    else if (verdict.moments > 1) this.#contested += 1;
  }

  /** Writers and hands keep step with the reads, so that a run is made of the same on a slow machine. */
  async #othersGoOn(): Promise<void> {
    const at = this.#reads;
    if (at % READS_PER_ACT === READS_PER_ACT - 1) this.#act();
    if (Math.floor(at / PHASE_READS) % 2 === 0 || at % READS_PER_WRITE > 0) return;
    const turn = (at / READS_PER_WRITE) % WRITERS;
    const before = this.#writes[turn];
    this.#writes[turn] = (async () => {
      await before;
      await this.writers[turn]?.writeOnce();
    })();
    await before;
  }
}

async function readerOf({ url }: TestService, journal: Journal, options: RunOptions): Promise<Reader> {
  const { through, servers } = options;
  return new Reader(through === undefined ? url : await through(url), journal, servers !== undefined);
}

/** The path of the page that an answer leads to. */
function nextPath({ link }: GivenAnswer): string | undefined {
  const url = link === undefined ? undefined : /<([^>]+)>/.exec(link)?.[1];
  if (url === undefined) return undefined;
  const { pathname, search } = new URL(url);
  return pathname + search;
}
