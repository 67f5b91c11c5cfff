import type postgres from "postgres";
import { DAY_US, HOUR_US, MINUTE_US } from "./buckets.js";

/** What the database says of time and of what it keeps, in one statement. */
export interface Facts {
  /** Its clock. */
  readonly nowUs: number;
  /** Ticks before this are there for nobody. */
  readonly markUs: number;
  /** 0 keeps ticks for ever. */
  readonly keepDays: number;
  /** The newest day that has ticks is over by then: nothing expires that is not old beside it. */
  readonly newestDayEndUs: number;
  /** Why nothing is dropped for now. */
  readonly heldBecause: string | undefined;
}

interface Row {
  readonly now: string;
  readonly mark: string;
  readonly keep: string;
  readonly newest: string | null;
  readonly held: string | null;
}

/** No FX day is longer. */
const DAY_MAX_US = 26 * HOUR_US;

/** Instants as whole microseconds. */
export async function readFacts(sql: postgres.ISql): Promise<Facts> {
  const [row] = await sql<Row[]>`
    select (extract(epoch from fx_clock()) * 1000000)::bigint::text       as now,
           (extract(epoch from dropped_before) * 1000000)::bigint::text   as mark,
           (select value from settings where key = 'keep_ticks_days')     as keep,
           (select (extract(epoch from max(bucket)) * 1000000)::bigint::text from ohlc_day
             where bucket between '1969-12-30 00:00:00+00' and fx_now())  as newest,
           (select held_because from maintenance)                         as held
      from retention_mark`;
  if (row === undefined) throw new Error("the database has no retention mark");
  const { now, mark, keep, newest, held } = row;
  return {
    nowUs: Number(now),
    markUs: Number(mark),
    keepDays: Number(keep),
    newestDayEndUs: Number(newest ?? 0) + DAY_MAX_US,
    heldBecause: held ?? undefined,
  };
}

/** Before this instant nothing is accepted any more: a whole minute, because bars are of whole minutes. */
export function horizonUs({ nowUs, markUs, keepDays }: Facts): number {
  if (keepDays === 0) return markUs;
  return Math.max(markUs, Math.ceil((nowUs - keepDays * DAY_US) / MINUTE_US) * MINUTE_US);
}

/** Where the mark will be once everything that may be dropped is: a whole day of UTC. */
export function dueMarkUs({ nowUs, markUs, keepDays, newestDayEndUs }: Facts): number {
  if (keepDays === 0) return markUs;
  return Math.max(markUs, Math.floor((Math.min(nowUs, newestDayEndUs) - keepDays * DAY_US) / DAY_US) * DAY_US);
}

/**
 * Watches the mark of dropped ticks: it moves by whole days of UTC, never back, and never past what retention or an operator's
 * own hand has set free.
 */
export class MarkWatch {
  #markUs: number;
  #freeUs: number;

  constructor(facts: Facts) {
    this.#markUs = facts.markUs;
    this.#freeUs = facts.markUs;
  }

  get markUs(): number {
    return this.#markUs;
  }

  /** Whatever the database's clock and setting allow at some moment may be dropped from then on. */
  allow(facts: Facts): void {
    this.#freeUs = Math.max(this.#freeUs, dueMarkUs({ ...facts, newestDayEndUs: facts.nowUs }));
  }

  /** Somebody dropped chunks that end there. */
  allowByHand(us: number): void {
    this.#freeUs = Math.max(this.#freeUs, us);
  }

  /** @returns what is wrong with where the mark is now */
  check({ markUs }: Facts): string[] {
    const faults: string[] = [];
    if (markUs < this.#markUs) faults.push(`the mark went back from ${iso(this.#markUs)} to ${iso(markUs)}`);
    if (markUs % DAY_US !== 0) faults.push(`the mark is no whole day of UTC: ${iso(markUs)}`);
    if (markUs > this.#freeUs)
      faults.push(`the mark is ${iso(markUs)}, and only what is before ${iso(this.#freeUs)} may go`);
    this.#markUs = Math.max(this.#markUs, markUs);
    return faults;
  }

  /** What a backup knows of it. */
  copy(facts: Facts): MarkWatch {
    const copy = new MarkWatch(facts);
    copy.#freeUs = this.#freeUs;
    return copy;
  }
}

export function iso(us: number): string {
  return new Date(us / 1_000).toISOString();
}
