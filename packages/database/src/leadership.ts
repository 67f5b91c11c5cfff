import { randomBytes } from "node:crypto";
import type { Sql, Transaction } from "./sql.js";

/** What one process does at a time: a lock, and a table of one row that says who. */
export interface Office {
  /** Any number: it only has to be the same in every process, of the first version too. */
  readonly lock: number;
  readonly table: "maintenance" | "archive_state";
}

const MAINTENANCE: Office = { lock: 5_064_222, table: "maintenance" };
/** All in milliseconds of a clock that never goes back. */
const TIMING = {
  /** How often a leader says that it is well. */
  renewEveryMs: 3000,
  /** A leader that could not say so for so long does nothing more. */
  trustMs: 12_000,
  /** A leader that has not said so for so long is ended by a follower: later than it has given up by itself. */
  staleAfterMs: 20_000,
};
/** How long a session that is ended may take to go. */
const END_SESSION_MS = 2000;

/** This process is not the leader any more, or cannot know that it is. */
export class LeadershipLostError extends Error {
  override readonly name = "LeadershipLostError";

  constructor() {
    super("another process does this now");
  }
}

/**
 * Makes one of all processes the leader: the one whose session holds an advisory lock, which a dead process loses at once. One
 * that is frozen keeps it. So the leader also has to renew its lease, and a follower that sees no renewal for
 * 20 s by its own monotonic clock ends the leader's session. A leader that wakes up finds by its own clock
 * that its lease has run out, before it sends anything.
 *
 * States: following -> leading ({@link tryLead} was true) -> over ({@link LeadershipLostError}). Make another one then.
 */
export class Leadership {
  private readonly id = randomBytes(8).toString("hex");
  private renewedAtMs = Number.NEGATIVE_INFINITY;
  private timer: NodeJS.Timeout | undefined;
  private seen: { readonly lease: string; readonly sinceMs: number } | undefined;

  /**
   * @param session where the lock is held and all work is done
   * @param side a connection beside it, for renewals during long statements
   */
  constructor(
    private readonly session: Sql,
    private readonly side: Sql,
    private readonly timing = TIMING,
    private readonly office = MAINTENANCE,
  ) {}

  /** @returns whether this process leads from now on */
  async tryLead(): Promise<boolean> {
    if (!(await this.tryLock())) {
      if (!(await this.isStale())) return false;
      await this.endHolder();
      if (!(await this.tryLock())) return false;
    }
    await this.takeOffice();
    this.renewedAtMs = performance.now();
    this.renewLater();
    return true;
  }

  /** @throws LeadershipLostError when the lease may have run out */
  assertHeld(): void {
    if (performance.now() - this.renewedAtMs > this.timing.trustMs) throw new LeadershipLostError();
  }

  /**
   * Runs a transaction that nobody can have taken over from: a follower's first statement waits for it. Its own renewals do not: a
   * transaction that waited for somebody's correction for longer than a lease lasts lost the lease by itself.
   *
   * @throws LeadershipLostError
   */
  async transaction<T>(work: (transaction: Transaction) => Promise<T>): Promise<T> {
    this.assertHeld();
    const result = await this.session.begin(async (transaction) => {
      const held =
        await transaction`select 1 from ${this.session(this.office.table)} where holder = ${this.id} for key share`;
      if (held.length === 0) throw new LeadershipLostError();
      return { value: await work(transaction) };
    });
    return result.value;
  }

  /** The lock goes with the session. */
  end(): void {
    clearTimeout(this.timer);
  }

  private async tryLock(): Promise<boolean> {
    const [row] = await this.session<{ locked: boolean }[]>`select pg_try_advisory_lock(${this.office.lock}) as locked`;
    return row?.locked === true;
  }

  /** Waits for what the last leader's transactions hold, and only they: an update alone goes past them, as a renewal has to. */
  private async takeOffice(): Promise<void> {
    const table = this.session(this.office.table);
    await this.session.begin(async (transaction) => {
      await transaction`select 1 from ${table} for update`;
      await transaction`update ${table} set holder = ${this.id}, renewals = renewals + 1, renewed_at = fx_clock()`;
    });
  }

  private renewLater(): void {
    this.timer = setTimeout(() => void this.renew(), this.timing.renewEveryMs);
    this.timer.unref();
  }

  /** A renewal that fails is tried again until the lease has run out. */
  private async renew(): Promise<void> {
    const askedAtMs = performance.now();
    try {
      const { count } = await this.side`
        update ${this.session(this.office.table)} set renewals = renewals + 1, renewed_at = fx_clock() where holder = ${this.id}`;
      if (count === 0) return;
      this.renewedAtMs = askedAtMs;
    } catch {
      // assertHeld() tells.
    }
    this.renewLater();
  }

  private async isStale(): Promise<boolean> {
    const [row] = await this.session<
      { lease: string }[]
    >`select holder || ' ' || renewals as lease from ${this.session(this.office.table)}`;
    const lease = row?.lease ?? "";
    if (this.seen?.lease !== lease) this.seen = { lease, sinceMs: performance.now() };
    return performance.now() - this.seen.sinceMs > this.timing.staleAfterMs;
  }

  private async endHolder(): Promise<void> {
    this.seen = undefined;
    await this.session`
      select pg_terminate_backend(pid, ${END_SESSION_MS})
        from pg_locks
       where locktype = 'advisory' and granted and classid = 0 and objid = ${this.office.lock} and objsubid = 1
         and database = (select oid from pg_database where datname = current_database())`;
  }
}
