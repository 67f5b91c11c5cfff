import {
  assertExpected,
  type CommitRules,
  type Database,
  errorCode,
  hearSymbols,
  lateTicks,
  lateWindows,
  lockSymbols,
  noteChangedDays,
  noteLateTicks,
  noteQuoted,
  noteSymbols,
  queueRefresh,
  readCommitRules,
  SQL_STATE,
  type Transaction,
  UNEXPECTED,
  unknownSymbols,
} from "@fx-ohlc/database";
import type { Micros, NewTick, SymbolRange, Tick } from "@fx-ohlc/schemas";
import type { TraceSpan } from "@fx-ohlc/service-kit";
import type { Config } from "../config.js";
import { isOfManyDays, refuseManyNewDays } from "./commit-bounds.js";
import type { CommitLedger, UntoldCommit } from "./commit-ledger.js";
import { type CopyPlan, planCopy } from "./copy-plan.js";
import type { CopyTrust } from "./copy-trust.js";
import { readNewSymbols } from "./new-symbols.js";
import { type Outcome, type Placing, placeTicks } from "./placement.js";
import { quotedOf } from "./request-symbols.js";
import type { EarlierRun } from "./slot-allocator.js";
import { stampRanges, storedAt } from "./stored-ticks.js";
import { runsOf } from "./symbol-runs.js";
import { copyAndCommit } from "./tick-copy.js";
import { insertTicks } from "./tick-insert.js";

/** Some ticks that are stored together or not at all. */
export interface WriteRequest {
  readonly ticks: readonly NewTick[];
  /** Each of theirs, once. */
  readonly symbols: readonly string[];
  /** Those of them that some of its ticks are quotes of. */
  readonly quoted: readonly string[];
  /** The run that the first of them go on with. */
  readonly earlier?: EarlierRun | undefined;
  /** Of the request that they came in; undefined: nobody records it. */
  readonly span?: TraceSpan | undefined;
}

/** What one transaction stored. */
export interface Commit {
  /** One for each request, in their order. */
  readonly outcomes: readonly Outcome[];
  /** Ticks that were not there before, ordered by (symbol, time, seq). */
  readonly created: readonly Tick[];
  /** Of the transaction; messages carry it. */
  readonly xid: string;
  /** For whoever tells of it; undefined when nothing was created. */
  readonly untold: UntoldCommit | undefined;
  /** The database's clock. */
  readonly nowUs: Micros;
  /** Of the database when the transaction began. */
  readonly incarnation: string;
}

/**
 * Writes the ticks of some requests in one transaction, and decides what becomes of each.
 *
 * *Carefully*: the symbols are locked first, and those that are new find their room. What is stored at the ticks' stamps is read in
 * a statement after that, so it holds all that earlier writers committed and nobody can add to it; the slots are then decided in
 * memory and the new ticks inserted. (An `on conflict` clause could not tell a replay from a second tick of the same stamp.)
 *
 * Nearly every tick is new, so many of them are written *by copy* instead: placed as if nothing were stored at their stamps, and
 * handed to COPY, which fails when a place is taken after all. Where it does not, looking first would have placed them just so,
 * for a tick is placed elsewhere only because the place before it is taken. A few stamps are looked up all the same, before the
 * locks: what is sent again is nearly always found by its first tick, before it has cost anything. All that follows, from the locks
 * to the commit, is sent at once and waits for nobody here; the server asserts that what was found is still so.
 */
export class TickWriter {
  /** @param rules fewer ticks than `copyTicksMin` are inserted: a COPY takes a way there and back more */
  constructor(
    private readonly database: Database,
    private readonly ledger: CommitLedger,
    private readonly trust: CopyTrust,
    private readonly rules: Pick<Config, "copyTicksMin" | "symbolsMax" | "registeredSymbolsOnly">,
  ) {}

  /** Whether a request can be written by copy, together with others of which that is true. */
  isTrusted({ symbols }: WriteRequest): boolean {
    return this.trust.trusts(symbols);
  }

  /** @throws whatever PostgreSQL answers; nothing is stored then */
  async commit(requests: readonly WriteRequest[]): Promise<Commit> {
    const plan = this.planCopy(requests);
    try {
      return await this.write(requests, plan);
    } catch (error) {
      const code = errorCode(error);
      if (code === UNEXPECTED) return this.write(requests, undefined);
      if (code !== SQL_STATE.uniqueViolation || plan === undefined) throw error;
      this.trust.noteWasted(plan.created.length);
      return this.write(requests, undefined, "all that is met");
    }
  }

  /** Undefined where they are to be written carefully. */
  private planCopy(requests: readonly WriteRequest[]): CopyPlan | undefined {
    const ticks = requests.reduce((sum, request) => sum + request.ticks.length, 0);
    const isTrusted = ticks >= this.rules.copyTicksMin && requests.every((request) => this.isTrusted(request));
    if (!isTrusted || !this.trust.canRisk(ticks)) return undefined;
    const plan = planCopy(requests);
    return this.isOnTimescale && plan !== undefined && isOfManyDays(plan.created) ? undefined : plan;
  }

  private get isOnTimescale(): boolean {
    return this.database.settings.engine === "timescaledb";
  }

  /** @param doubted which symbols are looked up first from now on: of requests that were sent before, or of each stored tick that is met */
  private write(
    requests: readonly WriteRequest[],
    plan: CopyPlan | undefined,
    doubted: "sent again" | "all that is met" = "sent again",
  ): Promise<Commit> {
    const symbols = symbolsOfAll(requests);
    const { incarnation } = this.database.settings;
    return this.database.sql.begin(async (transaction) => {
      const rules = plan === undefined ? undefined : await this.lookFor(transaction, symbols, plan);
      if (plan !== undefined && rules !== undefined) {
        const untold = await this.copy(transaction, symbols, plan, rules);
        const { outcomes, created } = plan;
        return { outcomes, created, xid: rules.xid, nowUs: rules.nowUs, incarnation, untold };
      }
      const placed = await this.place(transaction, requests, symbols);
      const { outcomes, created, met } = placed.placing;
      this.trust.doubt(doubted === "sent again" ? symbolsSentAgain(requests, placed.placing) : met);
      const facts = { outcomes, created, xid: placed.rules.xid, nowUs: placed.rules.nowUs, incarnation };
      if (created.length === 0) return { ...facts, untold: undefined };
      return { ...facts, untold: await this.store(transaction, created, placed.rules) };
    });
  }

  /** Looks, before the locks, whether a plan can be carried out; undefined when it cannot. */
  private async lookFor(
    transaction: Transaction,
    { all, quoted }: CommitSymbols,
    { created, stamps }: CopyPlan,
  ): Promise<CommitRules | undefined> {
    const [, , rules, found] = await Promise.all([
      noteSymbols(transaction, all),
      noteQuoted(transaction, quoted),
      readCommitRules(transaction),
      storedAt(transaction, stamps),
    ]);
    this.database.assertIdentity(rules.identity);
    // A refusal has to name all that is wrong.
    if (found.length > 0 || created.some(({ timeUs }) => timeUs < rules.horizonUs)) return undefined;
    const areKnown = rules.unheard.length === 0 || (await unknownSymbols(transaction, rules.unheard)).length === 0;
    return areKnown ? rules : undefined;
  }

  private async copy(
    transaction: Transaction,
    { all, quoted }: CommitSymbols,
    { created, stamps, rows }: CopyPlan,
    rules: CommitRules,
  ): Promise<UntoldCommit> {
    const expected = {
      symbols: all,
      quoted: quoted.filter((symbol) => !rules.unquoted.includes(symbol)),
      firstUs: earliestFrom(0, created) ?? 0,
      firstLiveUs: earliestFrom(rules.lateBeforeUs, created),
      free: stamps,
    };
    const [lockedMs, , [untold]] = await Promise.all([
      lockSymbols(transaction, all).then(() => performance.now()),
      assertExpected(transaction, expected),
      this.record(transaction, created, rules),
      // The last one: it commits.
      copyAndCommit(transaction, rows),
    ]);
    this.trust.noteCopied(created.length);
    return this.ledger.recordedBehindLocks(untold, lockedMs);
  }

  /** Decides, behind the locks, where ticks go. */
  private async place(transaction: Transaction, requests: readonly WriteRequest[], { all, quoted }: CommitSymbols) {
    const tickLists = requests.map(({ ticks }) => ticks);
    const earlier = requests.map((request) => request.earlier);
    const [, , rules, stored] = await Promise.all([
      lockSymbols(transaction, all),
      noteQuoted(transaction, quoted),
      readCommitRules(transaction),
      storedAt(transaction, stampRanges(tickLists)),
    ]);
    this.database.assertIdentity(rules.identity);
    const newSymbols = await readNewSymbols(transaction, rules.unheard, this.rules);
    return { rules, placing: placeTicks(tickLists, { stored, horizonUs: rules.horizonUs, newSymbols, earlier }) };
  }

  private async store(transaction: Transaction, created: readonly Tick[], rules: CommitRules): Promise<UntoldCommit> {
    if (this.isOnTimescale) await refuseManyNewDays(transaction, created);
    // First what goes with them: a trigger of the ticks writes down what nobody has.
    const [[untold]] = await Promise.all([this.record(transaction, created, rules), insertTicks(transaction, created)]);
    return untold;
  }

  /** Writes down what goes with ticks, by statements that are sent by this call. */
  private record(
    transaction: Transaction,
    created: readonly Tick[],
    { nowUs, lateBeforeUs, archivedBeforeUs, unheard, unquoted }: CommitRules,
  ): Promise<[UntoldCommit, ...unknown[]]> {
    const ranges = changedRanges(created);
    const { engine } = this.database.settings;
    const quoted = unquoted.length === 0 ? [] : quotedOf(created).filter((symbol) => unquoted.includes(symbol));
    const isNews = new Set([...unheard, ...quoted]);
    const heard = ranges.map(({ symbol }) => symbol).filter((symbol) => isNews.has(symbol));
    return Promise.all([
      this.ledger.record(transaction, ranges),
      noteLateTicks(transaction, engine, engine === "postgres" ? [] : lateTicks(created, nowUs)),
      queueRefresh(transaction, engine, lateWindows(created, lateBeforeUs)),
      noteChangedDays(transaction, engine, created, { nowUs, archivedBeforeUs }),
      heard.length === 0 ? undefined : hearSymbols(transaction, heard, quoted),
    ]);
  }
}

/** The symbols of one transaction. */
interface CommitSymbols {
  readonly all: readonly string[];
  /** Those that some of its ticks are quotes of. */
  readonly quoted: readonly string[];
}

function symbolsOfAll(requests: readonly WriteRequest[]): CommitSymbols {
  return {
    all: [...new Set(requests.flatMap(({ symbols }) => symbols))],
    quoted: [...new Set(requests.flatMap(({ quoted }) => quoted))],
  };
}

/** Of the earliest tick that is not before an instant. */
function earliestFrom(fromUs: Micros, ticks: readonly Tick[]): Micros | undefined {
  let earliestUs: Micros | undefined;
  for (const { timeUs } of ticks) {
    if (timeUs >= fromUs && (earliestUs === undefined || timeUs < earliestUs)) earliestUs = timeUs;
  }
  return earliestUs;
}

/** Those that stored ticks were met of, of requests some tick of which was there already. A tick that shares a stamp is no sign of more. */
function symbolsSentAgain(requests: readonly WriteRequest[], { outcomes, met }: Placing): string[] {
  if (met.length === 0) return [];
  return requests.flatMap(({ ticks, symbols }, index) => {
    const outcome = outcomes[index];
    const isNew = outcome?.ok === true && outcome.created === ticks.length;
    return isNew ? [] : symbols.filter((symbol) => met.includes(symbol));
  });
}

/** The half-open range of each symbol's ticks, which are ordered by symbol and time. */
function changedRanges(ticks: readonly Tick[]): SymbolRange[] {
  return [...runsOf(ticks)].map(({ symbol, first, last }) => ({ symbol, fromUs: first.timeUs, toUs: last.timeUs + 1 }));
}
