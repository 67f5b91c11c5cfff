import { randomBytes } from "node:crypto";
import type { Look } from "./monitor.js";
import type { Transaction } from "./sql.js";

const LENGTH = 8;

/** A text of a-z and 0-9 that nobody has drawn before. */
function drawn(): string {
  return BigInt(`0x${randomBytes(LENGTH).toString("hex")}`)
    .toString(36)
    .padStart(LENGTH, "0")
    .slice(-LENGTH);
}

/** How far a database's log was seen to be flushed. */
export interface LogPosition {
  /** Of which database, and in which incarnation. */
  readonly of: string;
  readonly bytes: number;
}

/**
 * Remembers how far the log of the database at hand went. One whose log is shorter than that went back: a disk was put back to
 * an earlier moment. No crash does that, for it leaves everything that was flushed.
 */
export class SeenLog {
  #seen: LogPosition | undefined;

  get position(): LogPosition | undefined {
    return this.#seen;
  }

  /** Somebody has seen so much of it. */
  note({ of, bytes }: LogPosition): void {
    this.#seen = { of, bytes: this.#seen?.of === of ? Math.max(this.#seen.bytes, bytes) : bytes };
  }

  wentBack(look: Look): boolean {
    const { flushedBytes } = look.state;
    return this.#seen?.of === logOf(look) && flushedBytes !== null && flushedBytes < this.#seen.bytes;
  }
}

/** Which log a look has seen: positions in two of them cannot be compared. */
export function logOf({ state, settings }: Look): string {
  return `${settings.incarnation} ${state.facts}`;
}

/** Whether a database may not be what its recorded incarnation says: it is a copy, was restored, promoted, or went back. */
export function needsIncarnation(look: Look, seen: SeenLog): boolean {
  const { incarnationFacts } = look.settings;
  return (incarnationFacts !== "" && incarnationFacts !== look.state.facts) || seen.wentBack(look);
}

/**
 * Draws a new incarnation, unless another process has done so since the look. With it is recorded from when on what was told of
 * the one before may not have happened, in microseconds: since somebody last looked after the bars of what is here now.
 */
export function drawIncarnation({ state, settings }: Look): (transaction: Transaction) => Promise<unknown> {
  return (transaction) => transaction`
    with renewed as (
      update settings set value = ${drawn()} where key = 'incarnation' and value = ${settings.incarnation} returning 1
    ), dated as (
      insert into settings (key, value)
      select 'incarnation_from', (extract(epoch from renewed_at) * 1000000)::bigint::text
        from maintenance, renewed
       where renewed_at is not null
          on conflict (key) do update set value = excluded.value
    )
    update settings set value = ${state.facts} where key = 'incarnation_facts' and exists (select 1 from renewed)`;
}

/** Records what a new database's first incarnation belongs to. */
export function recordFacts({ state }: Look): (transaction: Transaction) => Promise<unknown> {
  return (transaction) =>
    transaction`update settings set value = ${state.facts} where key = 'incarnation_facts' and value = ''`;
}
