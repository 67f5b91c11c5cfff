import type postgres from "postgres";
import { BarState, NO_STATE } from "./bar-state.js";
import { keepJournal } from "./journal-schema.js";

interface StateRow {
  readonly number: string;
  readonly symbol: string;
  readonly minute: string;
  readonly hour: string;
  readonly day: string;
}

/** States of all symbols at one moment between two commits. */
export type Moment = (symbol: string) => BarState;

/** Every state that the bars of a database were in, in the order of the commits that made them. */
export class Journal {
  readonly #states = new Map<string, BarState[]>();
  /** The last number of each commit that is known, ascending: a commit of several symbols is one step. */
  readonly #commits: number[] = [];
  #known = 0;
  #lastXid = "";
  #looking: Promise<number> | undefined;
  #nextLook: Promise<number> | undefined;

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
    if (this.#looking === undefined) return this.#lookNow();
    // The one under way may have begun before this call.
    this.#nextLook ??= this.#looking.then(() => this.#lookNow());
    return this.#nextLook;
  }

  /** The moments from one number to another. The one at `from` counts, for it lasted until the next. */
  moments(from: number, to: number): Moment[] {
    const numbers = [from, ...this.#commits.filter((number) => number > from && number <= to)];
    return numbers.map((number) => (symbol) => this.#stateAt(symbol, number));
  }

  #stateAt(symbol: string, number: number): BarState {
    return this.#states.get(symbol)?.findLast((state) => state.number <= number) ?? NO_STATE;
  }

  #lookNow(): Promise<number> {
    this.#nextLook = undefined;
    this.#looking = this.#read().finally(() => {
      this.#looking = undefined;
    });
    return this.#looking;
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
    this.#states.set(symbol, states);
    if (xid === this.#lastXid) this.#commits.pop();
    this.#commits.push(this.#known);
    this.#lastXid = xid;
  }
}
