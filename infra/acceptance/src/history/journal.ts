import type postgres from "postgres";
import { BarState, NO_STATE } from "./bar-state.js";
import { COMMIT_LOCK, keepJournal } from "./journal-schema.js";

interface StateRow {
  readonly number: string;
  readonly symbol: string;
  readonly minute: string;
  readonly hour: string;
  readonly day: string;
}

/** The states of all symbols between two commits. */
export interface Moment {
  readonly number: number;
  state(symbol: string): BarState;
}

interface Commit {
  /** The last number of its states: a commit of several symbols is one step. */
  readonly number: number;
  readonly xid: string;
  readonly symbols: ReadonlySet<string>;
}

/** States of a symbol that are kept, some tens of kB each: no request lasts for so many commits. */
const STATES_MAX = 300;

/** Every state that the bars of a database were in, in the order of the commits that made them. */
export class Journal {
  readonly #states = new Map<string, BarState[]>();
  /** In the order in which they were seen. */
  readonly #commits: Commit[] = [];
  #known = 0;
  #nextLook: Promise<number> | undefined;
  #lastLook: Promise<unknown> = Promise.resolve();

  private constructor(private readonly sql: postgres.Sql) {}

  static async keep(sql: postgres.Sql, engine: "timescaledb" | "postgres"): Promise<Journal> {
    await keepJournal(sql, engine);
    return new Journal(sql);
  }

  /** How many commits have changed bars. */
  get commits(): number {
    return this.#commits.length;
  }

  /** @returns the number of the last state that everybody could see at some moment after the call */
  look(): Promise<number> {
    // One after the other: whoever comes while one is under way shares the one after it.
    this.#nextLook ??= this.#lastLook.then(() => {
      this.#nextLook = undefined;
      const look = this.#read();
      this.#lastLook = look.catch(() => undefined);
      return look;
    });
    return this.#nextLook;
  }

  /** The same, once everything is visible that a standby may have replayed: it may show a commit a moment before the primary. */
  async lookBehind(): Promise<number> {
    await this.sql`select pg_advisory_xact_lock(${COMMIT_LOCK})`;
    return this.look();
  }

  /** The moments from one number to another in which the bars of some symbols differ. The one at `from` lasted until the next. */
  moments(from: number, to: number, symbols: readonly string[]): Moment[] {
    const first = this.#commits.findLastIndex(({ number }) => number <= from) + 1;
    const later = this.#commits
      .slice(first)
      .filter((commit) => commit.number <= to && symbols.some((symbol) => commit.symbols.has(symbol)));
    return [from, ...later.map(({ number }) => number)].map((number) => ({
      number,
      state: (symbol) => this.#stateAt(symbol, number),
    }));
  }

  #stateAt(symbol: string, number: number): BarState {
    const states = this.#states.get(symbol) ?? [];
    const state = states.findLast((candidate) => candidate.number <= number);
    if (state === undefined && states.length === STATES_MAX) throw new RangeError(`state ${number} is forgotten`);
    return state ?? NO_STATE;
  }

  async #read(): Promise<number> {
    const rows = await this.sql<(StateRow & { xid: string })[]>`
      select number, xid, symbol, minute, hour, day from journal.states where number > ${this.#known} order by number`;
    for (const { xid, ...row } of rows) this.#note(row, xid);
    return this.#known;
  }

  #note({ number, symbol, ...texts }: StateRow, xid: string): void {
    this.#known = Number(number);
    const states = this.#states.get(symbol) ?? [];
    states.push(new BarState(this.#known, texts));
    this.#states.set(symbol, states.slice(-STATES_MAX));
    const begun = this.#commits.at(-1)?.xid === xid ? this.#commits.pop() : undefined;
    this.#commits.push({ number: this.#known, xid, symbols: new Set(begun?.symbols).add(symbol) });
  }
}
